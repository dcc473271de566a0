// What a named person may be asked before an act: the words of the dialog and the request that follows. Pure but for send.

import { acknowledge, overrideSoft, pauseAudio, resetAlarm, resetInterlock, resumePump } from "./acts.js";
import { PRIORITY_WORD } from "./words.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Pump} Pump */

/** @typedef {{by: string, reason: string, note: string, filled: import("./fields.js").Filled}} Said */

/**
 * `choices`: the server's list of reasons is offered, with a note. `reasonLabel`: a free reason is asked for. `fields`:
 * what else is asked for.
 * @typedef {{title: string, tone: string, strong: string, about: string, hint: string, choices: boolean,
 *   reasonLabel: string|null, fields?: import("./fields.js").Field[], go: string, send: (said: Said) => Promise<import("./acts.js").Answer>}} Ask
 */

/**
 * Acknowledge an active alarm, or reset a latched one.
 * @param {Alarm} alarm
 * @param {string} bed label
 * @returns {Ask}
 */
export function alarmAsk(alarm, bed) {
  const subject = { tone: alarm.priority, strong: PRIORITY_WORD[alarm.priority], about: `${bed}: ${alarm.text}`, reasonLabel: null };
  if (alarm.state === "latched") {
    const hint = "The condition is over. Reset takes this alarm off the list.";
    const send = (/** @type {Said} */ said) => resetAlarm(alarm.id, { by: said.by, reason: "condition over" });
    return { ...subject, title: "Reset alarm", hint, choices: false, go: "Reset", send };
  }
  const hint = "The alarm stays as long as its condition lasts.";
  const send = (/** @type {Said} */ { by, reason, note }) => acknowledge(alarm.id, { by, reason, note });
  return { ...subject, title: "Acknowledge alarm", hint, choices: true, go: "Acknowledge", send };
}

/**
 * @param {Pump} pump
 * @param {string} bedId
 * @param {string} bed label
 * @returns {Ask}
 */
export function interlockAsk(pump, bedId, bed) {
  return {
    title: "Reset interlock",
    tone: "plain",
    strong: bed,
    about: [`${drugName(pump)}, pump ${pump.id}.`, pump.interlock_cause && `Tripped by: ${pump.interlock_cause}`].filter(Boolean).join(" "),
    hint: "This starts nothing: the pump stays stopped. Before it is started at the pump a resume must be asked for.",
    choices: false,
    reasonLabel: "Reason",
    go: "Reset interlock",
    send: ({ by, reason }) => resetInterlock(bedId, { by, reason, pump: pump.id }),
  };
}

/**
 * @param {Pump} pump
 * @param {string} bedId
 * @param {string} bed label
 * @returns {Ask}
 */
export function resumeAsk(pump, bedId, bed) {
  return {
    title: "Resume",
    tone: "plain",
    strong: bed,
    about: `${drugName(pump)}, pump ${pump.id}.`,
    hint: "This starts nothing: it permits a person to press start at the pump for a few minutes. A pump started without it is stopped again.",
    choices: false,
    reasonLabel: "Reason",
    go: "Resume",
    send: ({ by, reason }) => resumePump(bedId, pump.id, { by, reason }),
  };
}

/**
 * @param {Pump} pump
 * @param {Alarm} alarm that the rate is above the soft ceiling
 * @param {string} bed label
 * @returns {Ask}
 */
export function overrideAsk(pump, alarm, bed) {
  return {
    title: "Confirm rate above soft ceiling",
    tone: alarm.priority,
    strong: bed,
    about: alarm.text,
    hint: "The pump goes on as it is. The hard ceiling stays in force.",
    choices: false,
    reasonLabel: "Reason",
    go: "Confirm rate",
    send: ({ by, reason }) => overrideSoft(alarm.bed, pump.id, { by, reason }),
  };
}

/**
 * @param {string|null} bedId null: the whole ward
 * @param {string} where in words
 * @returns {Ask}
 */
export function pauseAsk(bedId, where) {
  return {
    title: "Pause sound",
    tone: "plain",
    strong: where,
    about: "The sound of the alarms that are there now is off for as long as the bed allows, at most 2 minutes.",
    hint: "A new or higher alarm ends the pause of its bed at once. Pausing acknowledges nothing.",
    choices: false,
    reasonLabel: null,
    go: "Pause sound",
    send: ({ by }) => pauseAudio(bedId, { by }),
  };
}

/** @param {Pump} pump */
const drugName = (pump) => pump.drug_label ?? pump.drug ?? "drug unknown";
