// Every word the page says about a state, as tables of English; t() is called where they are shown. Pure.

import { t, word } from "./i18n.js";
import { serverWords } from "./server-words.js";
import { clock } from "./times.js";

export { ago, clock, countdown, filmClock, isFilm, span, until } from "./times.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Priority} Priority */

/** Symbols after the visual alarm convention: a priority never rests on colour alone. */
export const SYMBOL = { high: "***", medium: "**", low: "*" };

export const PRIORITY_WORD = { high: word("HIGH"), medium: word("MEDIUM"), low: word("LOW") };

/** @type {Record<string, {words: string, tone: "calm"|"busy"|"good"|"bad"}>} */
export const INTERLOCK = {
  armed: { words: word("INTERLOCK ARMED"), tone: "calm" },
  tripped: { words: word("TRIPPED - STOP SENT"), tone: "busy" },
  stop_acked: { words: word("STOP ACKNOWLEDGED - VERIFYING"), tone: "busy" },
  stop_verified: { words: word("STOP VERIFIED"), tone: "good" },
  stop_unconfirmed: { words: word("STOP NOT CONFIRMED - STOP PUMP BY HAND"), tone: "bad" },
  alarm_only: { words: word("ALARM ONLY - PUMPD CANNOT STOP THIS PUMP"), tone: "calm" },
};

/**
 * What stands instead of "interlock armed" after a reset: nothing starts by itself, and not without being asked for.
 * @type {Record<string, {words: string, tone: "calm"|"busy"|"good"|"bad"}>}
 */
export const RESUME = {
  needed: { words: word("RESET, NOT RESUMED"), tone: "busy" },
  allowed: { words: word("RESUME ALLOWED"), tone: "good" },
};

/** @type {Record<string, {words: string, hint: string}>} */
export const ENFORCEMENT = {
  stop: { words: word("STOP"), hint: word("Over the hard ceiling pumpd stops the pump") },
  reduce: { words: word("REDUCE"), hint: word("Over the hard ceiling pumpd reduces the rate to the ceiling") },
  alarm: { words: word("ALARM ONLY"), hint: word("pumpd cannot stop this pump: it only alarms") },
};

/** @type {Record<string, {symbol: string, words: string}>} */
export const LINK = {
  up: { symbol: "●", words: word("link up") },
  silent: { symbol: "◐", words: word("link silent") },
  down: { symbol: "○", words: word("link down") },
  refused: { symbol: "⊘", words: word("device refused") },
};

/** What an alarm is about. @type {Record<string, string>} */
export const KIND = { physiological: word("physiological"), technical: word("technical"), advisory: word("advisory") };

/** The reasons to acknowledge that the server takes. */
export const REASONS = [
  { id: "probe_off", words: word("Probe or line off") },
  { id: "care_in_progress", words: word("Patient care in progress") },
  { id: "seen_escalated", words: word("Seen - escalated") },
  { id: "false_alarm", words: word("False alarm") },
  { id: "other", words: word("Other (say what)") },
];

/** The same as they stand beside an acknowledged alarm. @type {Record<string, string>} */
const SAID_REASONS = {
  probe_off: word("probe or line off"),
  care_in_progress: word("patient care in progress"),
  seen_escalated: word("seen - escalated"),
  false_alarm: word("false alarm"),
  other: word("another reason"),
};

/**
 * @param {string} id
 * @returns {string}
 */
export function reasonWords(id) {
  const said = SAID_REASONS[id];
  return said ? t(said) : id;
}

/** Which vital an alarm is about when the server does not say: its condition's name tells. */
const SIGNAL_HINTS = [
  { signal: "spo2", pattern: /spo2|desat|hypox/ },
  { signal: "etco2", pattern: /etco2|capno/ },
  { signal: "rr", pattern: /(^|[^a-z])rr([^a-z]|$)|breath|apn|resp|brady|tachyp/ },
  { signal: "pulse", pattern: /pulse|(^|[^a-z])(hr|pr)([^a-z]|$)/ },
];

/**
 * The vitals whose digits an alarm inverts.
 * @param {Alarm} alarm
 * @returns {string[]}
 */
export function signalsOf(alarm) {
  if (alarm.signals) return alarm.signals;
  if (alarm.kind !== "physiological") return [];
  const named = `${alarm.condition} ${alarm.rule ?? ""} ${alarm.text}`.toLowerCase();
  return SIGNAL_HINTS.filter(({ pattern }) => pattern.test(named)).map(({ signal }) => signal);
}

const RANK = { high: 0, medium: 1, low: 2 };
/** @type {Record<string, number>} */
const STATE_RANK = { active: 0, acknowledged: 1, latched: 2, ended: 3 };

