// The sound of this screen: an audio context, the bursts that were given to it, and what is wrong with it.
// It only plays what `sound-plan` planned; it never claims to sound while it may not.

import { watchOutputs } from "./sound-device.js";
import { begun, ends_s, forgetting, isCut, plan } from "./sound-plan.js";
import { LEAST_VOLUME } from "./sound-tables.js";
import { pausesOf, voicesOf } from "./sound-voices.js";
import { samplesOf } from "./sound-wave.js";

/** @typedef {import("./sound-plan.js").Burst} Burst */
/** @typedef {import("./store.js").Ward} Ward */

/**
 * What the server and the people are told. locked: the browser waits for a touch. off: it made sound, or should, and
 * does not. none: this browser cannot.
 * @typedef {"on"|"locked"|"off"|"none"} SoundState
 */

/** A browser may slow the timers of a hidden page to one a minute: so much is given to the audio thread ahead. */
const AHEAD_S = 75;
/** A burst that would have started this long ago is dropped: the machine slept. */
const LATE_S = 0.2;
const FADE_S = 0.02;
/** The audio clock stands still for this long: there is no device that plays. */
const STUCK_MS = 2_000;
/** How long the tone of a lost connection may be paused, as any alarm. */
const LOST_PAUSE_S = 120;
const VOLUME_KEY = "pumpd.volume";
const FAILED_KEY = "pumpd.sound-test-failed";

/** @returns {AudioContext|null} where the browser has none */
function makeContext() {
  try {
    return new AudioContext({ latencyHint: "playback" });
  } catch {
    return null;
  }
}

export class AlarmSound {
  /** @param {() => void} changed asks for a new rendering, and tells the server */
  constructor(changed) {
    this.changed = changed;
    this.context = makeContext();
    this.out = this.context?.createGain() ?? null;
    if (this.context) this.out?.connect(this.context.destination);
    /** @type {import("./sound-plan.js").Memory} */
    this.memory = { last: null, told: new Map() };
    /** @type {{burst: Burst, source: AudioBufferSourceNode, gain: GainNode, begun: boolean}[]} */
    this.given = [];
    /** @type {Map<string, AudioBuffer>} */
    this.buffers = new Map();
    /** @type {Map<string, import("./sound-voices.js").Pause>} */
    this.pauses = new Map();
    this.quiet_s = -Infinity;
    this.lost_s = Infinity;
    this.ran = this.context?.state === "running";
    this.clock = { audio_s: 0, at_ms: performance.now() };
    this.stuck = false;
    this.unplugged = false;
    watchOutputs((gone) => { this.unplugged = gone; this.changed(); });
    this.context?.addEventListener("statechange", () => this.stateChanged());
    this.context?.addEventListener("error", () => this.deviceFailed());
    this.setVolume(this.volume);
  }

  /** A part of the loudest; never below the least. */
  get volume() {
    const kept = Number(localStorage.getItem(VOLUME_KEY) ?? "1");
    return Number.isFinite(kept) ? Math.min(1, Math.max(LEAST_VOLUME, kept)) : 1;
  }

  /** @param {number} part */
  setVolume(part) {
    const volume = Math.min(1, Math.max(LEAST_VOLUME, part));
    localStorage.setItem(VOLUME_KEY, String(volume));
    if (this.out) this.out.gain.value = volume;
  }

  /** A person did not hear the test: kept until one is heard. */
  get failed() {
    return localStorage.getItem(FAILED_KEY) !== null;
  }

  /** @param {boolean} failed */
  setTested(failed) {
    if (failed) localStorage.setItem(FAILED_KEY, "1");
    else localStorage.removeItem(FAILED_KEY);
    this.changed();
  }

  /** @returns {SoundState} */
  get state() {
    if (!this.context) return "none";
    if (this.failed || this.stuck || this.unplugged) return "off";
    if (this.context.state === "running") return "on";
    return this.ran ? "off" : "locked";
  }

  /** Inside the touch of a person: browsers let no page sound without one. */
  async unlock() {
    if (this.context?.state !== "running") await this.context?.resume();
    this.changed();
  }

  stateChanged() {
    if (this.context?.state === "running") this.ran = true;
    this.clock = { audio_s: this.now_s, at_ms: performance.now() };
    this.stuck = false;
    this.changed();
  }

  deviceFailed() {
    this.stuck = true;
    this.changed();
  }

  get now_s() {
    return this.context?.currentTime ?? 0;
  }

  /** The tone of a lost connection is playing. */
  get tellsLoss() {
    return this.state === "on" && this.now_s >= this.lost_s && this.now_s >= this.quiet_s;
  }

  pauseLoss() {
    this.quiet_s = this.now_s + LOST_PAUSE_S;
    this.changed();
  }

