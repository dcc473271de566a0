// The past of the bed's present patient, asked for again and again. What belongs to another stay is thrown away: with
// another patient in the bed nothing that was drawn before may stay for a moment.

import { isOver } from "../leave.js";
import { grant, session } from "../session.js";

/** @typedef {import("./types.js").Past} Past */

const TIMEOUT_MS = 15_000;
/** While it is not settled who lies there, and after a failure. */
const AGAIN_MS = 1_500;
/** Where it is not permitted: somebody may step up at this screen. */
const DENIED_AGAIN_MS = 20_000;
/** A curve is predicted for so many hours at most. */
const LONGEST_CURVE_H = 72;

/** @returns {Past} */
const nothing = () => ({ vitals: null, doses: null, events: null, curve: null, limits: null });

export class PastOfBed {
  /**
   * @param {string} bed
   * @param {() => void} changed
   */
  constructor(bed, changed) {
    this.at = `api/v1/beds/${encodeURIComponent(bed)}`;
    this.changed = changed;
    /** null: the whole stay. @type {number|null} */
    this.hours = 4;
    /** As the live bed calls the stay. @type {string|null} */
    this.stay = null;
    /** @type {Past} */
    this.past = nothing();
    /** Why there is none, in the server's words. */
    this.why = "";
    this.denied = false;
    this.round = 0;
    this.next_ms = 0;
    this.asking = false;
  }

  /** @param {string|null} stay as the live bed has it now */
  follow(stay) {
    if (stay === this.stay) return;
    this.stay = stay;
    this.forget();
  }

  /** @param {number|null} hours */
  show(hours) {
    this.hours = hours;
    this.refresh();
  }

  /** Nothing of before is known any more. */
  forget() {
    this.past = nothing();
    this.refresh();
    this.changed();
  }

  /** Ask at the next moment. */
  refresh() {
    this.round += 1;
    this.next_ms = 0;
    this.asking = false;
  }

  /** How long the stay is, as far as that is known: a longer curve is a coarser one. */
  stayHours() {
    const vitals = this.past.vitals;
    return vitals ? Math.max(1, Math.ceil((Date.parse(vitals.to) - Date.parse(vitals.since)) / 3_600_000)) : LONGEST_CURVE_H;
  }

  /** How often what is drawn is asked for anew: as long as its buckets, within reason. */
  everyMs() {
    return Math.min(120_000, Math.max(20_000, this.past.vitals?.step_ms ?? 0));
  }

  /** @param {number} now_ms */
  tick(now_ms) {
    if (this.stay === null || this.asking || now_ms < this.next_ms || isOver()) return;
    this.asking = true;
    void this.ask(this.round, this.stay);
  }

  /**
   * @param {number} round
   * @param {string} stay
   */
  async ask(round, stay) {
    this.why = "";
    this.denied = false;
    const span = this.hours === null ? "" : `?hours=${this.hours}`;
    const [vitals, doses, events, curve, limits] = await Promise.all([
      this.read(`history/vitals${span}`), this.read(`history/doses${span}`), this.read(`history/events${span}`),
      this.read(`concentration?hours=${Math.min(this.hours ?? this.stayHours(), LONGEST_CURVE_H)}`), this.read("limits"),
    ]);
    if (round !== this.round || stay !== this.stay) return;
    const settled = [vitals, doses, events].every((one) => one === null || one.stay === stay);
    const complete = settled && vitals !== null && doses !== null && events !== null;
    this.asking = false;
    this.next_ms = performance.now() + (complete ? this.everyMs() : this.denied ? DENIED_AGAIN_MS : AGAIN_MS);
    if (settled) {
      const old = this.past;
      this.past = { vitals: vitals ?? old.vitals, doses: doses ?? old.doses, events: events ?? old.events, curve: curve ?? old.curve, limits: limits ?? old.limits };
    }
    this.changed();
  }

  /**
   * @param {string} path
   * @returns {Promise<any>} null where nothing could be read
   */
  async read(path) {
    try {
      await session({ background: true });
      const token = grant()?.token;
      const headers = { "x-background": "1", ...(token ? { "x-step-up": token } : {}) };
      const response = await fetch(`${this.at}/${path}`, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
      const said = await response.json();
      if (!response.ok) this.why = (said?.error?.reasons ?? []).join("; ");
      if (response.status === 401 || response.status === 403) this.denied = true;
      return response.ok ? said : null;
    } catch {
      return null;
    }
  }
}
