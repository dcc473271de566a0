// What a named person may be asked before an act at an alarm or a pump: the words of the dialog and the request that
// follows. Pure but for send.

import { html, nothing } from "./lit.js";
import { acknowledge, overrideSoft, pauseAudio, requestRate, resetAlarm, resetInterlock, resumePump } from "./acts.js";
import { NO_DIGIT } from "./freshness.js";
import { figure, t } from "./i18n.js";
import { UNITS, checked } from "./rate.js";
import { serverWords } from "./server-words.js";
import { alarmText } from "./words.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Pump} Pump */
/** @typedef {import("./fields.js").Filled} Filled */
/** @typedef {import("./fields.js").Field} Field */

/** A pump and its bed as they are now; blank: nothing is heard of them. @typedef {{bed: Bed, pump: Pump, blank: boolean}} Now */

/** confirmed: the server's question was answered with yes. @typedef {{by: string, reason: string, note: string, filled: Filled, confirmed: boolean}} Said */

/**
 * The second step before an act: what was filled in, what is odd about it, and what has to be ticked at the bedside.
 * @typedef {{lines: [label: string, words: string][], warnings: string[], checks: string[], go: string}} Review
 */

/**
 * `bed`: whom it is about; `strong`: the same in words, where it is about no bed. `choices`: the server's list of reasons
 * is offered, with a note. `reasonLabel`: a free reason is asked for. `fields`: what else is asked for. `live`: what is
 * said while they are filled in. `review`: there is a second step. `questioned`: the code of a refusal that is a question.
 * @typedef {{title: string, tone: string, bed?: Bed|null, strong?: string, about: string, hint: string, choices: boolean,
 *   reasonLabel: string|null, fields?: Field[], live?: (filled: Filled) => unknown, review?: (filled: Filled) => Review,
 *   questioned?: string, go: string, send: (said: Said) => Promise<import("./acts.js").Answer>}} Ask
 */

/**
 * Acknowledge an active alarm, or reset a latched one.
 * @param {Alarm} alarm
 * @param {Bed|undefined} bed
 * @returns {Ask}
 */
export function alarmAsk(alarm, bed) {
  const subject = { tone: alarm.priority, bed: bed ?? null, strong: alarm.bed, about: alarmText(alarm), reasonLabel: null };
  if (alarm.state === "latched") {
    const hint = t("The condition is over. Reset takes this alarm off the list.");
    const send = (/** @type {Said} */ said) => resetAlarm(alarm.id, { by: said.by, reason: "condition over" });
    return { ...subject, title: t("Reset alarm"), hint, choices: false, go: t("Reset"), send };
  }
  const hint = t("The alarm stays as long as its condition lasts.");
  const send = (/** @type {Said} */ { by, reason, note }) => acknowledge(alarm.id, { by, reason, note });
  return { ...subject, title: t("Acknowledge alarm"), hint, choices: true, go: t("Acknowledge"), send };
}

/**
 * @param {Pump} pump
 * @param {Bed} bed
 * @returns {Ask}
 */
export function interlockAsk(pump, bed) {
  const cause = pump.interlock_cause && t("Tripped by: {cause}", { cause: serverWords(pump.interlock_cause) });
  return {
    title: t("Reset interlock"),
    tone: "plain",
    bed,
    about: [`${pumpWords(pump)}.`, cause].filter(Boolean).join(" "),
    hint: t("This starts nothing: the pump stays stopped. Before it is started at the pump a resume must be asked for."),
    choices: false,
    reasonLabel: t("Reason"),
    go: t("Reset interlock"),
    send: ({ by, reason }) => resetInterlock(bed.id, { by, reason, pump: pump.id }),
  };
}

/**
 * @param {Pump} pump
 * @param {Bed} bed
 * @returns {Ask}
 */
export function resumeAsk(pump, bed) {
  return {
    title: t("Resume"),
    tone: "plain",
    bed,
    about: `${pumpWords(pump)}.`,
    hint: t("This starts nothing: it permits a person to press start at the pump for a few minutes. A pump started without it is stopped again."),
    choices: false,
    reasonLabel: t("Reason"),
    go: t("Resume"),
    send: ({ by, reason }) => resumePump(bed.id, pump.id, { by, reason }),
  };
}

/**
 * @param {Pump} pump
 * @param {Alarm} alarm that the rate is above the soft ceiling
 * @param {Bed|undefined} bed
 * @returns {Ask}
 */
export function overrideAsk(pump, alarm, bed) {
  return {
    title: t("Confirm rate above soft ceiling"),
    tone: alarm.priority,
    bed: bed ?? null,
    strong: alarm.bed,
    about: alarmText(alarm),
    hint: t("The pump goes on as it is. The hard ceiling stays in force."),
    choices: false,
    reasonLabel: t("Reason"),
    go: t("Confirm rate"),
    send: ({ by, reason }) => overrideSoft(alarm.bed, pump.id, { by, reason }),
  };
}

/**
 * @param {Bed|null} bed null: the whole ward
 * @returns {Ask}
 */
