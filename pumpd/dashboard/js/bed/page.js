// The page of a bed: the live connection, the past, and what is drawn of both. Digits and lines end with every doubt.

import { html, render } from "../lit.js";
import { ActDesk } from "../act-desk.js";
import { LiveConnection } from "../connection.js";
import { banners } from "../frame.js";
import { t } from "../i18n.js";
import { isOver, mustBeNoticed, overView, stayWhile } from "../leave.js";
import { Settings } from "../settings.js";
import { SoundDesk } from "../sound-desk.js";
import { applyAlarm, applyDelta, fromSnapshot } from "../store.js";
import { alarmText, sorted } from "../words.js";
import { Charts, span } from "./charts.js";
import { bedHead } from "./head.js";
import { given, LiveRows } from "./live.js";
import { allAlarms, levelsOf, spansOf } from "./marks.js";
import { PastOfBed } from "./past.js";
import { Sweep } from "./sweep.js";
import { bedView } from "./view.js";

/** @typedef {import("../types.js").Bed} Bed */
/** @typedef {import("../store.js").Ward} Ward */
/** @typedef {import("../app-types.js").Context} Context */
/** @typedef {import("../frame.js").LinkWord} LinkWord */

const [TICK_MS, SLEPT_MS] = [250, 5_000];
/** The charts go on with the second; of long spans a second is no pixel. */
const [CHART_MS, LONG_CHART_MS] = [1_000, 5_000];

export class BedPage {
  /** @param {string} bedId */
  constructor(bedId) {
    this.bedId = bedId;
    this.settings = new Settings();
    this.desk = new ActDesk(this.settings, () => this.ward, () => this.schedule());
    /** @type {Ward|null} */
    this.ward = null;
    this.waking = true;
    /** @type {"connecting"|"open"|"waiting"} */
    this.link = "connecting";
    this.build = "";
    this.announcement = "";
    this.scheduled = false;
    this.ticked_ms = performance.now();
    this.wall_ms = Date.now();
    this.hidden_ms = Date.now();
    this.past = new PastOfBed(bedId, () => this.changed());
    this.rows = new LiveRows();
    this.charts = new Charts((x) => this.pointed(x));
    this.sweep = new Sweep();
    this.hasWave = false;
    /** @type {number|null} */
    this.cursor = null;
    /** @type {import("./alarm-table.js").Which} */
    this.which = "all";
    this.search = "";
    this.charted_ms = -Infinity;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.connection = new LiveConnection(`${scheme}//${location.host}/ws/v1/live`, this.listener());
    if (bedId) this.connection.subs = ["ward:*", `wave:${bedId}`];
    this.sound = new SoundDesk(this.desk.dialog, () => this.schedule(), (state) => this.connection.tellSound(state));
  }

  start() {
    document.addEventListener("visibilitychange", () => this.visibility());
    addEventListener("resize", () => this.changed());
    setInterval(() => this.tick(), TICK_MS);
    stayWhile(() => mustBeNoticed(this.ward, this.desk));
    this.connection.open();
    this.schedule();
    requestAnimationFrame(() => this.sweepOn());
  }

  /** @returns {import("../connection.js").Listener} */
  listener() {
    return {
      snapshot: (message, now_ms) => { this.ward = fromSnapshot(message, now_ms); this.follow(); this.past.refresh(); },
      delta: (message, now_ms) => { if (this.ward) applyDelta(this.ward, message, now_ms); this.follow(); },
      alarm: (alarm, phase) => this.heardAlarm(alarm, phase),
      distrust: () => { this.waking = true; this.schedule(); },
      heard: () => this.heard(),
      state: (state) => { this.link = state; this.schedule(); },
      build: (build) => this.heardBuild(build),
      identity: (identity) => { this.settings.identity = identity; },
      wave: (wave) => { this.hasWave = true; this.sweep.take(wave, performance.now()); },
    };
  }

  /** @returns {Bed|undefined} */
  bed() {
    return this.ward?.beds.get(this.bedId);
  }

