// All charts of the page: made where their places are, given their columns, kept at the same time and width.

import uPlot from "../uplot.js";
import { curveColumns, givenColumns, painColumns, placeAt, rateColumns, vitalColumns } from "./columns.js";
import { PANELS, readout, withPumps } from "./panels.js";
import { options } from "./plot.js";

/** @typedef {import("./panels.js").Panel} Panel */
/** @typedef {import("./columns.js").Columns} Columns */
/** @typedef {import("./plot.js").Drawn} Drawn */
/** @typedef {import("./types.js").Past} Past */
/** @typedef {import("../types.js").Bed} Bed */

const TALL = 118;
const TALLER = 140;
const LITTLE = 96;
/** A value is read as that of a moment so long after it. */
const SURE_S = 8;
/** From this width on css/bed.css sets two side by side. */
const BESIDE_PX = 1800;
/** How much of what is to come is shown, as a part of the span. */
const AHEAD = 0.08;

/**
 * now: in seconds on the server's clock. hours null: the whole stay. drawn: what is drawn into each chart.
 * @typedef {{bed: Bed, past: Past, rows: import("./live.js").Row[], now: number, hours: number|null, zone: string|undefined,
 *   look: string, given: {x: number, low: number, high: number}|null, drawn: (panel: Panel) => {levels: Drawn["levels"], spans: Drawn["spans"]}}} Shown
 */

export class Charts {
  /** @param {(x: number|null) => void} cursor where the pointer is, in seconds */
  constructor(cursor) {
    this.cursor = cursor;
    /** Of the buckets, in seconds. */
    this.step = 0;
    /** @type {Map<string, {panel: Panel, plot: uPlot, host: Element, columns: Columns, drawn: Drawn, look: string}>} */
    this.plots = new Map();
  }

  /**
   * @param {Element} root where the places are
   * @param {Shown} shown
   */
  draw(root, shown) {
    const began = performance.now();
    const range = span(shown);
    this.step = (shown.past.vitals?.step_ms ?? 0) / 1000;
    const pumps = pumpsOf(shown);
    for (const kind of PANELS) {
      const host = root.querySelector(`[data-panel="${kind.id}"] .plot`);
      if (host) this.drawOne(placed(withPumps(kind, pumps)), host, shown, range, pumps);
    }
    queueMicrotask(() => performance.measure("bed charts", { start: began }));
  }

  /**
   * @param {Panel} panel
   * @param {Element} host
   * @param {Shown} shown
   * @param {{min: number, max: number}} range
   * @param {string[]} pumps
   */
  drawOne(panel, host, shown, range, pumps) {
    const columns = columnsOf(panel, shown, pumps);
    const kept = this.place(panel, host, shown, columns);
    Object.assign(kept.drawn, shown.drawn(panel), { now: shown.now });
    kept.columns = columns;
    kept.plot.batch(() => {
      kept.plot.setData(/** @type {uPlot.AlignedData} */ (columns), false);
      kept.plot.setScale("x", range);
    });
  }

  /**
   * The chart of this panel, made anew where its place, its lines or the page's look are other ones.
   * @param {Panel} panel
   * @param {Element} host
   * @param {Shown} shown
   * @param {Columns} columns
   */
  place(panel, host, shown, columns) {
    const old = this.plots.get(panel.id);
    const width = Math.floor(host.clientWidth);
    const look = `${panel.times} ${shown.look} ${shown.zone} ${panel.lines.map((line) => line.words).join()}`;
    if (old && old.host === host && old.look === look) {
      if (old.plot.width !== width && width > 0) old.plot.setSize({ width, height: old.plot.height });
      return old;
    }
    old?.plot.destroy();
    /** @type {Drawn} */
    const drawn = { levels: [], spans: [], now: shown.now };
    const height = (innerHeight < 900 && innerWidth > 760 ? LITTLE : panel.tall ? TALLER : TALL) + (panel.times ? 22 : 0);
    const made = options(panel, { width: Math.max(width, 120), height, zone: shown.zone, drawn, cursor: this.cursor });
    const plot = new uPlot(made, /** @type {uPlot.AlignedData} */ (columns), /** @type {HTMLElement} */ (host));
    const kept = { panel, plot, host, columns, drawn, look };
    this.plots.set(panel.id, kept);
    return kept;
  }

  /** Nothing is drawn any more: another patient. */
  clear() {
    for (const { plot } of this.plots.values()) plot.destroy();
    this.plots.clear();
  }

  /**
   * What the panel says where the pointer is: nothing where nothing was measured then, and nothing of what is to come.
   * @param {string} id
   * @param {number} x
   */
  readout(id, x) {
    const kept = this.plots.get(id);
    if (!kept) return "";
    const times = kept.columns[0];
    const place = placeAt(times, x);
    const age = x - (times[place] ?? NaN);
    const known = age <= this.step + SURE_S || (!kept.panel.signal && place < times.length - 1);
    if (!known) return "";
    const text = readout(kept.panel, kept.columns, place);
    return text ? `${text} ${kept.panel.unit}` : "";
  }
}

/**
 * Where two stand side by side, each has its own times.
 * @param {Panel} panel
 * @returns {Panel}
 */
const placed = (panel) => (innerWidth >= BESIDE_PX ? { ...panel, times: true } : panel);

/**
 * What the charts span, in seconds.
 * @param {Shown} shown
 * @returns {{min: number, max: number}}
 */
export function span(shown) {
  const since = shown.past.vitals ? Date.parse(shown.past.vitals.since) / 1000 : NaN;
  const long = shown.hours === null ? Math.max(900, shown.now - (Number.isNaN(since) ? shown.now : since)) : shown.hours * 3600;
  return { min: shown.now - long, max: shown.now + long * AHEAD };
}

/** @param {Shown} shown */
function pumpsOf(shown) {
  const governed = (shown.past.doses?.pumps ?? []).filter((pump) => pump.governed).map((pump) => pump.pump);
  return governed.length ? governed : shown.bed.pumps.filter((pump) => pump.ceiling).map((pump) => pump.id);
}

/**
 * @param {Panel} panel
 * @param {Shown} shown
 * @param {string[]} pumps
 * @returns {Columns}
 */
function columnsOf(panel, shown, pumps) {
  const { past, rows } = shown;
  const since = (/** @type {{to: string}|null} */ one) => rows.filter((row) => row.x > (one ? Date.parse(one.to) / 1000 : 0));
  if (panel.signal) return vitalColumns(past.vitals, panel.signal, since(past.vitals));
  if (panel.id === "rate") return rateColumns(past.doses, pumps, since(past.doses));
  if (panel.id === "given") return givenColumns(past.doses, shown.given);
  return panel.id === "curve" ? curveColumns(past.curve) : painColumns(past.doses);
}
