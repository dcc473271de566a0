// The ward page: wires the live connection to the state and the state to the views. The only module with side effects
// at load. Digits are shown only while frames keep coming; every doubt blanks them.

import { html, nothing, render, repeat } from "./js/lit.js";
import { ActDesk } from "./js/act-desk.js";
import { alarmPanel } from "./js/alarms.js";
import { LiveConnection } from "./js/connection.js";
import { banners, wardHead } from "./js/frame.js";
import { t } from "./js/i18n.js";
import { layout } from "./js/layout.js";
import { isOver, mustBeNoticed, overView, stayWhile } from "./js/leave.js";
import { sector } from "./js/sector.js";
import { Settings } from "./js/settings.js";
import { SoundDesk } from "./js/sound-desk.js";
import { applyAlarm, applyDelta, fromSnapshot } from "./js/store.js";
import { tile } from "./js/tile.js";
import { alarmText, byBed, clock, filmClock, isFilm, sorted } from "./js/words.js";

/** @typedef {import("./js/types.js").Alarm} Alarm */
/** @typedef {import("./js/store.js").Ward} Ward */
/** @typedef {import("./js/app-types.js").Context} Context */

/** How often ages are redrawn and the heartbeat is judged. */
const TICK_MS = 250;
/** A tick this late means that the machine slept or the page was frozen: nothing here can be believed. */
const SLEPT_MS = 5_000;

class Page {
  constructor() {
    this.settings = new Settings();
    this.desk = new ActDesk(this.settings, () => this.ward, () => this.schedule());
    this.dialog = this.desk.dialog;
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
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.connection = new LiveConnection(`${scheme}//${location.host}/ws/v1/live`, this.listener());
    this.sound = new SoundDesk(this.dialog, () => this.schedule(), (state) => this.connection.tellSound(state));
  }

  start() {
    document.addEventListener("visibilitychange", () => this.visibility());
    addEventListener("resize", () => this.schedule());
    setInterval(() => this.tick(), TICK_MS);
    stayWhile(() => mustBeNoticed(this.ward, this.desk));
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
      identity: (identity) => { this.settings.identity = identity; },
    };
  }

  heard() {
    if (this.connection.synced && document.visibilityState === "visible") this.waking = false;
    this.hear();
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
      this.announcement = t("High alarm, {bed}: {text}", { bed: this.label(alarm.bed), text: alarmText(alarm) });
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
    this.hear();
    this.schedule();
  }

  /** What is to be heard, from what is known now; a hidden page does it too. */
  hear() {
    const now_ms = performance.now();
    this.sound.hear(this.ward, now_ms, now_ms + this.connection.ahead_ms, this.connection.lossInMs(now_ms));
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
    this.desk.blank = context.blank;
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
    const { names, user } = this.settings;
    const server_ms = now_ms + this.connection.ahead_ms;
    return { now_ms, server_ms, blank, zone: this.ward?.ward.timezone, names, user, stops: this.desk.stops.states, acts: this.acts(), bedHref: (bedId) => `bed.html?bed=${encodeURIComponent(bedId)}`, soundBanner: this.sound.banner(), soundControl: this.sound.control() };
  }

  /**
   * @param {import("./js/frame.js").LinkWord} link
   * @param {Context} context
   */
  view(link, context) {
    if (isOver()) return overView(this.desk, context.soundBanner);
    const ward = this.ward;
    const beds = ward ? [...ward.beds.values()] : [];
    const film = ward?.ward.generation === "demo" && isFilm(context.server_ms, Date.now());
    const time = film ? filmClock(context.server_ms, context.zone) : clock(new Date().toISOString(), context.zone);
    return html`
      ${wardHead(ward?.ward, beds, link, time, context, this.settings)}
      ${banners(link, ward?.alarms.values() ?? [], ward?.beds ?? new Map(), context)}
      <div class="hidden" role="alert">${this.announcement}</div>
      <div class="floor">
        ${ward ? alarmPanel(ward.alarms, ward.beds, context) : nothing}
        ${ward ? this.beds(beds, context) : html`<main><p class="empty">${t("Waiting for the ward ...")}</p></main>`}
      </div>
      ${this.dialog.view()}
    `;
  }

  /**
   * @param {import("./js/types.js").Bed[]} beds
   * @param {Context} context
   */
  beds(beds, context) {
    const { columns, small } = layout(beds.length, innerWidth, innerHeight);
    const view = small ? sector : tile;
    const alarms = byBed(sorted(this.ward?.alarms.values() ?? []));
    return html`
      <main class="grid columns-${columns} ${small ? "small" : ""}" aria-label=${t("Beds")}>
        ${repeat(beds, (bed) => bed.id, (bed) => view(bed, alarms.get(bed.id) ?? [], context))}
      </main>
    `;
  }

  /** @returns {import("./js/app-types.js").Acts} */
  acts() {
    return { ...this.desk.acts(), redraw: () => this.schedule() };
  }
}

new Page().start();
