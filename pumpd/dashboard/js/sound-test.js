// The test of this screen's sound: each priority is played, and a person says whether it was heard.

/** @typedef {import("./sound.js").AlarmSound} AlarmSound */

/** In the order in which they are played. */
export const TESTED = /** @type {const} */ (["high", "medium", "low"]);
const TESTED_KEY = "pumpd.sound-tested";

export class SoundTest {
  /**
   * @param {AlarmSound} sound
   * @param {() => void} changed
   */
  constructor(sound, changed) {
    this.sound = sound;
    this.changed = changed;
    /** The one that is asked for; null: no test runs. @type {number|null} */
    this.step = null;
    /** What was not heard. @type {string[]} */
    this.missed = [];
    this.finished = false;
  }

  /** When this screen was last heard by a person, as an instant; null: never. */
  get last() {
    return localStorage.getItem(TESTED_KEY);
  }

  async start() {
    await this.sound.unlock();
    this.step = 0;
    this.missed = [];
    this.finished = false;
    this.play();
  }

  stop() {
    this.step = null;
    this.finished = false;
    this.changed();
  }

  play() {
    if (this.step !== null) this.sound.sample(TESTED[this.step] ?? "high");
    this.changed();
  }

  /** @param {boolean} heard */
  answer(heard) {
    if (this.step === null) return;
    if (!heard) this.missed.push(TESTED[this.step] ?? "");
    this.step += 1;
    if (this.step < TESTED.length) this.play();
    else this.finish();
  }

  finish() {
    this.step = null;
    this.finished = true;
    if (this.missed.length === 0) localStorage.setItem(TESTED_KEY, new Date().toISOString());
    this.sound.setTested(this.missed.length > 0);
    this.changed();
  }
}