  /** Another patient: what was drawn is not theirs, and goes before anything else is done. */
  follow() {
    const stay = this.bed()?.stay ?? null;
    if (stay === this.past.stay) return;
    this.rows.forget();
    this.sweep.forget();
    this.charts.clear();
    this.cursor = null;
    this.past.follow(stay);
  }

  heard() {
    if (this.connection.synced && document.visibilityState === "visible") this.waking = false;
    this.hear();
    this.schedule();
  }

  /**
   * @param {import("../types.js").Alarm} alarm
   * @param {string} phase
   */
  heardAlarm(alarm, phase) {
    if (!this.ward) return;
    const fresh = phase === "start" || phase === "escalate" || phase === "realarm";
    if (fresh && alarm.priority === "high" && alarm.state === "active") {
      this.announcement = t("High alarm, {bed}: {text}", { bed: this.label(alarm.bed), text: alarmText(alarm) });
    }
    applyAlarm(this.ward, alarm);
    if (alarm.bed === this.bedId && alarm.state === "ended") this.past.refresh();
    this.charted_ms = -Infinity;
  }

  /** @param {string} build */
  heardBuild(build) {
    if (this.build && build !== this.build) location.reload();
    this.build = build;
  }

  visibility() {
    this.connection.tellStatus();
    if (document.visibilityState === "hidden") {
      this.hidden_ms = Date.now();
    } else {
      this.waking = true;
      if (Date.now() - this.hidden_ms > SLEPT_MS) this.connection.restart();
    }
    this.schedule();
  }

  tick() {
    const now_ms = performance.now();
    const wall_ms = Date.now();
    const slept = now_ms - this.ticked_ms > SLEPT_MS || wall_ms - this.wall_ms > SLEPT_MS;
    this.ticked_ms = now_ms;
    this.wall_ms = wall_ms;
    if (slept && document.visibilityState === "visible") this.connection.restart();
    else this.connection.check(now_ms);
    this.past.tick(now_ms);
    this.hear();
    this.schedule();
  }

  hear() {
    const now_ms = performance.now();
    this.sound.hear(this.ward, now_ms, now_ms + this.connection.ahead_ms, this.connection.lossInMs(now_ms));
  }

  /** @param {number|null} x where the pointer is, in seconds */
  pointed(x) {
    if (x === this.cursor) return;
    this.cursor = x;
    this.schedule();
  }

