// A burst as samples. Pure: a table in, numbers out.

import { NOTES_HZ, PARTIALS, SOUNDS, length_s, starts_s } from "./sound-tables.js";

/** @typedef {import("./sound-tables.js").Sound} Sound */

/**
 * The partials together, between -1 and 1.
 * @param {number} pitch_hz
 * @param {number} t_s
 */
function tone(pitch_hz, t_s) {
  return PARTIALS.reduce((sum, part, index) => sum + part * Math.sin(2 * Math.PI * pitch_hz * (index + 1) * t_s), 0);
}

/** The largest that `tone` gets, found once: the sum of its partials never comes together. */
const PEAK = Array.from({ length: 4096 }, (_, step) => Math.abs(tone(1, step / 4096))).reduce((a, b) => Math.max(a, b));

/**
 * Rise, plateau and fall of one pulse. Its effective duration ends where the fall begins, and the fall is over before
 * the next one rises.
 * @param {Sound} sound
 * @param {number} t_s since the pulse started
 */
export function envelope(sound, t_s) {
  if (t_s < 0 || t_s >= sound.td_s + sound.tf_s) return 0;
  if (t_s < sound.tr_s) return t_s / sound.tr_s;
  return t_s < sound.td_s ? 1 : 1 - (t_s - sound.td_s) / sound.tf_s;
}

/**
 * @param {Float32Array} into
 * @param {Sound} sound
 * @param {number} pitch_hz
 * @param {number} start_s
 * @param {number} rate_hz
 */
function addPulse(into, sound, pitch_hz, start_s, rate_hz) {
  const first = Math.round(start_s * rate_hz);
  const last = Math.min(into.length, first + Math.ceil((sound.td_s + sound.tf_s) * rate_hz));
  for (let index = first; index < last; index += 1) {
    const t_s = (index - first) / rate_hz;
    into[index] = (into[index] ?? 0) + (sound.level / PEAK) * envelope(sound, t_s) * tone(pitch_hz, t_s);
  }
}

/**
 * @param {import("./sound-tables.js").SoundName} name
 * @param {import("./sound-tables.js").Melody} melody
 * @param {number} rate_hz samples a second
 * @returns {Float32Array}
 */
export function samplesOf(name, melody, rate_hz) {
  const sound = SOUNDS[name];
  const samples = new Float32Array(Math.ceil((length_s(sound) + sound.tf_s) * rate_hz));
  const notes = /** @type {(keyof typeof NOTES_HZ)[]} */ ([...sound.melodies[melody]]);
  starts_s(sound).forEach((start_s, index) => addPulse(samples, sound, NOTES_HZ[notes[index] ?? "c"], start_s, rate_hz));
  return samples;
}
