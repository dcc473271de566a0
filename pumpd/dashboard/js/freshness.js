// How old a value is and whether a digit of it may be shown. Pure: `now_ms` is an argument.

/** @typedef {import("./types.js").Value} Value */

/** Continuous vitals: up to this age a value counts as live, unless the server says otherwise of it (slow monitors). */
export const LIVE_MS = 5_000;
/** Past this age no digit is shown, unless the server says otherwise of it. */
export const WITHDRAW_MS = 15_000;
/** What stands where a digit may not. */
export const NO_DIGIT = "--";

/**
 * Age of a value on this page's own clock: what it was on receipt plus the time since.
 * @param {Value|null|undefined} value
 * @param {number} now_ms
 * @returns {number|null} null when it was never measured
 */
export function ageMs(value, now_ms) {
  if (!value || value.age_ms === null || value.age_ms === undefined) return null;
  return value.age_ms + Math.max(0, now_ms - (value.received_ms ?? now_ms));
}

/**
 * @param {Value|null|undefined} value
 * @returns {string|null} the number as the server sent it, or null where the quality allows no digit
 */
export function believed(value) {
  if (!value || value.v === null || value.v === undefined) return null;
  if (value.q !== "ok" && value.q !== "questionable") return null;
  return String(value.v);
}

/** @typedef {{text: string, state: "live"|"grey"|"gone", questionable: boolean, age_s: number|null}} Shown */

/**
 * Whether a continuous vital is too old for a digit.
 * @param {Value|null|undefined} value
 * @param {number} now_ms
 */
export function isWithdrawn(value, now_ms) {
  return (ageMs(value, now_ms) ?? Infinity) > (value?.blank_ms ?? WITHDRAW_MS);
}

/**
 * A continuous vital as it may be shown: live to 5 s, grey with its age to 15 s, then no digit (see LIVE_MS).
 * @param {Value|null|undefined} value
 * @param {number} now_ms
 * @param {boolean} blank nothing may be shown (connection lost, page just woken)
 * @returns {Shown}
 */
export function vital(value, now_ms, blank) {
  const age = ageMs(value, now_ms);
  const text = believed(value);
  const age_s = age === null || blank ? null : Math.floor(age / 1000);
  if (blank || text === null || age === null || isWithdrawn(value, now_ms)) {
    return { text: NO_DIGIT, state: "gone", questionable: false, age_s };
  }
  return { text, state: age > (value?.live_ms ?? LIVE_MS) ? "grey" : "live", questionable: value?.q === "questionable", age_s };
}

/**
 * A pump's figure: its quality is the server's (it knows the poll interval), so age alone does not grey it.
 * @param {Value|null|undefined} value
 * @param {boolean} blank
 * @returns {string|null} the figure, or null where none may be shown
 */
export function pumpFigure(value, blank) {
  return blank ? null : believed(value);
}
