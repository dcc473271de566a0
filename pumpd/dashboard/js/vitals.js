// The cells of the vital signs. Pure. Digits stand only in `.digits`, only where js/freshness.js says that they may, and
// what stands beside them (ages, the time without breath) is never a value.

import { html, nothing } from "./lit.js";
import { believed, isWithdrawn, vital } from "./freshness.js";
import { t, word } from "./i18n.js";
import { clock, isUnverified, signalsOf } from "./words.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Value} Value */
/** @typedef {import("./app-types.js").Context} Context */

/** @typedef {{signal: string, label: string, name: string, unit: string}} Row */

/** @type {readonly Row[]} */
export const VITALS = [
  { signal: "rr", label: word("RR"), name: word("Respiratory rate"), unit: "/min" },
  { signal: "spo2", label: "SpO2", name: word("Oxygen saturation"), unit: "%" },
  { signal: "etco2", label: word("EtCO2"), name: word("End-tidal carbon dioxide"), unit: "mmHg" },
  { signal: "pulse", label: word("PR"), name: word("Pulse rate"), unit: "/min" },
];
/** In the place of the pulse where no oximeter ever measured one. */
const BY_ECG = { signal: "hr", label: word("HR"), name: word("Heart rate"), unit: "/min" };

export const UNPROVEN = word("The driver of this device is under development: do not rely on what it says");

/** @type {Record<string, string>} */
const WHY_NO_DIGIT = { off: word("sensor off"), invalid: word("not valid"), stale: word("no signal") };
/** @type {Record<string, string>} */
const ORIGIN = { co2: "CO2", impedance: word("impedance"), ecg: word("ECG"), finger: word("finger"), ear: word("ear") };

/**
 * @param {Row} row
 * @param {Bed} bed
 * @returns {Row}
 */
export function measuredRow(row, bed) {
  return row.signal === "pulse" && neverMeasured(bed.values["pulse"]) && !neverMeasured(bed.values["hr"]) ? BY_ECG : row;
}

/** @param {Value|undefined} value */
function neverMeasured(value) {
  return !value || value.t === null;
}

/**
 * @param {Row} row
 * @param {Bed} bed
 * @param {Alarm[]} alarms
 * @param {Context} context
 */
export function vitalCell(row, bed, alarms, context) {
  const value = bed.values[row.signal];
  const shown = vital(value, context.now_ms, context.blank);
  const offending = context.blank ? undefined : alarms.find((alarm) => isAbout(alarm, row.signal));
  const said = note(row.signal, value, shown, bed, context);
  const unproven = !context.blank && isUnverified(bed, value?.source);
  return html`
    <div class="vital ${row.signal} ${shown.state} ${said || shown.questionable || unproven ? "noted" : ""} ${unproven ? "marked" : ""} ${offending ? `offending ${offending.priority}` : ""}"
        data-signal=${row.signal} data-state=${shown.state} title=${source(value)}>
      <dt><abbr title=${t(row.name)}>${t(row.label)}</abbr> <span class="unit">${value?.u || row.unit}</span></dt>
      <dd class="digits">${decimals(shown.text)}</dd>
      <dd class="note">${unproven ? html`<strong class="unproven" title=${t(UNPROVEN)}>${t("UNVERIFIED")}</strong> ` : nothing}${shown.questionable ? html`<span class="questionable" title=${whyDoubtful(value)}>${t("? doubtful")}</span> ` : nothing}${said}</dd>
    </div>
  `;
}

/**
 * Decimals stand smaller, so that every digit has room.
 * @param {string} text
 */
function decimals(text) {
  const [whole = "", rest] = text.split(".");
  if (rest === undefined) return text;
  return html`<span class=${whole.length > 2 ? "long" : ""}>${whole}<small>.${rest}</small></span>`;
}

/** @param {Value|undefined} value */
function whyDoubtful(value) {
  return value?.why === "jump"
    ? t("It changed faster than it can: an alarm waits for at most 10 s")
    : t("The source marks this value as questionable");
}

/** @param {Value|undefined} value */
function source(value) {
  const by = value?.origin ? ORIGIN[value.origin] : undefined;
  return value?.source ? `${value.source}${by ? ` (${t(by)})` : ""}` : "";
}

/**
 * @param {Alarm} alarm
 * @param {string} signal
 */
export function isAbout(alarm, signal) {
  return alarm.state !== "latched" && alarm.state !== "ended" && signalsOf(alarm).includes(signal);
}

/**
 * The small line beside the digits: the age when not live, why there is no digit, the time without breath.
 * @param {string} signal
 * @param {Value|undefined} value
 * @param {import("./freshness.js").Shown} shown
 * @param {Bed} bed
 * @param {Context} context
 */
function note(signal, value, shown, bed, context) {
  if (context.blank) return "";
  const breathless = signal === "rr" ? noBreath(bed, context.now_ms) : "";
  if (breathless) return breathless;
  if (shown.state === "live") return "";
  if (value?.why === "held") return html`<span title=${t("The monitor still displays a value, but sees no breath")}>${t("held")}</span>`;
  const age = shown.age_s === null ? "" : ageWords(shown.age_s);
  if (shown.state === "grey") return age;
  if (value?.q === "stale" && neverMeasured(value)) return t("not measured");
  return `${value ? t(WHY_NO_DIGIT[value.q] ?? "no signal") : t("no source")} ${age}`.trim();
}

/** @param {number} age_s */
function ageWords(age_s) {
  const span = age_s < 100 ? `${age_s}\u00a0s` : `${Math.floor(age_s / 60)}\u00a0min`;
  return age_s < 5_400 ? t("{span} ago", { span }).replace(" ", "\u00a0") : t("long ago");
}

/**
 * @param {Bed} bed
 * @param {number} now_ms
 */
function noBreath(bed, now_ms) {
  const value = bed.values["no_breath_s"];
  const seconds = believed(value);
  if (seconds === null || Number(seconds) <= 0 || isWithdrawn(value, now_ms)) return "";
  return html`<strong class="no-breath"><span>${t("no breath")}</span> <span>${seconds} s</span></strong>`;
}

/**
 * What is measured or assessed now and then, in words: "POSS 2", "NIBP 118/74 mmHg 14:03", "O2".
 * @param {Bed} bed
 * @param {Context} context
 * @returns {string[]}
 */
export function episodic(bed, context) {
  if (context.blank) return [];
  const scores = ["poss", "rass"].map((signal) => {
    const score = believed(bed.values[signal]);
    return score === null ? "" : `${signal.toUpperCase()} ${bed.values[signal]?.text ?? score}`;
  });
  return [...scores, bed.oxygen?.on ? "O2" : "", pressure(bed, context), temperature(bed, context)].filter(Boolean);
}

/**
 * @param {Bed} bed
 * @param {Context} context
 */
function pressure(bed, context) {
  const [high, low] = [believed(bed.values["nibp_sys"]), believed(bed.values["nibp_dia"])];
  const at = clock(bed.values["nibp_sys"]?.t, context.zone);
  return high === null || low === null || !at ? "" : `${t("NIBP")} ${high}/${low} ${at}`;
}

/**
 * @param {Bed} bed
 * @param {Context} context
 */
function temperature(bed, context) {
  const value = bed.values["temp"];
  const [degrees, at] = [believed(value), clock(value?.t, context.zone)];
  return degrees === null || !at ? "" : `${degrees} ${value?.u || "°C"} ${at}`;
}
