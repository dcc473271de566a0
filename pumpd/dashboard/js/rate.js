// A rate while it is typed: what it is in the other unit, and which of the bed's limits it would pass. Pure.
//
// Exact, as the server counts: whole micro-units in big integers, rounded down once to whole microlitres an hour.
// It only tells beforehand. The server judges every request by itself, and its refusal is what counts.

/** @typedef {import("./types.js").Pump} Pump */

/** Units that may be typed, as the server names them. */
export const UNITS = /** @type {const} */ (["mg/kg/h", "mL/h", "mg/h", "mcg/kg/min"]);
/** @typedef {typeof UNITS[number]} Unit */

/** A fraction. @typedef {{n: bigint, d: bigint}} Exact */

/** What the dose is computed with; null where the server knows none. @typedef {{conc_ug_ml: bigint|null, weight_g: bigint|null}} Basis */

/** One of the unit in mcg/h, or µL/h for a volume. @type {Record<Unit, {one: bigint, volume?: true, perKg?: true}>} */
const MEANING = {
  "mg/kg/h": { one: 1000n, perKg: true },
  "mL/h": { one: 1000n, volume: true },
  "mg/h": { one: 1000n },
  "mcg/kg/min": { one: 60n, perKg: true },
};

/**
 * A plain decimal number: 0.5, not .5 nor 0,5 nor 5e-1. null: none.
 * @param {string} text
 * @returns {Exact|null}
 */
export function exactOf(text) {
  const found = /^([0-9]+)(?:[.]([0-9]+))?$/.exec(text.trim());
  if (!found) return null;
  const decimals = found[2] ?? "";
  return { n: BigInt(`${found[1]}${decimals}`), d: 10n ** BigInt(decimals.length) };
}

/**
 * A number of the server in whole thousandths.
 * @param {number|string|null|undefined} value
 * @returns {bigint|null}
 */
function thousandths(value) {
  const exact = value === null || value === undefined ? null : exactOf(String(value));
  return exact && (exact.n * 1000n) % exact.d === 0n ? (exact.n * 1000n) / exact.d : null;
}

/**
 * @param {Pump} pump
 * @param {number|string|null|undefined} weight_kg
 * @returns {Basis}
 */
export function basisOf(pump, weight_kg) {
  const positive = (/** @type {bigint|null} */ value) => (value !== null && value > 0n ? value : null);
  return { conc_ug_ml: positive(thousandths(pump.concentration_mg_ml)), weight_g: positive(thousandths(weight_kg)) };
}

/**
 * What is missing to turn this unit into the pump's mL/h, or to show a dose at all.
 * @param {Unit} unit
 * @param {Basis} basis
 * @returns {("concentration"|"weight")[]}
 */
export function missing(unit, { conc_ug_ml, weight_g }) {
  const meaning = MEANING[unit];
  return [
    ...(!meaning.volume && conc_ug_ml === null ? /** @type {const} */ (["concentration"]) : []),
    ...(meaning.perKg && weight_g === null ? /** @type {const} */ (["weight"]) : []),
  ];
}

/**
 * One of the unit in microlitres an hour.
 * @param {Unit} unit
 * @param {Basis} basis
 * @returns {Exact|null}
 */
function one(unit, basis) {
  const meaning = MEANING[unit];
  if (missing(unit, basis).length) return null;
  if (meaning.volume) return { n: meaning.one, d: 1n };
  const kilograms = meaning.perKg ? { n: basis.weight_g ?? 0n, d: 1000n } : { n: 1n, d: 1n };
  return { n: meaning.one * kilograms.n * 1000n, d: kilograms.d * (basis.conc_ug_ml ?? 1n) };
}

/**
 * @param {string} text
 * @param {Unit} unit
 * @param {Basis} basis
 * @returns {Exact|null} microlitres an hour, not rounded
 */
export function exactUlH(text, unit, basis) {
  const [number, per] = [exactOf(text), one(unit, basis)];
  return number && per ? { n: number.n * per.n, d: number.d * per.d } : null;
}

/** @param {Exact} value */
export const floor = (value) => value.n / value.d;

/**
 * The same rate in another unit; null where it cannot be computed.
 * @param {bigint} ul_h
 * @param {Unit} unit
 * @param {Basis} basis
 * @returns {Exact|null}
 */
export function inUnit(ul_h, unit, basis) {
  const per = one(unit, basis);
  return per && per.n > 0n ? { n: ul_h * per.d, d: per.n } : null;
}

/**
 * "0.1", "16.67": exact where four decimals hold it, else four significant digits; no trailing zero, comma from 1,000.
 * @param {Exact} value
 */
export function plain(value) {
  let places = 4;
  if ((value.n * 10_000n) % value.d !== 0n) {
    const whole = floor(value);
    if (whole > 0n) places = Math.max(0, 4 - String(whole).length);
    else for (let shifted = value.n * 10n; shifted < value.d; shifted *= 10n) places += 1;
  }
  const scale = 10n ** BigInt(places);
  const rounded = (2n * value.n * scale + value.d) / (2n * value.d);
  const whole = (rounded / scale).toString().replace(/(?<=\d)(?=(\d{3})+$)/g, ",");
  const decimals = places ? (rounded % scale).toString().padStart(places, "0").replace(/0+$/, "") : "";
  return decimals ? `${whole}.${decimals}` : whole;
}

/**
 * Is the rate above so many mg/kg/h? null: it cannot be told.
 * @param {Exact} ul_h
 * @param {number|string|null|undefined} limit_mg_kg_h
 * @param {Basis} basis
 */
function above(ul_h, limit_mg_kg_h, { conc_ug_ml, weight_g }) {
  const limit_ug_kg_h = thousandths(limit_mg_kg_h);
  if (limit_ug_kg_h === null || conc_ug_ml === null || weight_g === null) return null;
  return ul_h.n * conc_ug_ml > limit_ug_kg_h * weight_g * ul_h.d;
}

/**
 * none: nothing was typed that is a rate. unknown: no ceiling can be checked.
 * @typedef {{verdict: "none"|"missing"|"zero"|"unknown"|"ok"|"soft"|"hard", missing: ("concentration"|"weight")[],
 *   volume: string|null, dose: string|null}} Checked
 */

/**
 * What may be said of a rate while it is typed.
 * @param {string} text
 * @param {Unit} unit
 * @param {Pump} pump
 * @param {number|string|null|undefined} weight_kg
 * @returns {Checked}
 */
export function checked(text, unit, pump, weight_kg) {
  const basis = basisOf(pump, weight_kg);
  const lacking = missing(unit, basis);
  const rate = exactUlH(text, unit, basis);
  if (!exactOf(text)) return { verdict: "none", missing: [], volume: null, dose: null };
  if (!rate) return { verdict: "missing", missing: lacking, volume: null, dose: null };
  const dose = inUnit(floor(rate), "mg/kg/h", basis);
  const volume = `${plain({ n: floor(rate), d: 1000n })} mL/h`;
  const said = { missing: missing("mg/kg/h", basis), volume, dose: dose ? `${plain(dose)} mg/kg/h` : null };
  if (floor(rate) === 0n) return { ...said, verdict: "zero" };
  const hard = above(rate, pump.ceiling?.hard_mg_kg_h, basis);
  if (hard) return { ...said, verdict: "hard" };
  if (hard === null) return { ...said, verdict: "unknown" };
  return { ...said, verdict: above(rate, pump.ceiling?.soft_mg_kg_h, basis) && !pump.override ? "soft" : "ok" };
}
