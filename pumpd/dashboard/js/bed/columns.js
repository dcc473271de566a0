// From the past and what was heard since to the columns of a chart. Pure. A null is a hole, and no line crosses it.

/** @typedef {import("./types.js").Vitals} Vitals */
/** @typedef {import("./types.js").Doses} Doses */
/** @typedef {import("./types.js").Curve} Curve */
/** @typedef {import("./live.js").Row} Row */
/** @typedef {(number|null)[]} Column */
/** First the times, in seconds since 1970. @typedef {[number[], ...Column[]]} Columns */

/** Rows of this page may be so much further apart than a second before something was not measured. */
const HOLE_S = 8;

/** @param {string} iso */
export const seconds = (iso) => Date.parse(iso) / 1000;

/**
 * mean, lowest and highest of one signal.
 * @param {Vitals|null} vitals
 * @param {string} signal
 * @param {Row[]} rows newer than the past
 * @returns {Columns}
 */
export function vitalColumns(vitals, signal, rows) {
  const series = vitals?.series[signal];
  /** @type {[number[], Column, Column, Column]} */
  const found = [[], [], [], []];
  if (vitals && series) {
    const start = seconds(vitals.start);
    const step = vitals.step_ms / 1000;
    const to = seconds(vitals.to);
    found[0] = series.mean.map((_, i) => Math.min(start + (i + 0.5) * step, to));
    found[1] = series.mean.slice();
    found[2] = series.min.slice();
    found[3] = series.max.slice();
  }
  for (const row of rows) {
    const last = found[0].at(-1);
    if (last !== undefined && row.x - last > HOLE_S + (vitals?.step_ms ?? 0) / 1000) add(found, last + 0.5, null);
    add(found, row.x, row.values[signal] ?? null);
  }
  return found;
}

/**
 * @param {[number[], Column, Column, Column]} columns
 * @param {number} x
 * @param {number|null} value
 */
function add(columns, x, value) {
  columns[0].push(x);
  for (const place of [1, 2, 3]) /** @type {Column} */ (columns[place]).push(value);
}

/**
 * A column for each pump, as steps; the last is what is known now.
 * @param {Doses|null} doses
 * @param {string[]} pumps
 * @param {Row[]} rows
 * @returns {Columns}
 */
export function rateColumns(doses, pumps, rows) {
  /** @type {Map<number, Map<string, number|null>>} */
  const changes = new Map();
  const change = (/** @type {number} */ x, /** @type {string} */ pump, /** @type {number|null} */ value) => {
    if (!changes.has(x)) changes.set(x, new Map());
    changes.get(x)?.set(pump, value);
  };
  for (const one of doses?.pumps ?? []) for (const point of one.points) change(seconds(point.t), one.pump, point.mg_kg_h);
  for (const row of rows) for (const pump of pumps) change(row.x, pump, row.doses[pump] ?? null);
  const times = [...changes.keys()].sort((a, b) => a - b);
  /** @type {Map<string, number|null>} */
  const present = new Map();
  const columns = pumps.map(() => /** @type {Column} */ ([]));
  for (const x of times) {
    for (const [pump, value] of changes.get(x) ?? []) present.set(pump, value);
    pumps.forEach((pump, i) => /** @type {Column} */ (columns[i]).push(present.get(pump) ?? null));
  }
  return [times, ...columns];
}

/**
 * What was given in each infusion: at least, at most. Between two infusions there is a hole.
 * @param {Doses|null} doses
 * @param {{x: number, low: number, high: number}|null} now of the infusion that runs
 * @returns {Columns}
 */
export function givenColumns(doses, now) {
  /** @type {[number[], Column, Column]} */
  const found = [[], [], []];
  let infusion = 0;
  for (const point of doses?.given ?? []) {
    const x = seconds(point.t);
    if (infusion && point.infusion !== infusion) push3(found, x - 0.5, null, null);
    infusion = point.infusion;
    push3(found, x, point.low_mg, point.high_mg);
  }
  if (now && now.x > (found[0].at(-1) ?? 0)) push3(found, now.x, now.low, now.high);
  return found;
}

/**
 * @param {[number[], Column, Column]} columns
 * @param {number} x
 * @param {number|null} low
 * @param {number|null} high
 */
function push3(columns, x, low, high) {
  columns[0].push(x);
  columns[1].push(low);
  columns[2].push(high);
}

/**
 * The predicted band if the rates go on, and if everything stops now.
 * @param {Curve|null} curve
 * @returns {Columns}
 */
export function curveColumns(curve) {
  const points = curve?.now ? curve.points : [];
  return [
    points.map((point) => seconds(point.t)), points.map((point) => point.on.low), points.map((point) => point.on.high),
    points.map((point) => point.stopped.low), points.map((point) => point.stopped.high),
  ];
}

/**
 * Pain scores, and MME a day (at least, at most), which hold until the next one.
 * @param {Doses|null} doses
 * @returns {Columns}
 */
export function painColumns(doses) {
  /** @type {Map<number, [number|null, number|null, number|null]>} */
  const rows = new Map();
  for (const point of doses?.mme ?? []) rows.set(seconds(point.t), [null, point.low, point.high]);
  for (const point of doses?.nrs ?? []) {
    const x = seconds(point.t);
    const [, low, high] = rows.get(x) ?? [null, null, null];
    rows.set(x, [point.nrs, low, high]);
  }
  const times = [...rows.keys()].sort((a, b) => a - b);
  const sum = (/** @type {1|2} */ place) => {
    /** @type {number|null} */
    let holds = null;
    return times.map((x) => { holds = rows.get(x)?.[place] ?? holds; return holds; });
  };
  return [times, times.map((x) => rows.get(x)?.[0] ?? null), sum(1), sum(2)];
}

/**
 * The place of the last row that is not after x; -1: all are.
 * @param {number[]} times
 * @param {number} x
 */
export function placeAt(times, x) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {number} */ (times[middle]) <= x) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
