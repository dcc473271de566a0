// The words of a course, as tables. Pure.

/** @typedef {import("./types.js").Cap} Cap */

/** @type {Record<string, {words: string, tone: "calm"|"on"|"bad"}>} */
export const PHASE = {
  planned: { words: "planned, not begun", tone: "calm" },
  running: { words: "running", tone: "on" },
  paused: { words: "paused", tone: "calm" },
  completed: { words: "completed", tone: "calm" },
  stopped_by_cap: { words: "stopped at the cap", tone: "bad" },
  aborted: { words: "aborted", tone: "bad" },
};

/** @type {Record<string, string>} */
export const SPAN = { infusion: "in this infusion", course: "in this course", window: "in 24 h" };

/**
 * @param {Cap} cap
 * @returns {string} "set by drug library 2026.1"
 */
export function capWho(cap) {
  return `set by ${cap.set_by}`;
}

/** Rules of a protocol by their names. @type {Record<string, string>} */
export const RULE_WORDS = {
  start_rate: "greatest rate to begin with",
  step_size: "greatest single increase",
  step_interval: "least time between increases",
  start_vitals: "vital signs before a start",
  adjunct: "benzodiazepine or haloperidol recorded",
  checklist: "contra-indications asked for",
  plan: "a planned infusion",
  sub_anaesthetic: "sub-anaesthetic fraction",
  infusion_count: "number of infusions",
  course_window: "time of the course",
};

/** @type {Record<string, string>} */
export const ROUTE_WORDS = {
  iv: "intravenous",
  sc: "subcutaneous",
  im: "intramuscular",
  oral: "oral",
  sublingual: "sublingual",
  nasal: "nasal",
  transdermal: "transdermal",
};