/** Alarms that only follow from another one of the bed: they never stand in front of it. */
const FOLLOWS = new Set(["unwatched", "no_sound"]);

/** @param {Alarm} alarm */
const follows = (alarm) => Number(FOLLOWS.has(alarm.condition));

/**
 * Highest first; what still needs a person before what is seen to; a cause before what follows from it; then newest.
 * @param {Iterable<Alarm>} alarms
 * @returns {Alarm[]}
 */
export function sorted(alarms) {
  return [...alarms].sort(
    (a, b) =>
      RANK[a.priority] - RANK[b.priority] ||
      (STATE_RANK[a.state] ?? 9) - (STATE_RANK[b.state] ?? 9) ||
      follows(a) - follows(b) ||
      (b.onset ?? "").localeCompare(a.onset ?? ""),
  );
}

/**
 * @param {Alarm[]} alarms in their order, which they keep
 * @returns {Map<string, Alarm[]>}
 */
export function byBed(alarms) {
  /** @type {Map<string, Alarm[]>} */
  const beds = new Map();
  for (const alarm of alarms) beds.set(alarm.bed, [...(beds.get(alarm.bed) ?? []), alarm]);
  return beds;
}

/**
 * Does this device speak through a driver under development?
 * @param {Bed} bed
 * @param {string|null|undefined} device
 */
export function isUnverified(bed, device) {
  return bed.devices.some((one) => one.id === device && one.unverified === true);
}

/**
 * Does this alarm rest on what such a device says?
 * @param {Bed|undefined} bed
 * @param {Alarm} alarm
 */
export function restsOnUnverified(bed, alarm) {
  return bed !== undefined
    && (isUnverified(bed, alarm.device) || signalsOf(alarm).some((signal) => isUnverified(bed, bed.values[signal]?.source)));
}

/**
 * "since 14:03", and what became of the alarm: "ack RN-KL 14:04 "probe off"", "ended 14:05".
 * @param {Alarm} alarm
 * @param {string|undefined} zone
 * @returns {string[]}
 */
export function alarmTimes(alarm, zone) {
  const times = [t("since {time}", { time: clock(alarm.onset, zone) })];
  if (alarm.acknowledged) times.push(ackWords(alarm.acknowledged, zone));
  if (alarm.state === "latched") times.push(endedWords(alarm, zone));
  return times;
}

/**
 * @param {Alarm} alarm
 * @param {string|undefined} zone
 * @returns {string} "ended 14:05", or "ended" where the server does not say when
 */
export function endedWords(alarm, zone) {
  return t("ended {time}", { time: clock(alarm.ended, zone) }).trim();
}

/**
 * How far an alarm has climbed that nobody acknowledges; nothing while only the bedside is signalled.
 * @param {Alarm} alarm
 * @param {string|undefined} zone
 * @returns {string[]} ["to charge nurse 14:03"]
 */
export function ladderWords(alarm, zone) {
  const step = alarm.escalation;
  if (!step || step.level === 0) return [];
  const known = LADDER[step.to];
  return [t("to {whom} {time}", { whom: known ? t(known) : step.to.replaceAll("_", " "), time: clock(step.since, zone) })];
}

/** Who is signalled. @type {Record<string, string>} */
const LADDER = { bedside: word("bedside"), charge_nurse: word("charge nurse"), ward: word("ward") };

/**
 * What an alarm says, in the screen's language where that is sure.
 * @param {Alarm} alarm
 * @returns {string}
 */
export const alarmText = (alarm) => serverWords(alarm.text);

/** The longest text, in characters, that each size of letters shows whole in a tile's alarm bar. */
const BAR_SIZES = /** @type {const} */ ([["short", 46], ["medium-long", 92], ["long", 140]]);

/**
 * How large an alarm may be written so that cause, value and limit stay whole.
 * @param {Alarm} alarm
 * @param {string|undefined} zone
 * @returns {string} a class name
 */
export function barSize(alarm, zone) {
  const letters = alarmText(alarm).length + alarmTimes(alarm, zone).join(" ").length + 4;
  return BAR_SIZES.find(([, most]) => letters <= most)?.[0] ?? "very-long";
}

/**
 * @param {NonNullable<Alarm["acknowledged"]>} ack
 * @param {string|undefined} zone
 * @returns {string} "ack RN-KL 14:04 "probe off""
 */
export function ackWords(ack, zone) {
  return t('ack {by} {time} "{why}"', { by: ack.by, time: clock(ack.at, zone), why: ack.note || reasonWords(ack.reason) });
}
