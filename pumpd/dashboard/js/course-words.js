// The words of a course, as tables of English; t() is called where they are shown. Pure.

import { t, word } from "./i18n.js";
import { serverWords } from "./server-words.js";

/** @typedef {import("./types.js").Cap} Cap */

/** @type {Record<string, {words: string, tone: "calm"|"on"|"bad"}>} */
export const PHASE = {
  planned: { words: word("planned, not begun"), tone: "calm" },
  running: { words: word("running"), tone: "on" },
  paused: { words: word("paused"), tone: "calm" },
  completed: { words: word("completed"), tone: "calm" },
  stopped_by_cap: { words: word("stopped at the cap"), tone: "bad" },
  aborted: { words: word("aborted"), tone: "bad" },
};

/** @type {Record<string, string>} */
export const SPAN = { infusion: word("in this infusion"), course: word("in this course"), window: word("in 24 h") };

/**
 * @param {Cap} cap
 * @returns {string} "set by drug library 2026.1"
 */
export function capWho(cap) {
  return t("set by {who}", { who: serverWords(cap.set_by) });
}

/** Rules of a protocol by their names. @type {Record<string, string>} */
export const RULE_WORDS = {
  start_rate: word("greatest rate to begin with"),
  step_size: word("greatest single increase"),
  step_interval: word("least time between increases"),
  start_vitals: word("vital signs before a start"),
  adjunct: word("benzodiazepine or haloperidol recorded"),
  checklist: word("contra-indications asked for"),
  plan: word("a planned infusion"),
  sub_anaesthetic: word("sub-anaesthetic fraction"),
  infusion_count: word("number of infusions"),
  course_window: word("time of the course"),
};

/** @type {Record<string, string>} */
export const ROUTE_WORDS = {
  iv: word("intravenous"),
  sc: word("subcutaneous"),
  im: word("intramuscular"),
  oral: word("oral"),
  sublingual: word("sublingual"),
  nasal: word("nasal"),
  transdermal: word("transdermal"),
};
