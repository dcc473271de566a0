// Which alarms are to be heard, and from when on: what was acknowledged, latched or paused is silent. Pure.

import { SOUNDS } from "./sound-tables.js";
import { signalsOf } from "./words.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./sound-plan.js").Voice} Voice */
/** @typedef {import("./sound-tables.js").Melody} Melody */

/**
 * A bed's audio pause as this screen saw it begin. known: the alarms that it silences, with their rank then.
 * @typedef {{until: string, known: Map<string, number>}} Pause
 */

/** @type {Record<string, Melody>} */
const BY_SIGNAL = { rr: "ventilation", etco2: "ventilation", spo2: "oxygenation", pulse: "cardiac", hr: "cardiac" };

/**
 * @param {Alarm} alarm
 * @param {Bed|undefined} bed
 * @returns {Melody}
 */
export function melodyOf(alarm, bed) {
  if (bed?.pumps.some((pump) => pump.id === alarm.device)) return "infusion";
  if (alarm.kind !== "physiological") return "equipment";
  return signalsOf(alarm).map((signal) => BY_SIGNAL[signal]).find(Boolean) ?? "general";
}

/** @param {Alarm} alarm */
const rankOf = (alarm) => SOUNDS[alarm.priority].rank;

/** @param {Iterable<Alarm>} alarms */
const sounding = (alarms) => [...alarms].filter((alarm) => alarm.state === "active");

/**
 * The pauses that are in force. One that goes on keeps what it silenced when it began: an alarm that is new, or higher,
 * is heard at once, whether or not the server's end of the pause has come yet.
 * @param {Map<string, Pause>} before
 * @param {Iterable<Bed>} beds
 * @param {Iterable<Alarm>} alarms
 * @returns {Map<string, Pause>}
 */
export function pausesOf(before, beds, alarms) {
  const active = sounding(alarms);
  const paused = [...beds].flatMap((bed) => (bed.audio_paused_until ? [{ id: bed.id, until: bed.audio_paused_until }] : []));
  return new Map(paused.map(({ id, until }) => {
    const old = before.get(id);
    const known = new Map(active.filter((alarm) => alarm.bed === id).map((alarm) => [alarm.id, rankOf(alarm)]));
    return [id, old?.until === until ? old : { until, known }];
  }));
}

/**
 * @param {Alarm} alarm
 * @param {Pause|undefined} pause of its bed
 */
const isSilenced = (alarm, pause) => (pause?.known.get(alarm.id) ?? -1) >= rankOf(alarm);

/**
 * @param {Iterable<Alarm>} alarms
 * @param {Map<string, Bed>} beds
 * @param {Map<string, Pause>} pauses
 * @param {(iso: string) => number} audio_s an instant of the server on the audio clock
 * @returns {Voice[]}
 */
export function voicesOf(alarms, beds, pauses, audio_s) {
  return sounding(alarms).map((alarm) => {
    const pause = pauses.get(alarm.bed);
    return {
      id: alarm.id,
      sound: alarm.priority,
      melody: melodyOf(alarm, beds.get(alarm.bed)),
      from_s: pause && isSilenced(alarm, pause) ? audio_s(pause.until) : -Infinity,
      once: alarm.priority === "low" && alarm.kind === "advisory",
    };
  });
}