export function pauseAsk(bed) {
  return {
    title: t("Pause sound"),
    tone: "plain",
    bed,
    strong: t("Whole ward"),
    about: t("The sound of the alarms that are there now is off for as long as the bed allows, at most 2 minutes."),
    hint: t("A new or higher alarm ends the pause of its bed at once. Pausing acknowledges nothing."),
    choices: false,
    reasonLabel: null,
    go: t("Pause sound"),
    send: ({ by }) => pauseAudio(bed?.id ?? null, { by }),
  };
}

/**
 * Another rate of a running pump. What it means, and which limit it would pass, is said while it is typed.
 * @param {Pump} pump
 * @param {Bed} bed
 * @param {(bed: Bed, pump: Pump) => Now} now
 * @returns {Ask}
 */
export function rateAsk(pump, bed, now) {
  /** @type {Field[]} */
  const fields = [
    { name: "rate", label: t("New rate"), kind: "number", required: true },
    { name: "unit", label: t("Unit"), kind: "choice", required: true, value: UNITS[0], options: UNITS.map((unit) => ({ id: unit, words: unit })) },
  ];
  return {
    title: t("Set rate"),
    tone: "plain",
    bed,
    about: "",
    hint: t("The server checks it against every limit, the pump is told, and what it then reports is shown."),
    choices: false,
    reasonLabel: t("Reason"),
    fields,
    live: (filled) => rateTold(filled, now(bed, pump)),
    questioned: "implausible_unit",
    go: t("Set rate"),
    send: ({ by, reason, filled, confirmed }) =>
      requestRate(bed.id, pump.id, { by, reason, rate: String(filled["rate"] ?? ""), unit: String(filled["unit"] ?? ""), confirm_unit: confirmed }),
  };
}

/**
 * @param {Filled} filled
 * @param {Now} now
 */
function rateTold(filled, { bed, pump, blank }) {
  const unit = UNITS.find((one) => one === filled["unit"]) ?? UNITS[0];
  const said = checked(String(filled["rate"] ?? ""), unit, pump, bed.patient?.weight_kg);
  const both = [said.dose, said.volume].filter(Boolean).join(" = ");
  const warned = { hard: "high", soft: "medium", missing: "medium", unknown: "medium", zero: "medium" };
  const tone = said.verdict === "none" || said.verdict === "ok" ? "plain" : warned[said.verdict];
  return html`
    <dl class="live-rate">
      <div><dt>${t("Now")}</dt><dd>${pumpWords(pump)}: <b>${blank ? NO_DIGIT : figure(pump.line ?? pump.rate_text ?? NO_DIGIT)}</b></dd></div>
      <div><dt>${t("New")}</dt><dd><b class="figure" data-rate=${said.verdict}>${figure(both) || NO_DIGIT}</b></dd></div>
      <div><dt>${t("Limits")}</dt><dd>${limitWords(pump)}</dd></div>
      <div><dt>${t("Computed with")}</dt><dd>${pump.line2 || t("nothing known")}</dd></div>
    </dl>
    <p class="about ${tone} verdict" role="status" data-verdict=${said.verdict}>${verdictWords(said, pump)}</p>
  `;
}

/** @param {Pump} pump */
function limitWords(pump) {
  const limit = pump.ceiling;
  if (!limit) return t("no ceiling set");
  const soft = limit.soft_mg_kg_h === null ? nothing : html`, ${t("soft")} <b>${limit.soft_mg_kg_h}</b>`;
  return html`${t("hard ceiling")} <b>${limit.hard_mg_kg_h ?? NO_DIGIT}</b>${soft} mg/kg/h${limit.set_by ? html` <span class="by">${t("set by {who}", { who: serverWords(limit.set_by) })}</span>` : nothing}`;
}

/**
 * @param {import("./rate.js").Checked} said
 * @param {Pump} pump
 */
function verdictWords(said, pump) {
  const lacking = said.missing.map((what) => (what === "weight" ? t("the patient's weight") : t("the concentration in the syringe"))).join(", ");
  if (said.verdict === "hard") return t("ABOVE THE HARD CEILING of {limit} mg/kg/h: it will be refused.", { limit: String(pump.ceiling?.hard_mg_kg_h) });
  if (said.verdict === "soft") return t("ABOVE THE SOFT CEILING of {limit} mg/kg/h: refused unless a named person confirmed a rate above it.", { limit: String(pump.ceiling?.soft_mg_kg_h) });
  if (said.verdict === "missing") return t("This unit needs {what}.", { what: lacking });
  if (said.verdict === "unknown") return lacking ? t("No dose can be computed without {what}.", { what: lacking }) : t("No ceiling is known for this pump.");
  if (said.verdict === "zero") return t("A rate must be above 0; to stop the pump, stop it.");
  if (said.verdict === "ok") return t("Within the ceilings. Caps and protocol are checked when it is sent.");
  return t("Type digits with a decimal point, such as 0.5.");
}

/** @param {Pump} pump */
function pumpWords(pump) {
  return t("{drug}, pump {id}", { drug: pump.drug_label ?? pump.drug ?? t("drug unknown"), id: pump.id });
}
