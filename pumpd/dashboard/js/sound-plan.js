// Which burst starts when. Pure: time is an argument, in seconds of the audio clock.
//
// Bursts are planned far ahead and given to the audio thread at once, so that a page whose timers the browser slows
// down goes on sounding. Whenever anything is heard the plan is made anew. The loss of the connection is planned too:
// its tone stands ready from the moment at which the next heartbeat would be missed, and moves away with each one.

import { SOUNDS, length_s } from "./sound-tables.js";

/** @typedef {import("./sound-tables.js").SoundName} SoundName */
/** @typedef {import("./sound-tables.js").Melody} Melody */

/**
 * An alarm that is to be heard. from_s: not before (its bed's pause ends). once: one burst is enough.
 * @typedef {{id: string, sound: "high"|"medium"|"low", melody: Melody, from_s: number, once: boolean}} Voice
 */

/** voices: what is to be heard. lost_s: when the connection counts as lost. quiet_s: its tone is paused until then. @typedef {{voices: Voice[], lost_s: number, quiet_s: number}} Wanted */

/**
 * told: the alarms that it makes known. cut_s: when it was ended before its time.
 * @typedef {{at_s: number, name: SoundName, melody: Melody, told: string[], cut_s?: number}} Burst
 */

/** What has begun. told: alarm to the rank that was heard of it. @typedef {{last: Burst|null, told: Map<string, number>}} Memory */

/** The pause between a cut burst, or one whose end is not waited for, and the next. */
const BREATH_S = 0.25;

/** @param {Burst} burst */
export const ends_s = (burst) => burst.cut_s ?? burst.at_s + length_s(SOUNDS[burst.name]);

/** @param {Voice} voice */
const rank = (voice) => SOUNDS[voice.sound].rank;

/**
 * @param {Voice} voice
 * @param {Map<string, number>} told
 */
const isNew = (voice, told) => (told.get(voice.id) ?? -1) < rank(voice);

/**
 * The voices of the highest priority that is to be heard at t.
 * @param {Wanted} wanted
 * @param {number} t_s
 * @param {Map<string, number>} told
 */
function heard(wanted, t_s, told) {
  /** @type {Voice[]} */
  let highest = [];
  for (const voice of wanted.voices) {
    const above = highest[0] ? rank(voice) - rank(highest[0]) : 0;
    if (above < 0 || voice.from_s > t_s || (voice.once && !isNew(voice, told))) continue;
    if (above > 0) highest = [];
    highest.push(voice);
  }
  return highest;
}

/**
 * The burst that may start at t; null: silence. A lost connection takes turns with a high alarm, and goes before others.
 * @param {Wanted} wanted
 * @param {number} t_s
 * @param {Memory} memory
 * @returns {Burst|null}
 */
function burstAt(wanted, t_s, memory) {
  const voices = heard(wanted, t_s, memory.told);
  const first = voices.find((voice) => isNew(voice, memory.told)) ?? voices[0];
  const isLost = t_s >= wanted.lost_s && t_s >= wanted.quiet_s;
  const turn = first?.sound === "high" && memory.last?.name === "lost";
  if (isLost && !turn) return { at_s: t_s, name: "lost", melody: "general", told: [] };
  if (!first) return null;
  return { at_s: t_s, name: first.sound, melody: first.melody, told: voices.map((voice) => voice.id) };
}

/**
 * When the burst after the last one may start: after its interval, or at once where it is more urgent or new.
 * @param {Burst} next as it would be now
 * @param {Memory} memory
 */
function soonest(next, memory) {
  const last = memory.last;
  if (!last) return next.at_s;
  const interval_s = Math.min(SOUNDS[last.name].tb_s, SOUNDS[next.name].tb_s);
  const higher = SOUNDS[next.name].rank > SOUNDS[last.name].rank;
  const news = next.told.some((id) => (memory.told.get(id) ?? -1) < SOUNDS[next.name].rank);
  if (higher || news) return Math.max(next.at_s, Math.min(last.at_s + interval_s, ends_s(last) + BREATH_S));
  return Math.max(next.at_s, ends_s(last) + interval_s);
}

/**
 * @param {Memory} memory
 * @param {Burst} burst
 * @returns {Memory} after it has begun
 */
export function begun(memory, burst) {
  return { last: burst, told: noted(new Map(memory.told), burst) };
}

/**
 * @param {Map<string, number>} told changed in place
 * @param {Burst} burst
 */
function noted(told, burst) {
  for (const id of burst.told) told.set(id, Math.max(told.get(id) ?? -1, SOUNDS[burst.name].rank));
  return told;
}

/**
 * When something changes by time alone after t.
 * @param {Wanted} wanted
 * @param {number} t_s
 */
function nextChange(wanted, t_s) {
  const later = (/** @type {number} */ least, /** @type {number} */ time) => (time > t_s && time < least ? time : least);
  return wanted.voices.reduce((least, voice) => later(least, voice.from_s), [wanted.lost_s, wanted.quiet_s].reduce(later, Infinity));
}

/**
 * Must the burst that sounds now end at once? It must when nothing that it says is to be heard any more, or when
 * something more urgent is.
 * @param {Memory} memory
 * @param {Wanted} wanted
 * @param {number} now_s
 */
export function isCut(memory, wanted, now_s) {
  const last = memory.last;
  if (!last || now_s >= ends_s(last)) return false;
  const next = burstAt(wanted, now_s, { last: null, told: new Map() });
  if (!next || SOUNDS[next.name].rank > SOUNDS[last.name].rank) return true;
  const stands = wanted.voices.some((voice) => last.told.includes(voice.id) && voice.from_s <= now_s);
  return last.name === "lost" ? now_s < wanted.lost_s || now_s < wanted.quiet_s : !stands;
}

/**
 * The bursts that start between now and until, in order.
 * @param {Memory} memory
 * @param {Wanted} wanted
 * @param {number} now_s
 * @param {number} until_s
 * @returns {Burst[]}
 */
export function plan(memory, wanted, now_s, until_s) {
  const bursts = [];
  const state = { last: memory.last, told: new Map(memory.told) };
  let t_s = now_s;
  while (t_s < until_s) {
    const next = burstAt(wanted, t_s, state);
    const change_s = nextChange(wanted, t_s);
    const at_s = next ? soonest(next, state) : Infinity;
    if (!next || at_s > t_s) {
      t_s = Math.min(at_s, change_s);
    } else {
      bursts.push(next);
      state.last = next;
      noted(state.told, next);
      t_s = ends_s(next);
    }
  }
  return bursts;
}

/**
 * What was told of alarms that are gone is forgotten; one that comes back is news.
 * @param {Memory} memory
 * @param {Voice[]} voices
 * @returns {Memory}
 */
export function forgetting(memory, voices) {
  const ids = new Set(voices.map((voice) => voice.id));
  return { ...memory, told: new Map([...memory.told].filter(([id]) => ids.has(id))) };
}
