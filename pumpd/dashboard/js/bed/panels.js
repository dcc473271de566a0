// The charts of a bed: what each one shows, in which colour, between which ends at least. Tables and pure functions.

import { t, word } from "../i18n.js";

/** @typedef {import("./columns.js").Columns} Columns */

/**
 * colour: of the page's palette. dash: of the line. steps: the value holds until the next one. axis: "y", or "y2" at the
 * right. band: fills between this line and the one of that number. points: marks instead of a line.
 * @typedef {{words: string, colour: string, width?: number, dash?: number[], steps?: boolean, axis?: "y"|"y2", band?: number,
 *   points?: boolean, hidden?: boolean}} Line
 */

/**
 * ends: between which numbers the axis goes at least. signal: whose limits and alarms are drawn in. times: the clock
 * stands below it. more: a second axis at the right.
 * @typedef {{id: string, title: string, unit: string, ends: [number, number], signal?: string, times?: boolean,
 *   lines: readonly Line[], more?: [number, number], tall?: boolean, note?: string}} Panel
 */

/**
 * @param {string} id
 * @param {string} title
 * @param {string} unit
 * @param {[number, number]} ends
 * @param {boolean} [times]
 * @returns {Panel}
 */
const vital = (id, title, unit, ends, times = false) => ({
  id, title, unit, ends, signal: id, times,
  lines: [{ words: word("mean"), colour: `--${id}`, width: 1.6 }, { words: word("lowest"), colour: `--${id}`, hidden: true }, { words: word("highest"), colour: `--${id}`, hidden: true, band: 2 }],
});

/** @type {readonly Panel[]} */
export const PANELS = [
  vital("rr", "RR", "/min", [0, 30]),
  vital("spo2", "SpO2", "%", [84, 100]),
  vital("etco2", "EtCO2", "mmHg", [0, 60]),
  vital("pulse", "PR", "/min", [40, 120], true),
  { id: "rate", title: word("Dose rate"), unit: "mg/kg/h", ends: [0, 0.2], lines: [] },
  {
    id: "given", title: word("Given in this infusion"), unit: "mg", ends: [0, 1], times: true,
    lines: [{ words: word("at least"), colour: "--dose", width: 1.2 }, { words: word("at most"), colour: "--dose", width: 1.2, band: 1 }],
  },
  {
    id: "curve", title: word("Predicted concentration"), unit: "ng/mL", ends: [0, 50], note: word("PREDICTED by models, never measured"), tall: true,
    lines: [
      { words: word("lowest model"), colour: "--link", width: 1 }, { words: word("highest model"), colour: "--link", width: 1, band: 1 },
      { words: word("lowest, stopped now"), colour: "--label", width: 1, dash: [4, 4] }, { words: word("highest, stopped now"), colour: "--label", width: 1, dash: [4, 4] },
    ],
  },
  {
    id: "pain", title: word("Pain and opioids"), unit: "NRS", ends: [0, 10], more: [0, 80], times: true,
    lines: [
      { words: "NRS", colour: "--text", points: true },
      { words: word("MME/24 h, at least"), colour: "--medium-edge", width: 1.4, steps: true, axis: "y2" },
      { words: word("MME/24 h, at most"), colour: "--medium-edge", width: 1.4, steps: true, dash: [4, 4], axis: "y2" },
    ],
  },
];

/** Lines of the dose rate are the bed's pumps. @type {readonly string[]} */
const PUMP_COLOURS = ["--dose", "--link", "--good"];

/**
 * The panel with its lines, which for the dose rate are the pumps.
 * @param {Panel} panel
 * @param {string[]} pumps
 * @returns {Panel}
 */
export function withPumps(panel, pumps) {
  if (panel.id !== "rate") return panel;
  return { ...panel, lines: pumps.map((pump, i) => ({ words: pump, colour: PUMP_COLOURS[i % PUMP_COLOURS.length] ?? "--dose", width: 1.6, steps: true })) };
}

/**
 * What a panel says at one moment, in words: "14 (12 to 16)".
 * @param {Panel} panel
 * @param {Columns} columns
 * @param {number} place -1: nothing
 * @returns {string} "" where there is nothing
 */
export function readout(panel, columns, place) {
  const at = (/** @type {number} */ line) => (place < 0 ? null : (columns[line]?.[place] ?? null));
  const first = at(1);
  if (panel.signal) {
    if (first === null) return "";
    const [low, high] = [at(2), at(3)];
    return low === high || low === null || high === null ? num(first) : t("{mean} ({low} to {high})", { mean: num(first), low: num(low), high: num(high) });
  }
  if (panel.id === "rate") return panel.lines.map((line, i) => [line, at(i + 1)]).filter(([, value]) => value !== null)
    .map(([line, value]) => `${panel.lines.length > 1 ? `${/** @type {Line} */ (line).words} ` : ""}${num(/** @type {number} */ (value))}`).join(", ");
  if (panel.id === "pain") return "";
  const high = at(2);
  return first === null || high === null ? "" : first === high ? num(first) : t("{low} to {high}", { low: num(first), high: num(high) });
}

/** @param {number} value */
function num(value) {
  return String(Math.round(value * 1000) / 1000);
}
