// What was heard since this page came: one row a second, so that lines go on between two answers about the past. A row
// has a number only where the tile shows one that is live; where there is none the line ends.

import { isWithdrawn, pumpFigure, vital } from "../freshness.js";

/** @typedef {import("../types.js").Bed} Bed */

export const SIGNALS = /** @type {const} */ (["rr", "spo2", "etco2", "pulse"]);
const EVERY_MS = 1_000;
const LONGEST_ROWS = 900;

/** x in seconds since 1970, on the server's clock. @typedef {{x: number, values: Record<string, number|null>, doses: Record<string, number|null>}} Row */

/**
 * @param {Bed} bed
 * @param {number} now_ms
 * @param {boolean} blank
 * @returns {Record<string, number|null>}
 */
export function liveValues(bed, now_ms, blank) {
  return Object.fromEntries(SIGNALS.map((signal) => {
    const value = bed.values[signal];
    const shown = vital(value, now_ms, blank);
    return [signal, shown.state === "live" && !isWithdrawn(value, now_ms) ? Number(shown.text) : null];
  }));
}

export class LiveRows {
  constructor() {
    /** @type {Row[]} */
    this.rows = [];
  }

  /** Another patient: nothing of before is theirs. */
  forget() {
    this.rows = [];
  }

  /**
   * @param {Bed} bed
   * @param {number} now_ms of this page
   * @param {number} server_ms
   * @param {boolean} blank
   * @returns {boolean} there is a new row
   */
  take(bed, now_ms, server_ms, blank) {
    const last = this.rows.at(-1);
    if (Number.isNaN(server_ms) || (last && server_ms - last.x * 1000 < EVERY_MS)) return false;
    const doses = Object.fromEntries(bed.pumps.map((pump) => [pump.id, dose(pump, blank)]));
    this.rows.push({ x: server_ms / 1000, values: liveValues(bed, now_ms, blank), doses });
    if (this.rows.length > LONGEST_ROWS) this.rows.splice(0, this.rows.length - LONGEST_ROWS);
    return true;
  }

  /** @param {number} x rows after it */
  after(x) {
    return this.rows.filter((row) => row.x > x);
  }
}

/**
 * @param {import("../types.js").Pump} pump
 * @param {boolean} blank
 * @returns {number|null}
 */
function dose(pump, blank) {
  if (!blank && pump.infusing === false) return 0;
  const shown = pumpFigure(pump.dose_mg_kg_h, blank);
  return shown === null ? null : Number(shown);
}

/**
 * What the running infusion has given until now.
 * @param {Bed} bed
 * @param {number} x
 * @param {boolean} blank
 */
export function given(bed, x, blank) {
  const running = blank ? undefined : bed.course?.infusions.find((one) => one.phase === "running" || one.phase === "paused");
  const amount = running?.delivered_mg;
  return amount ? { x, low: Number(amount.at_least), high: Number(amount.at_most) } : null;
}
