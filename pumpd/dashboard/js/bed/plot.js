// One chart by uPlot: its axes, its lines, and what is drawn in: limits, alarms, now.

import uPlot from "../uplot.js";
import { clock } from "../words.js";

/** @typedef {import("./panels.js").Panel} Panel */
/** @typedef {import("./panels.js").Line} Line */
/** @typedef {import("../types.js").Priority} Priority */

/** A level across the chart. @typedef {{value: number, words: string, colour: string, from?: number, dash?: number[]}} Level */
/** A time during which an alarm was there. @typedef {{from: number, to: number, priority: Priority}} Span */
/** levels, spans and now may be changed at any time, then redraw. @typedef {{levels: Level[], spans: Span[], now: number}} Drawn */

/** Room at both sides, the same in every chart, so that they stand exactly above each other. */
export const SIDE = 46;
const FONT = "11px Inter, system-ui, sans-serif";
/** @type {Record<Priority, string>} */
const SPAN_COLOUR = { high: "--high", medium: "--medium", low: "--low" };
/** As on the ward page: a priority never rests on colour alone. @type {Record<Priority, string>} */
const SPAN_SYMBOL = { high: "***", medium: "**", low: "*" };
const SPAN_TALL = { high: 7, medium: 5, low: 3 };
const HALF_DAY_S = 43_200;

/**
 * @param {string} name of the page's palette
 * @returns {string}
 */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/**
 * @param {Panel} panel
 * @param {{width: number, height: number, zone: string|undefined, drawn: Drawn, cursor: (x: number|null) => void}} how
 * @returns {uPlot.Options}
 */
export function options(panel, { width, height, zone, drawn, cursor }) {
  const grid = { stroke: colour("--edge"), width: 1 };
  const ink = { stroke: colour("--label"), font: FONT, grid, ticks: { show: false } };
  return {
    width, height, legend: { show: false }, padding: [10, panel.more ? 0 : SIDE, panel.times ? 0 : 4, 0],
    scales: {
      x: { time: true, auto: false },
      y: { range: (_, low, high) => ends(reaching(panel, drawn), low, high) },
      ...(panel.more ? { y2: { range: (/** @type {uPlot} */ _, /** @type {number} */ low, /** @type {number} */ high) => ends(/** @type {[number, number]} */ (panel.more), low, high) } } : {}),
    },
    axes: [
      { ...ink, scale: "x", size: panel.times ? 26 : 0, space: 70, values: (u, at) => (panel.times ? at.map((x) => time(u, x, zone)) : at.map(() => "")) },
      { ...ink, scale: "y", size: SIDE, space: 24, gap: 6 },
      ...(panel.more ? [{ ...ink, scale: "y2", side: /** @type {1} */ (1), size: SIDE, space: 24, gap: 6, grid: { show: false } }] : []),
    ],
    series: [{}, ...panel.lines.map(line)],
    bands: panel.lines.flatMap((one, i) => (one.band === undefined ? [] : [{ series: /** @type {[number, number]} */ ([i + 1, one.band]), fill: `${colour(one.colour)}38` }])),
    cursor: { sync: { key: "bed", scales: ["x", null] }, drag: { x: false, y: false, setScale: false }, y: false, points: { size: 6 } },
    hooks: {
      drawAxes: [(u) => spans(u, drawn)],
      draw: [(u) => levels(u, drawn)],
      setCursor: [(u) => cursor(u.cursor.left === undefined || u.cursor.left < 0 ? null : u.posToVal(u.cursor.left, "x"))],
    },
  };
}

/**
 * @param {Line} one
 * @returns {uPlot.Series}
 */
function line(one) {
  const ink = colour(one.colour);
  const stepped = one.steps ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
  const invisible = one.hidden || one.points;
  return {
    label: one.words, scale: one.axis ?? "y", stroke: ink, width: invisible ? 0 : (one.width ?? 1.5), spanGaps: false,
    ...(one.dash ? { dash: one.dash } : {}), ...(stepped ? { paths: stepped } : {}),
    points: one.points ? { show: true, size: 8, fill: ink, stroke: ink } : { show: false },
  };
}

/**
 * An axis of doses reaches up to its ceilings and caps; those of vital signs have room for what is usual.
 * @param {Panel} panel
 * @param {Drawn} drawn
 * @returns {[number, number]}
 */
