// What each sound is made of, as tables. Pure.
//
// Names and ranges are those of IEC 60601-1-8:2006 with its amendments: Table 3 (the burst), Table 4 (the pulse) and
// Annex F (melodies). td: effective pulse duration. tr, tf: rise and fall time. ts: pulse spacing, from the end of one
// pulse to the start of the next. tb: interburst interval. x and y: the spacings within a burst.

/** @typedef {"high"|"medium"|"low"|"lost"} SoundName */
/** @typedef {"general"|"cardiac"|"ventilation"|"oxygenation"|"infusion"|"equipment"} Melody */

/**
 * spacings_s: after each pulse but the last. melodies: the note of each pulse, by what the alarm is about.
 * level: of the largest amplitude that a screen plays. rank: a higher one goes first.
 * @typedef {{rank: number, td_s: number, tr_s: number, tf_s: number, spacings_s: number[], tb_s: number, level: number,
 *   pulses: number, melodies: Record<Melody, string>}} Sound
 */

/** Ranges of Table 3 and Table 4, in seconds; the sounds below are held against them by a test. */
export const RANGES = {
  high: { pulses: [10], td_s: [0.075, 0.2], x_s: [0.05, 0.125], between_halves_s: [0.35, 1.3], tb_s: [2.5, 15] },
  medium: { pulses: [3], td_s: [0.125, 0.25], y_s: [0.125, 0.25], tb_s: [2.5, 30] },
  low: { pulses: [1, 2], td_s: [0.125, 0.25], y_s: [0.125, 0.25], tb_s: [15, Infinity] },
};
/** Table 4: tr as a part of td; the pulse frequency; how many harmonics there must be, where, and how strong. */
export const PULSE = { rise: [0.1, 0.4], pitch_hz: [150, 1000], harmonics: 4, harmonics_hz: [300, 4000], harmonics_db: 15 };

/** Notes of the melodies in Hz, equal temperament with A4 at 440. */
export const NOTES_HZ = {
  c: 261.63, d: 293.66, e: 329.63, f: 349.23, g: 392, a: 440, b: 493.88, C: 523.25,
};

/** Amplitude of the fundamental and of each harmonic above it: none more than 9 dB below the first. */
export const PARTIALS = [1, 0.85, 0.7, 0.55, 0.4];

const X_S = 0.1;
const HIGH_TD_S = 0.125;
/** Table 3: the gap after the third and the eighth pulse is as if one pulse had been left out. */
const LEFT_OUT_S = 2 * X_S + HIGH_TD_S;

/** Annex F: of five notes, two groups of three and two; the whole is said twice. @type {Record<Melody, string>} */
const FIVE = { general: "ccccc", cardiac: "cegcC", ventilation: "cafaf", oxygenation: "Cbagf", infusion: "CdgCd", equipment: "CccCc" };

/** @type {(change: (notes: string) => string) => Record<Melody, string>} */
const melodies = (change) => /** @type {Record<Melody, string>} */ (
  Object.fromEntries(Object.entries(FIVE).map(([name, notes]) => [name, change(notes)])));

/** @type {Record<SoundName, Sound>} */
export const SOUNDS = {
  high: {
    rank: 3, pulses: 10, td_s: HIGH_TD_S, tr_s: 0.02, tf_s: 0.05, tb_s: 4, level: 0.9,
    spacings_s: [X_S, X_S, LEFT_OUT_S, X_S, 0.5, X_S, X_S, LEFT_OUT_S, X_S],
    melodies: melodies((notes) => notes + notes),
  },
  medium: {
    rank: 1, pulses: 3, td_s: 0.2, tr_s: 0.04, tf_s: 0.08, tb_s: 10, level: 0.64, spacings_s: [0.2, 0.2],
    melodies: melodies((notes) => notes.slice(0, 3)),
  },
  low: {
    rank: 0, pulses: 2, td_s: 0.2, tr_s: 0.05, tf_s: 0.1, tb_s: 30, level: 0.45, spacings_s: [0.2],
    melodies: melodies(() => "ec"),
  },
  // ours, and like none of the standard's: four pulses that go up and down
  lost: {
    rank: 2, pulses: 4, td_s: 0.24, tr_s: 0.04, tf_s: 0.08, tb_s: 5, level: 0.8, spacings_s: [0.12, 0.12, 0.12],
    melodies: melodies(() => "aeae"),
  },
};

/** The quietest that a person may set a screen to, as a part of the loudest: 6 dB below it. */
export const LEAST_VOLUME = 0.5;

/** @param {Sound} sound @returns {number} from the start of its first pulse to the end of its last */
export function length_s(sound) {
  return sound.pulses * sound.td_s + sound.spacings_s.reduce((sum, spacing) => sum + spacing, 0);
}

/** @param {Sound} sound @returns {number[]} when each pulse starts, from the start of the burst */
export function starts_s(sound) {
  let at = 0;
  return [0, ...sound.spacings_s.map((spacing) => (at += sound.td_s + spacing))];
}
