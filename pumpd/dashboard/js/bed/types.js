// What the server says of a bed's past, as this page reads it. Types only.

/** @typedef {(number|null)[]} Column */
/** @typedef {{unit: string, min: Column, mean: Column, max: Column}} Series */

/**
 * Bucket i begins at start + i * step_ms. stay null: it is not settled yet who lies there, ask again.
 * @typedef {{stay: string|null, since: string, start: string, to: string, step_ms: number, series: Record<string, Series>}} Vitals
 */

/** @typedef {{t: string, ml_h: number|null, mg_kg_h: number|null, infusing: boolean|null}} RatePoint */
/** @typedef {{pump: string, drug: string|null, governed: boolean, points: RatePoint[]}} PumpRates */
/** @typedef {{t: string, infusion: number, low_mg: number, high_mg: number}} GivenPoint */
/**
 * @typedef {{t: string, hard_mg_kg_h: number|null, hard_set_by: string, soft_mg_kg_h: number|null,
 *   soft_set_by: string}} CeilingStep
 */

/**
 * @typedef {{stay: string|null, since: string, start: string, to: string, pumps: PumpRates[], given: GivenPoint[],
 *   ceilings: CeilingStep[], caps: {span: string, limit_mg: number, set_by: string}[],
 *   nrs: {t: string, nrs: number, by: string}[], mme: {t: string, low: number, high: number, incomplete: boolean}[]}} Doses
 */

/** @typedef {{t: string, kind: string, text: string, by: string, device: string|null}} Happening */

/**
 * ended: when its condition was over. climbed: to whom it was signalled because nobody acknowledged it.
 * @typedef {{alarm: import("../types.js").Alarm, ended: string|null, reset_by: string|null, reset_reason: string,
 *   climbed: string[]}} PastAlarm
 */

/** @typedef {{stay: string|null, since: string, start: string, to: string, events: Happening[], alarms: PastAlarm[], left_out: number}} Events */

/**
 * Predicted, never measured.
 * @typedef {{unit: string, now: import("../types.js").Concentration|null, why: string,
 *   points: {t: string, on: import("../types.js").Band, stopped: import("../types.js").Band}[]}} Curve
 */

/** @typedef {{signal: string, op: string, limit: number, unit: string}} Term */
/** line: one limit of one signal, which can be drawn as a line. @typedef {{id: string, condition: string, priority: import("../types.js").Priority, text: string, terms: Term[], delay_s: number, line: boolean, source: string}} LimitRule */
/** @typedef {{bed: string, profile: string, rules: LimitRule[]}} Limits */

/** @typedef {{vitals: Vitals|null, doses: Doses|null, events: Events|null, curve: Curve|null, limits: Limits|null}} Past */

export {};