function reaching(panel, drawn) {
  if (panel.signal) return panel.ends;
  return [panel.ends[0], Math.max(panel.ends[1], ...drawn.levels.map((level) => level.value * 1.08))];
}

/**
 * @param {[number, number]} least
 * @param {number|null} low of what is seen
 * @param {number|null} high
 * @returns {[number, number]}
 */
function ends(least, low, high) {
  const room = ((high ?? least[1]) - (low ?? least[0])) * 0.06;
  return [Math.min(least[0], (low ?? least[0]) < least[0] ? (low ?? 0) - room : least[0]), Math.max(least[1], (high ?? 0) > least[1] ? (high ?? 0) + room : least[1])];
}

/**
 * @param {uPlot} u
 * @param {number} x
 * @param {string|undefined} zone
 */
function time(u, x, zone) {
  const iso = new Date(x * 1000).toISOString();
  const wide = (u.scales["x"]?.max ?? 0) - (u.scales["x"]?.min ?? 0) > HALF_DAY_S * 3;
  return wide ? `${day(iso, zone)} ${clock(iso, zone)}` : clock(iso, zone);
}

/**
 * @param {string} iso
 * @param {string|undefined} zone
 */
export function day(iso, zone) {
  return new Intl.DateTimeFormat(document.documentElement.lang === "de" ? "de-DE" : "en-GB", { day: "numeric", month: "short", timeZone: zone }).format(new Date(iso));
}

/**
 * Alarms stand as bars at the top, thicker for a higher priority and with its sign, and shade their time.
 * @param {uPlot} u
 * @param {Drawn} drawn
 */
function spans(u, drawn) {
  const { ctx, bbox } = u;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top - 10 * ratio, bbox.width, bbox.height + 10 * ratio);
  ctx.clip();
  for (const span of drawn.spans) {
    const left = u.valToPos(span.from, "x", true);
    const right = Math.max(left + 2 * ratio, u.valToPos(span.to, "x", true));
    ctx.fillStyle = `${colour(SPAN_COLOUR[span.priority])}30`;
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.fillStyle = colour(`--${span.priority}-edge`);
    ctx.fillRect(left, bbox.top - SPAN_TALL[span.priority] * ratio, right - left, SPAN_TALL[span.priority] * ratio);
    text(ctx, SPAN_SYMBOL[span.priority], left + 2 * ratio, bbox.top + 9 * ratio, `--${span.priority}-edge`, "left");
  }
  ctx.restore();
}

/**
 * @param {uPlot} u
 * @param {Drawn} drawn
 */
function levels(u, drawn) {
  const { ctx, bbox } = u;
  const ratio = uPlot.pxRatio;
  ctx.save();
  for (const level of drawn.levels) {
    const y = u.valToPos(level.value, "y", true);
    if (y < bbox.top - 1 || y > bbox.top + bbox.height + 1) continue;
    const left = level.from === undefined ? bbox.left : Math.max(bbox.left, u.valToPos(level.from, "x", true));
    stroke(ctx, left, y, bbox.left + bbox.width, y, level.colour, level.dash ?? [5, 4]);
    const beside = Math.min(Math.max(y + 4 * ratio, bbox.top + 8 * ratio), bbox.top + bbox.height - ratio);
    text(ctx, level.words, bbox.left + bbox.width + 4 * ratio, beside, level.colour, "left");
  }
  const now = u.valToPos(drawn.now, "x", true);
  if (now > bbox.left && now < bbox.left + bbox.width) stroke(ctx, now, bbox.top, now, bbox.top + bbox.height, "--label", [2, 3]);
  ctx.restore();
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 * @param {string} ink
 * @param {number[]} dash
 */
function stroke(ctx, x0, y0, x1, y1, ink, dash) {
  ctx.beginPath();
  ctx.setLineDash(dash.map((part) => part * uPlot.pxRatio));
  ctx.lineWidth = uPlot.pxRatio;
  ctx.strokeStyle = colour(ink);
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
  ctx.setLineDash([]);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} words
 * @param {number} x
 * @param {number} y
 * @param {string} ink
 * @param {CanvasTextAlign} align
 */
function text(ctx, words, x, y, ink, align) {
  ctx.font = `600 ${11 * uPlot.pxRatio}px Inter, system-ui, sans-serif`;
  ctx.textAlign = align;
  ctx.fillStyle = colour(ink);
  ctx.fillText(words, x, y);
}
