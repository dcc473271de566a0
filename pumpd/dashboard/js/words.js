// Every word the page says about a state, as tables. Pure.

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Priority} Priority */

/** Symbols after the visual alarm convention: a priority never rests on colour alone. */
export const SYMBOL = { high: "***", medium: "**", low: "*" };

export const PRIORITY_WORD = { high: "HIGH", medium: "MEDIUM", low: "LOW" };

/** @type {Record<string, {words: string, tone: "calm"|"busy"|"good"|"bad"}>} */
export const INTERLOCK = {
  armed: { words: "INTERLOCK ARMED", tone: "calm" },
  tripped: { words: "TRIPPED - STOP SENT", tone: "busy" },
  stop_acked: { words: "STOP ACKNOWLEDGED - VERIFYING", tone: "busy" },
  stop_verified: { words: "STOP VERIFIED", tone: "good" },
  stop_unconfirmed: { words: "STOP NOT CONFIRMED - STOP PUMP BY HAND", tone: "bad" },
  alarm_only: { words: "ALARM ONLY - PUMPD CANNOT STOP THIS PUMP", tone: "calm" },
};

/**
 * What stands instead of "interlock armed" after a reset: nothing starts by itself, and not without being asked for.
 * @type {Record<string, {words: string, tone: "calm"|"busy"|"good"|"bad"}>}
 */
export const RESUME = {
  needed: { words: "RESET, NOT RESUMED", tone: "busy" },
  allowed: { words: "RESUME ALLOWED", tone: "good" },
};

/** @type {Record<string, {words: string, hint: string}>} */
export const ENFORCEMENT = {
  stop: { words: "STOP", hint: "Over the hard ceiling pumpd stops the pump" },
  reduce: { words: "REDUCE", hint: "Over the hard ceiling pumpd reduces the rate to the ceiling" },
  alarm: { words: "ALARM ONLY", hint: "pumpd cannot stop this pump: it only alarms" },
};

/** @type {Record<string, {symbol: string, words: string}>} */
export const LINK = {
  up: { symbol: "●", words: "link up" },
  silent: { symbol: "◐", words: "link silent" },
  down: { symbol: "○", words: "link down" },
  refused: { symbol: "⊘", words: "device refused" },
};

/** The reasons to acknowledge that the server takes. */
export const REASONS = [
  { id: "probe_off", words: "Probe or line off" },
  { id: "care_in_progress", words: "Patient care in progress" },
  { id: "seen_escalated", words: "Seen - escalated" },
  { id: "false_alarm", words: "False alarm" },
  { id: "other", words: "Other (say what)" },
];

/**
 * @param {string} id
 * @returns {string}
 */
export function reasonWords(id) {
  return REASONS.find((reason) => reason.id === id)?.words.replace(" (say what)", "").toLowerCase() ?? id;
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
 * Clock time of an instant, 24 h, in the ward's time zone where the server names it.
 * @param {string|null|undefined} iso
 * @param {string|undefined} zone
 * @returns {string}
 */
export function clock(iso, zone) {
  if (!iso) return "";
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? "" : clockFormat(zone).format(at);
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

/** So far apart a demo's time is not this screen's, however slowly its frames come. */
const FILM_MS = 60_000;

/**
 * Does the ward live in a simulated time of its own (a demo that runs faster)?
 * @param {number} server_ms
 * @param {number} wall_ms
 */
export function isFilm(server_ms, wall_ms) {
  return Math.abs(server_ms - wall_ms) > FILM_MS;
}

/**
 * The ward's own time, said to be simulated: "simulated Tue 24 Nov, 13:05".
 * @param {number} server_ms
 * @param {string|undefined} zone
 */
export function filmClock(server_ms, zone) {
  const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: zone });
  return `simulated ${day.format(server_ms)}, ${clockFormat(zone).format(server_ms)}`;
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string|undefined} zone */
function clockFormat(zone) {
  const key = zone ?? "";
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
    formats.set(key, format);
  }
  return format;
}

/**
 * @param {number} ms
 * @returns {string} "38 min", "2 h 25 min", "3 days"; below a minute "< 1 min"
 */
export function span(ms) {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "< 1 min";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} days`;
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

/**
 * How long until an instant of the server's clock.
 * @param {string} iso
 * @param {number} server_ms now on the server's clock
 */
export function until(iso, server_ms) {
  return span(Math.max(0, Date.parse(iso) - server_ms));
}

/**
 * @param {string} iso
 * @param {number} server_ms now on the server's clock
 */
export function ago(iso, server_ms) {
  return `${span(Math.max(0, server_ms - Date.parse(iso)))} ago`;
}

/**
 * "since 14:03", and what became of the alarm: "ack RN-KL 14:04 "probe off"", "ended 14:05".
 * @param {Alarm} alarm
 * @param {string|undefined} zone
 * @returns {string[]}
 */
export function alarmTimes(alarm, zone) {
  const times = [`since ${clock(alarm.onset, zone)}`];
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
  return `ended ${clock(alarm.ended, zone)}`.trim();
}

/**
 * How far an alarm has climbed that nobody acknowledges; nothing while only the bedside is signalled.
 * @param {Alarm} alarm
 * @param {string|undefined} zone
 * @returns {string[]} ["to charge nurse 14:03"]
 */
export function ladderWords(alarm, zone) {
  const step = alarm.escalation;
  return step && step.level > 0 ? [`to ${step.to.replaceAll("_", " ")} ${clock(step.since, zone)}`] : [];
}

/** The longest text, in characters, that each size of letters shows whole in a tile's alarm bar. */
const BAR_SIZES = /** @type {const} */ ([["short", 46], ["medium-long", 92], ["long", 140]]);

/**
 * How large an alarm may be written so that cause, value and limit stay whole.
 * @param {Alarm} alarm
 * @param {string|undefined} zone
 * @returns {string} a class name
 */
export function barSize(alarm, zone) {
  const letters = alarm.text.length + alarmTimes(alarm, zone).join(" ").length + 4;
  return BAR_SIZES.find(([, most]) => letters <= most)?.[0] ?? "very-long";
}

/**
 * @param {NonNullable<Alarm["acknowledged"]>} ack
 * @param {string|undefined} zone
 * @returns {string} "ack RN-KL 14:04 "probe off""
 */
export function ackWords(ack, zone) {
  return `ack ${ack.by} ${clock(ack.at, zone)} "${ack.note || reasonWords(ack.reason)}"`;
}
