// What is drawn into the charts: limits in force, and the times in which alarms were there. Pure.

import { signalsOf } from "../words.js";

/** @typedef {import("./types.js").Past} Past */
/** @typedef {import("./types.js").PastAlarm} PastAlarm */
/** @typedef {import("./panels.js").Panel} Panel */
/** @typedef {import("./plot.js").Level} Level */
/** @typedef {import("./plot.js").Span} Span */
/** @typedef {import("../types.js").Alarm} Alarm */

/**
 * The alarms of the stay, each once: as they live now, else as the record has them. Newest first.
 * @param {Past} past
 * @param {Alarm[]} live of this bed
 * @returns {(PastAlarm & {live: boolean})[]}
 */
export function allAlarms(past, live) {
  const known = new Map((past.events?.alarms ?? []).map((one) => [one.alarm.id, { ...one, live: false }]));
  for (const alarm of live) {
    const old = known.get(alarm.id);
    known.set(alarm.id, { reset_by: null, reset_reason: "", climbed: [], ...old, alarm, ended: alarm.ended ?? null, live: true });
  }
  return [...known.values()].sort((a, b) => (b.alarm.onset ?? "").localeCompare(a.alarm.onset ?? ""));
}

/**
 * @param {Panel} panel
 * @param {(PastAlarm & {live: boolean})[]} alarms
 * @param {number} now in seconds
 * @returns {Span[]}
 */
export function spansOf(panel, alarms, now) {
  return alarms.filter((one) => concerns(panel, one.alarm)).map(({ alarm, ended, live }) => ({
    from: Date.parse(alarm.onset ?? "") / 1000, to: ended ? Date.parse(ended) / 1000 : live ? now : Date.parse(alarm.onset ?? "") / 1000, priority: alarm.priority,
  }));
}

/**
 * @param {Panel} panel
 * @param {Alarm} alarm
 */
function concerns(panel, alarm) {
  if (panel.signal) return signalsOf(alarm).includes(panel.signal);
  const said = `${alarm.condition} ${alarm.rule ?? ""}`;
  if (panel.id === "rate") return /over_|ceiling|rate|dose_mismatch|infusion_error/.test(said);
  return panel.id === "given" && /cap/.test(said);
}

/**
 * @param {Panel} panel
 * @param {Past} past
 * @returns {Level[]}
 */
export function levelsOf(panel, past) {
  if (panel.signal) return limitLevels(past, panel.signal);
  if (panel.id === "rate") return ceilingLevels(past);
  if (panel.id !== "given") return [];
  return (past.doses?.caps ?? []).filter((cap) => cap.span === "infusion")
    .map((cap) => ({ value: cap.limit_mg, words: `${short(cap.limit_mg)} mg`, colour: "--high-edge" }));
}

/**
 * @param {Past} past
 * @param {string} signal
 * @returns {Level[]}
 */
function limitLevels(past, signal) {
  return (past.limits?.rules ?? []).filter((rule) => rule.line && rule.terms[0]?.signal === signal).map((rule) => {
    const term = /** @type {import("./types.js").Term} */ (rule.terms[0]);
    return { value: term.limit, words: `${term.op}${short(term.limit)}`, colour: `--${rule.priority}-edge` };
  });
}

/** @param {Past} past @returns {Level[]} */
function ceilingLevels(past) {
  const last = past.doses?.ceilings.at(-1);
  if (!last) return [];
  return [
    ...(last.hard_mg_kg_h === null ? [] : [{ value: last.hard_mg_kg_h, words: `${short(last.hard_mg_kg_h)} hard`, colour: "--high-edge", dash: [] }]),
    ...(last.soft_mg_kg_h === null ? [] : [{ value: last.soft_mg_kg_h, words: `${short(last.soft_mg_kg_h)} soft`, colour: "--medium-edge" }]),
  ];
}

/** @param {number} value */
const short = (value) => String(Math.round(value * 1000) / 1000);