  /** The charts have something new to show. */
  changed() {
    this.charted_ms = -Infinity;
    this.schedule();
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  /** @param {number} now_ms @returns {LinkWord} */
  linkWord(now_ms) {
    if (this.connection.isLost(now_ms)) return this.ward ? "lost" : "starting";
    if (this.waking) return this.ward ? "waking" : "starting";
    return this.link === "open" ? "live" : "reconnecting";
  }

  /** @param {string} bedId */
  label(bedId) {
    return this.ward?.beds.get(bedId)?.label ?? bedId;
  }

  draw() {
    const now_ms = performance.now();
    const link = this.linkWord(now_ms);
    const context = this.context(now_ms, link === "lost" || link === "starting" || link === "waking");
    this.desk.blank = context.blank;
    const root = /** @type {HTMLElement} */ (document.getElementById("app"));
    render(this.view(link, context), root);
    if (this.bed()) this.drawCharts(root, /** @type {Bed} */ (this.bed()), context);
    this.desk.dialog.afterRender();
    this.connection.rendered();
  }

  /**
   * @param {Element} root
   * @param {Bed} bed
   * @param {Context} context
   */
  drawCharts(root, bed, context) {
    const heard = !context.blank || this.rows.rows.at(-1)?.values["rr"] !== null;
    if (heard && this.rows.take(bed, context.now_ms, context.server_ms, context.blank) && context.blank) this.charted_ms = -Infinity;
    const every = (this.past.hours ?? 99) > 4 ? LONG_CHART_MS : CHART_MS;
    if (context.now_ms - this.charted_ms < every || Number.isNaN(context.server_ms)) return;
    this.charted_ms = context.now_ms;
    const history = this.history();
    const now = context.server_ms / 1000;
    this.charts.draw(root, {
      ...this.shownSpan(context), bed, rows: this.rows.rows, zone: context.zone, look: document.documentElement.dataset["theme"] ?? "",
      given: given(bed, now, context.blank),
      drawn: (panel) => ({ levels: levelsOf(panel, this.past.past), spans: spansOf(panel, history, now) }),
    });
  }

  /** @param {Context} context */
  shownSpan(context) {
    return { past: this.past.past, now: context.server_ms / 1000, hours: this.past.hours };
  }

  history = () => allAlarms(this.past.past, this.alarms());

  alarms() {
    return sorted([...(this.ward?.alarms.values() ?? [])].filter((alarm) => alarm.bed === this.bedId));
  }

  /** The curve runs with the screen. */
  sweepOn() {
    requestAnimationFrame(() => this.sweepOn());
    const canvas = /** @type {HTMLCanvasElement|null} */ (document.querySelector("canvas.sweep"));
    const now_ms = performance.now();
    if (canvas) this.sweep.draw(canvas, now_ms + this.connection.ahead_ms, this.sweep.isLive(now_ms) && !this.waking && !this.connection.isLost(now_ms));
  }

  /**
   * @param {number} now_ms
   * @param {boolean} blank
   * @returns {Context}
   */
  context(now_ms, blank) {
    const { names, user } = this.settings;
    const acts = { ...this.desk.acts(), redraw: () => this.schedule() };
    return {
      now_ms, server_ms: now_ms + this.connection.ahead_ms, blank, zone: this.ward?.ward.timezone, names, user,
      stops: this.desk.stops.states, acts, soundBanner: this.sound.banner(), soundControl: this.sound.control(),
    };
  }

  /**
   * @param {LinkWord} link
   * @param {Context} context
   */
  view(link, context) {
    if (isOver()) return overView(this.desk, context.soundBanner);
    const bed = this.bed();
    const head = { ward: this.ward?.ward, title: bed?.label ?? (this.bedId || "pumpd"), link, settings: this.settings, changed: () => this.changed() };
    return html`
      ${bedHead(head, context)}
      ${banners(link, this.ward?.alarms.values() ?? [], this.ward?.beds ?? new Map(), context)}
      <div class="hidden" role="alert">${this.announcement}</div>
      ${bed ? bedView(this.shown(bed, context), context) : html`<main><p class="empty">${this.ward ? t("There is no bed {bed}.", { bed: this.bedId }) : t("Waiting for the ward ...")}</p></main>`}
      ${this.desk.dialog.view()}
    `;
  }

  /**
   * @param {Bed} bed
   * @param {Context} context
   * @returns {import("./view.js").Shown}
   */
  shown(bed, context) {
    const place = document.querySelector(".bed-past .panels");
    const others = sorted([...(this.ward?.alarms.values() ?? [])].filter((alarm) => alarm.bed !== this.bedId && alarm.state === "active"));
    const shown = /** @type {import("./charts.js").Shown} */ (this.shownSpan(context));
    return {
      bed, alarms: this.alarms(), others: context.blank ? [] : others.map((alarm) => ({ alarm, label: this.label(alarm.bed) })),
      past: this.past.past, why: this.past.why, hours: this.past.hours, choose: (hours) => { this.past.show(hours); this.changed(); },
      cursor: this.cursor, readout: (panel, x) => this.charts.readout(panel, x),
      axis: { ...span(shown), width: Math.max(240, place?.clientWidth ?? 800), zone: context.zone },
      history: this.history(), wave: this.hasWave ? (this.sweep.isLive(context.now_ms) ? "live" : "gone") : "none",
      filter: {
        which: this.which, words: this.search,
        choose: (which) => { this.which = which; this.schedule(); }, search: (words) => { this.search = words; this.schedule(); },
      },
    };
  }
}
