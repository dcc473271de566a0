// The ward page: wires the live connection to the state and the state to the views. The only module with side effects
// at load. Digits are shown only while frames keep coming; every doubt blanks them.

import { html, nothing, render, repeat } from "./js/lit.js";
import { read, stopPump } from "./js/acts.js";
import { alarmPanel } from "./js/alarms.js";
import { LiveConnection } from "./js/connection.js";
import { alarmAsk, interlockAsk, overrideAsk, pauseAsk, resumeAsk } from "./js/asks.js";
import { nrsAsk } from "./js/chart-asks.js";
import { menuView } from "./js/chart-menu.js";
import { ActDialog } from "./js/dialog.js";
import { banners, headLine } from "./js/frame.js";
import { Settings } from "./js/settings.js";
import { applyAlarm, applyDelta, fromSnapshot } from "./js/store.js";
import { tile } from "./js/tile.js";
import { clock, filmClock, isFilm, sorted } from "./js/words.js";

/** @typedef {import("./js/types.js").Alarm} Alarm */
/** @typedef {import("./js/store.js").Ward} Ward */
/** @typedef {import("./js/app-types.js").Context} Context */
/** @typedef {import("./js/app-types.js").StopState} StopState */

/** How often ages are redrawn and the heartbeat is judged. */
const TICK_MS = 250;
/** A tick this late means that the machine slept or the page was frozen: nothing here can be believed. */
const SLEPT_MS = 5_000;
/** A pressed but unconfirmed Stop, and a stop's answer, leave the screen after this. */
const STOP_SHOWN_MS = 15_000;
const NAMELESS = "ward page (no name given)";

class Page {
  constructor() {
    this.settings = new Settings();
    this.dialog = new ActDialog(this.settings, () => this.schedule());
    /** @type {Ward|null} */
    this.ward = null;
    this.waking = true;
    /** @type {"connecting"|"open"|"waiting"} */
    this.link = "connecting";
    this.build = "";
    this.announcement = "";
    /** @type {Map<string, StopState>} */
    this.stops = new Map();
    this.scheduled = false;
    this.ticked_ms = performance.now();
    this.wall_ms = Date.now();
    this.hidden_ms = Date.now();
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.connection = new LiveConnection(`${scheme}//${location.host}/ws/v1/live`, this.listener());
  }

  start() {
    document.addEventListener("visibilitychange", () => this.visibility());
    setInterval(() => this.tick(), TICK_MS);
    this.connection.open();
    this.schedule();
  }

  /** @returns {import("./js/connection.js").Listener} */
  listener() {
    return {
      snapshot: (message, now_ms) => { this.ward = fromSnapshot(message, now_ms); },
      delta: (message, now_ms) => { if (this.ward) applyDelta(this.ward, message, now_ms); },
      alarm: (alarm, phase) => this.heardAlarm(alarm, phase),
      distrust: () => { this.waking = true; this.schedule(); },
      heard: () => this.heard(),
      state: (state) => { this.link = state; this.schedule(); },
      build: (build) => this.heardBuild(build),
    };
  }

  heard() {
    if (this.connection.synced && document.visibilityState === "visible") this.waking = false;
    this.schedule();
  }

  /**
   * @param {Alarm} alarm
   * @param {string} phase
   */
  heardAlarm(alarm, phase) {
    if (!this.ward) return;
    const fresh = phase === "start" || phase === "escalate" || phase === "realarm";
    if (fresh && alarm.priority === "high" && alarm.state === "active") {
      this.announcement = `High alarm, ${this.label(alarm.bed)}: ${alarm.text}`;
    }
    applyAlarm(this.ward, alarm);
  }

  /** @param {string} build of the server; another one means that this page is old */
  heardBuild(build) {
    if (this.build && build !== this.build) location.reload();
    this.build = build;
  }

  /** Back from hidden: blank until the first fresh frame; after a long absence what is queued is old, so start anew. */
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

