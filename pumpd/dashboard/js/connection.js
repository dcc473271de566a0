// The live connection: hello, snapshot, deltas, alarms, heartbeats, credit and reconnecting.
// It knows nothing of what is shown; it tells its owner what was heard and when it must not be believed.

import { signedOut } from "./leave.js";

/** @typedef {import("./types.js").ServerMessage} ServerMessage */
/** @typedef {import("./types.js").Snapshot} Snapshot */
/** @typedef {import("./types.js").Delta} Delta */
/** @typedef {import("./types.js").Alarm} Alarm */

/**
 * @typedef {{
 *   snapshot: (message: Snapshot, now_ms: number) => void,
 *   delta: (message: Delta, now_ms: number) => void,
 *   alarm: (alarm: Alarm, phase: string) => void,
 *   distrust: () => void,
 *   heard: () => void,
 *   state: (state: "connecting"|"open"|"waiting") => void,
 *   build: (build: string) => void,
 *   identity: (identity: import("./settings.js").Identity) => void,
 *   wave?: (message: import("./types.js").Wave) => void,
 * }} Listener
 */

/** A frame every heartbeat is owed; three missed and the link counts as lost. */
export const MISSED_HEARTBEATS = 3;
/** Scheduling of timers and the network may delay a heartbeat this much without one being missed. */
const GRACE_MS = 250;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 5_000;
/** No welcome and snapshot within this time: the socket is half open, try another. */
const OPENING_MS = 8_000;
const CREDIT = 2;
/** Close codes after which connecting again is of no use. */
const NOT_SIGNED_IN = 4401;
const FORBIDDEN = 4403;

/**
 * Waiting time before the next attempt: doubling, capped, with jitter so that a ward's screens do not return at once.
 * @param {number} attempt 0 for the first retry
 * @param {number} random 0..1
 */
export function backoffMs(attempt, random) {
  const full = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
  return full / 2 + (full / 2) * random;
}

export class LiveConnection {
  /**
   * @param {string} url
   * @param {Listener} listener
   */
  constructor(url, listener) {
    this.url = url;
    this.listener = listener;
    /** @type {WebSocket|null} */
    this.socket = null;
    this.attempt = 0;
    this.heartbeat_ms = 1_000;
    this.heard_ms = -Infinity;
    this.made_ms = performance.now();
    this.opened_ms = 0;
    /** What is asked for; "wave:BED" for a bed's curve. */
    this.subs = ["ward:*"];
    /** What the server is told of this screen's sound. @type {import("./sound.js").SoundState} */
    this.sound = "none";
    /** @type {string|null} */
    this.epoch = null;
    this.seq = -1;
    /** Snapshots and deltas since the last acknowledgement. */
    this.owed = 0;
    this.synced = false;
    /** The server's wall clock minus this page's own; NaN until it was heard. */
    this.ahead_ms = NaN;
    /** @type {Delta[]} */
    this.early = [];
    /** @type {number|undefined} */
    this.retry = undefined;
  }

  open() {
    clearTimeout(this.retry);
    this.listener.state("connecting");
    this.synced = false;
    this.early = [];
    this.opened_ms = performance.now();
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.addEventListener("open", () => this.send({ type: "hello", proto: [1], client: "ward-page", credit: CREDIT, subs: this.subs, sound: this.sound }));
    socket.addEventListener("message", (event) => socket === this.socket && this.receive(event.data));
    socket.addEventListener("close", (event) => socket === this.socket && this.closed(event.code));
  }

  /** Drop what we have and start again from a fresh snapshot. */
  restart() {
    const old = this.socket;
    this.socket = null;
    old?.close();
    this.listener.distrust();
    this.open();
  }

  /** @param {number} code why, in the protocol's numbers */
  closed(code) {
    this.socket = null;
    this.synced = false;
    this.listener.state("waiting");
    if (code === NOT_SIGNED_IN) return signedOut();
    if (code === FORBIDDEN) return location.assign("sign-in.html?why=view");
    this.retry = setTimeout(() => this.open(), backoffMs(this.attempt, Math.random()));
    this.attempt += 1;
  }

  /** @param {object} message */
  send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** @param {string} data */
  receive(data) {
    /** @type {ServerMessage} */
    const message = JSON.parse(data);
    const now_ms = performance.now();
    this.heard_ms = now_ms;
    if (message.type === "welcome") this.welcome(message);
    else if (message.type === "snapshot") this.snapshot(message, now_ms);
    else if (message.type === "delta") this.delta(message, now_ms);
    else if (message.type === "wave") this.listener.wave?.(message);
    else if (message.type === "alarm") this.listener.alarm(message.alarm, message.phase);
    const said_ms = Date.parse(("t" in message && message.t) || "");
    if (!Number.isNaN(said_ms)) this.ahead_ms = said_ms - now_ms;
    this.listener.heard();
  }

  /** @param {import("./types.js").Welcome} message */
  welcome(message) {
    this.heartbeat_ms = message.hb_ms || this.heartbeat_ms;
    this.listener.build(message.build);
    this.listener.identity(message.identity ?? "full");
    if (document.visibilityState === "hidden") this.tellStatus();
  }

  /** Tell whether anybody can see and hear this screen: an alarm that nobody sees is an alarm by itself. */
  tellStatus() {
    this.send({ type: "status", sound: this.sound, visible: document.visibilityState === "visible" });
  }

  /**
   * @param {Snapshot} message
   * @param {number} now_ms
   */
  snapshot(message, now_ms) {
    this.epoch = message.epoch;
    this.seq = message.seq;
    this.owed = CREDIT;
    this.synced = true;
    this.attempt = 0;
    this.listener.snapshot(message, now_ms);
    this.listener.state("open");
    const early = this.early.filter((delta) => delta.epoch === this.epoch && delta.seq > this.seq);
    this.early = [];
    for (const delta of early) this.delta(delta, now_ms);
  }

  /**
   * @param {Delta} message
   * @param {number} now_ms
   */
  delta(message, now_ms) {
    if (!this.synced) {
      this.early.push(message);
    } else if (message.epoch !== this.epoch || message.prev !== this.seq) {
      this.restart();
    } else {
      this.seq = message.seq;
      this.owed += 1;
      this.listener.delta(message, now_ms);
    }
  }

  /** Return credit for what is now on the screen: for a snapshot at once, then when all credit is used. */
  rendered() {
    if (!this.synced || this.owed < CREDIT) return;
    this.owed = 0;
    this.send({ type: "ack", seq: this.seq });
  }

  /** @param {import("./sound.js").SoundState} state */
  tellSound(state) {
    if (state === this.sound) return;
    this.sound = state;
    this.tellStatus();
  }

  /**
   * How long until nothing will have been heard for three heartbeats; negative when that is so.
   * @param {number} now_ms
   */
  lossInMs(now_ms) {
    return Math.max(this.heard_ms, this.made_ms) + MISSED_HEARTBEATS * this.heartbeat_ms + GRACE_MS - now_ms;
  }

  /**
   * Nothing heard for three heartbeats.
   * @param {number} now_ms
   */
  isLost(now_ms) {
    return now_ms - this.heard_ms > MISSED_HEARTBEATS * this.heartbeat_ms + GRACE_MS;
  }

  /**
   * Give up a socket that is open but says nothing, or never opened.
   * @param {number} now_ms
   */
  check(now_ms) {
    if (this.socket && now_ms - this.opened_ms > OPENING_MS && this.isLost(now_ms)) this.restart();
  }
}
