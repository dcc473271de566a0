// The curve of CO2 as a sweep: samples at their own time, an empty bar ahead of the newest. It ends when samples stop.

import { colour } from "./plot.js";

/** @typedef {import("../types.js").Wave} Wave */

const SWEEP_MS = 10_000;
const ERASED_MS = 600;
const GONE_MS = 2_000;
/** Drawn so much later than measured, so that pieces which come five times a second run on evenly. */
const BEHIND_MS = 400;
const LEFT = 34;
const LEVELS = [0, 20, 40, 60, 80];
const USUAL_TOP = 50;
/** What is a curve and no fault: further apart no line joins two samples. */
const APART = 1.8;

/** joins: a line comes to it from the sample before. @typedef {{at_ms: number, value: number|null, joins: boolean, period_ms: number}} Sample */

export class Sweep {
  constructor() {
    /** At times of the server's clock. @type {Sample[]} */
    this.samples = [];
    this.heard_ms = -Infinity;
    this.device = "";
  }

  forget() {
    this.samples = [];
    this.heard_ms = -Infinity;
  }

  /**
   * @param {Wave} wave
   * @param {number} now_ms of this page
   */
  take(wave, now_ms) {
    if (this.device && wave.device !== this.device && this.isLive(now_ms)) return;
    this.device = wave.device;
    this.heard_ms = now_ms;
    const start = Date.parse(wave.start);
    wave.samples.forEach((value, i) => {
      this.samples.push({ at_ms: start + i * wave.period_ms, value, joins: !(wave.gap && i === 0), period_ms: wave.period_ms });
    });
    const oldest = start - SWEEP_MS - 2_000;
    const first = this.samples.findIndex((sample) => sample.at_ms >= oldest);
    if (first > 0) this.samples.splice(0, first);
  }

  /** @param {number} now_ms of this page */
  isLive(now_ms) {
    return now_ms - this.heard_ms <= GONE_MS;
  }

  /** The top of the scale: what is seen, in steps of ten. */
  top() {
    const highest = this.samples.reduce((most, sample) => Math.max(most, sample.value ?? 0), 0);
    return Math.max(USUAL_TOP, Math.ceil((highest + 4) / 10) * 10);
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} server_ms now on the server's clock
   * @param {boolean} live false: nothing but the scale
   */
  draw(canvas, server_ms, live) {
    const ratio = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const ctx = canvas.getContext("2d");
    if (!ctx) return;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    const top = this.top();
    const y = (/** @type {number} */ mmhg) => height - 8 - (mmhg / top) * (height - 16);
    scale(ctx, width, top, y);
    if (live) this.curve(ctx, width, server_ms - BEHIND_MS, y);
  }

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {number} width
   * @param {number} head_ms the newest that is drawn
   * @param {(mmhg: number) => number} y
   */
  curve(ctx, width, head_ms, y) {
    const x = (/** @type {number} */ at_ms) => LEFT + ((((at_ms % SWEEP_MS) + SWEEP_MS) % SWEEP_MS) / SWEEP_MS) * (width - LEFT);
    ctx.strokeStyle = colour("--etco2");
    ctx.lineWidth = 1.8;
    ctx.lineJoin = "round";
    ctx.beginPath();
    /** @type {Sample|null} */
    let last = null;
    for (const sample of this.samples) {
      if (sample.at_ms > head_ms || sample.at_ms < head_ms - SWEEP_MS + ERASED_MS) continue;
      const px = x(sample.at_ms);
      if (sample.value !== null) {
        const near = last && last.value !== null && sample.joins && sample.at_ms - last.at_ms <= sample.period_ms * APART && px >= x(last.at_ms);
        if (near) ctx.lineTo(px, y(sample.value));
        else ctx.moveTo(px, y(sample.value));
      }
      last = sample;
    }
    ctx.stroke();
  }
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} width
 * @param {number} top
 * @param {(mmhg: number) => number} y
 */
function scale(ctx, width, top, y) {
  ctx.font = "11px Inter, system-ui, sans-serif";
  ctx.textAlign = "right";
  ctx.fillStyle = colour("--label");
  ctx.strokeStyle = colour("--edge");
  ctx.lineWidth = 1;
  for (const level of LEVELS.filter((one) => one <= top)) {
    ctx.fillText(String(level), LEFT - 6, y(level) + 4);
    ctx.beginPath();
    ctx.moveTo(LEFT, y(level));
    ctx.lineTo(width, y(level));
    ctx.stroke();
  }
}