  /** @param {number} now_ms */
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
    render(this.view(link, context), /** @type {HTMLElement} */ (document.getElementById("app")));
    this.dialog.afterRender();
    this.connection.rendered();
  }

  /**
   * @param {number} now_ms
   * @param {boolean} blank
   * @returns {Context}
   */
  context(now_ms, blank) {
    const { names, theme, user } = this.settings;
    const server_ms = now_ms + this.connection.ahead_ms;
    return { now_ms, server_ms, blank, zone: this.ward?.ward.timezone, names, theme, user, stops: this.stops, acts: this.acts() };
  }

  /**
   * @param {import("./js/frame.js").LinkWord} link
   * @param {Context} context
   */
  view(link, context) {
    const ward = this.ward;
    const beds = ward ? [...ward.beds.values()] : [];
    const unverified = beds.filter((bed) => bed.devices.some((device) => device.unverified)).map((bed) => bed.label);
    const film = ward?.ward.generation === "demo" && isFilm(context.server_ms, Date.now());
    const time = film ? filmClock(context.server_ms, context.zone) : clock(new Date().toISOString(), context.zone);
    return html`
      ${headLine(ward?.ward, beds.length, unverified, link, time, context)}
      ${banners(link)}
      <div class="hidden" role="alert">${this.announcement}</div>
      <div class="floor">
        ${ward ? alarmPanel(ward.alarms, ward.beds, context) : nothing}
        <main class="grid beds-${Math.min(beds.length, 24)}" aria-label="Beds">
          ${ward ? repeat(beds, (bed) => bed.id, (bed) => tile(bed, this.alarmsOf(bed.id), context)) : html`<p class="empty">Waiting for the ward ...</p>`}
        </main>
      </div>
      ${this.dialog.view()}
    `;
  }

  /** @param {string} bedId */
  alarmsOf(bedId) {
    return sorted([...(this.ward?.alarms.values() ?? [])].filter((alarm) => alarm.bed === bedId));
  }

  /** @returns {import("./js/app-types.js").Acts} */
  acts() {
    return {
      openAlarm: (alarm) => this.dialog.open(alarmAsk(alarm, this.label(alarm.bed))),
      pauseSound: (bedId) => this.dialog.open(pauseAsk(bedId, bedId === null ? "Whole ward" : this.label(bedId))),
      resetInterlock: (pump, bed) => this.dialog.open(interlockAsk(pump, bed.id, bed.label)),
      resumePump: (pump, bed) => this.dialog.open(resumeAsk(pump, bed.id, bed.label)),
      confirmSoft: (pump, alarm) => this.dialog.open(overrideAsk(pump, alarm, this.label(alarm.bed))),
      assess: (bed) => this.dialog.open(nrsAsk(bed)),
      openChart: (bed) => void this.openChart(bed.id),
      armStop: (bedId, pumpId) => this.showStop(pumpId, { bedId, phase: "armed", said: "", ok: true }),
      cancelStop: (pumpId) => { this.stops.delete(pumpId); this.schedule(); },
      confirmStop: (pumpId, by) => void this.stop(pumpId, by),
      nextTheme: () => { this.settings.nextTheme(); this.schedule(); },
      nextNames: () => { this.settings.nextNames(); this.schedule(); },
    };
  }

  /** @param {string} bedId */
  async openChart(bedId) {
    const at = `beds/${encodeURIComponent(bedId)}`;
    const [words, chart] = await Promise.all([read(`${at}/vocabulary`), read(`${at}/chart`)]);
    if (!words) return;
    const known = { words, chart, zone: this.ward?.ward.timezone };
    this.dialog.show(() => {
      const bed = this.ward?.beds.get(bedId);
      return bed ? menuView(bed, known, (ask) => this.dialog.open(ask), () => this.dialog.close()) : nothing;
    });
  }

  /**
   * @param {string} pumpId
   * @param {StopState} state
   */
  showStop(pumpId, state) {
    this.stops.set(pumpId, state);
    setTimeout(() => {
      if (this.stops.get(pumpId) === state) this.stops.delete(pumpId);
    }, STOP_SHOWN_MS);
    this.schedule();
  }

  /**
   * @param {string} pumpId
   * @param {string} by
   */
  async stop(pumpId, by) {
    const bedId = this.stops.get(pumpId)?.bedId;
    if (!bedId) return;
    if (by) this.settings.user = by;
    this.showStop(pumpId, { bedId, phase: "sent", said: "", ok: true });
    const answer = await stopPump(bedId, pumpId, { by: by || NAMELESS, reason: "stopped from the ward page" });
    const said = answer.ok ? "Stop accepted: see the interlock for what the pump did." : `Stop refused: ${answer.said.join("; ")}`;
    this.showStop(pumpId, { bedId, phase: "answered", said, ok: answer.ok });
  }
}

new Page().start();