  /**
   * Does the audio clock go on? Asked whenever the page looks.
   * @param {number} now_ms
   */
  check(now_ms) {
    if (this.context?.state !== "running") return;
    const moved = this.now_s > this.clock.audio_s;
    if (moved) this.clock = { audio_s: this.now_s, at_ms: now_ms };
    const stuck = !moved && now_ms - this.clock.at_ms > STUCK_MS;
    if (stuck === this.stuck || (!moved && !stuck)) return;
    this.stuck = stuck;
    this.changed();
  }

  /**
   * Plan anew from what the page knows now.
   * @param {Ward|null} ward
   * @param {number} server_ms now on the server's clock
   * @param {number} loss_ms until the connection counts as lost; negative: it is
   */
  hear(ward, server_ms, loss_ms) {
    if (this.context?.state !== "running") return;
    const now_s = this.now_s;
    const alarms = ward ? [...ward.alarms.values()] : [];
    const beds = ward?.beds ?? new Map();
    this.pauses = pausesOf(this.pauses, beds.values(), alarms);
    const audio_s = (/** @type {string} */ iso) => now_s + (Date.parse(iso) - server_ms) / 1000;
    const voices = voicesOf(alarms, beds, this.pauses, audio_s);
    this.lost_s = now_s + loss_ms / 1000;
    if (loss_ms > 0) this.quiet_s = -Infinity;
    this.give({ voices, lost_s: this.lost_s, quiet_s: this.quiet_s }, now_s);
  }

  /**
   * @param {import("./sound-plan.js").Wanted} wanted
   * @param {number} now_s
   */
  give(wanted, now_s) {
    this.note(now_s);
    this.memory = forgetting(this.memory, wanted.voices);
    const last = this.memory.last;
    if (last && isCut(this.memory, wanted, now_s)) this.memory = { ...this.memory, last: { ...last, cut_s: now_s } };
    this.replace(plan(this.memory, wanted, now_s, now_s + AHEAD_S), now_s);
  }

  /**
   * Remember what has begun since the last look, and let go of what is over.
   * @param {number} now_s
   */
  note(now_s) {
    this.given.sort((a, b) => a.burst.at_s - b.burst.at_s);
    for (const one of this.given) {
      if (one.begun || one.burst.at_s > now_s) continue;
      one.begun = true;
      this.memory = begun(this.memory, one.burst);
    }
    this.given = this.given.filter((one) => ends_s(one.burst) + FADE_S > now_s);
  }

  /**
   * Keep what is planned as before, end what is not, add what is new.
   * @param {Burst[]} bursts
   * @param {number} now_s
   */
  replace(bursts, now_s) {
    const cut = this.memory.last?.cut_s !== undefined;
    const same = (/** @type {Burst} */ a, /** @type {Burst} */ b) => a.name === b.name && a.melody === b.melody && Math.abs(a.at_s - b.at_s) < 0.005;
    this.given = this.given.filter((one) => {
      if (one.begun ? !cut : bursts.some((burst) => same(burst, one.burst))) return true;
      silence(one.source, one.gain, now_s);
      return false;
    });
    for (const burst of bursts) if (!this.given.some((one) => same(one.burst, burst))) this.play(burst);
  }

  /**
   * One burst now, beside whatever sounds: for the test, and to hear a volume.
   * @param {import("./sound-tables.js").SoundName} name
   */
  sample(name) {
    if (!this.context || !this.out) return;
    const source = this.context.createBufferSource();
    source.buffer = this.bufferOf({ name, melody: "general" }, this.context);
    source.connect(this.out);
    source.start();
  }

  /** @param {Burst} burst */
  play(burst) {
    const context = this.context;
    if (!context || !this.out || burst.at_s < context.currentTime - LATE_S) return;
    const source = context.createBufferSource();
    const gain = context.createGain();
    source.buffer = this.bufferOf(burst, context);
    source.connect(gain).connect(this.out);
    this.given.push({ burst, source, gain, begun: false });
    source.start(burst.at_s);
  }

  /**
   * @param {{name: import("./sound-tables.js").SoundName, melody: import("./sound-tables.js").Melody}} burst
   * @param {AudioContext} context
   */
  bufferOf({ name, melody }, context) {
    const key = `${name} ${melody}`;
    const known = this.buffers.get(key);
    if (known) return known;
    const samples = samplesOf(name, melody, context.sampleRate);
    const buffer = context.createBuffer(1, samples.length, context.sampleRate);
    buffer.copyToChannel(/** @type {Float32Array<ArrayBuffer>} */ (samples), 0);
    this.buffers.set(key, buffer);
    return buffer;
  }
}

/**
 * End what sounds, without a click.
 * @param {AudioBufferSourceNode} source
 * @param {GainNode} gain
 * @param {number} now_s
 */
function silence(source, gain, now_s) {
  gain.gain.setTargetAtTime(0, now_s, FADE_S / 3);
  source.stop(now_s + FADE_S);
}
