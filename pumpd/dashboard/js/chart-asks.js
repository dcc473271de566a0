// What may be written into a chart from this page: the fields of each dialog and the request that follows.
// Amounts go to the server as they were typed: nothing is computed here.

import { post } from "./acts.js";
import { ROUTE_WORDS, RULE_WORDS } from "./course-words.js";
import { t } from "./i18n.js";
import { clock } from "./words.js";

/** @typedef {import("./asks.js").Ask} Ask */
/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./fields.js").Filled} Filled */
/** @typedef {import("./types.js").Bed} Bed */

/**
 * What charts of a bed know, as the server lists it.
 * @typedef {{pain: {code: string, label: string}[], side_effects: {code: string, label: string}[], severities: string[], medicines: {code: string, label: string}[],
 *   contraindications: string[], adjuncts: string[], rules: string[], opioids: string[], routes: string[]}} Words
 */

/**
 * An entry of the chart as the server gives it.
 * @typedef {{id: string, kind: string, entry: Record<string, unknown>, at: string, by: string, corrected_by: string|null}} ChartEntry
 */

/** @param {string[]} ids */
const plainly = (ids) => ids.map((id) => ({ id, words: id.replaceAll("_", " ") }));
const NRS_STEPS = Array.from({ length: 11 }, (_, step) => ({ id: String(step), words: String(step) }));
/** @type {() => {id: string, words: string}[]} */
const poss = () => [
  { id: "S", words: t("S - asleep, easy to arouse") },
  { id: "1", words: t("1 - awake and alert") },
  { id: "2", words: t("2 - slightly drowsy") },
  { id: "3", words: t("3 - drifts off mid-sentence") },
  { id: "4", words: t("4 - somnolent") },
];
const RASS_STEPS = ["-5", "-4", "-3", "-2", "-1", "0", "1", "2", "3", "4"].map((id) => ({ id, words: Number(id) > 0 ? `+${id}` : id }));
/** @type {() => Field[]} */
const bedside = () => [
  { name: "nrs", label: t("Pain now (NRS): 0 none, 10 worst imaginable"), kind: "scale", options: NRS_STEPS },
  { name: "poss", label: t("Sedation (POSS)"), kind: "choice", options: poss() },
  { name: "rass", label: t("Sedation (RASS): -5 unarousable, 0 calm, +4 combative"), kind: "scale", options: RASS_STEPS },
  { name: "oxygen", label: t("Supplemental oxygen"), kind: "choice", options: [{ id: "on", words: t("on oxygen") }, { id: "off", words: t("no oxygen") }] },
];
const OTHER_ROUTES = ["oral", "im", "sc", "sublingual", "nasal", "iv"];
const OPIOID_ROUTES = ["oral", "iv", "sc", "im", "sublingual", "nasal"];
const SUBJECT = { tone: "plain", choices: false, reasonLabel: null };

/**
 * With the time at which it happened, where somebody said how long ago that was; read: the server's time when it was asked.
 * @param {Filled} filled
 * @param {string|undefined} read
 */
function timed(filled, read) {
  const { ago_min: ago, ...rest } = filled;
  const now = read ? Date.parse(read) : Date.now();
  return ago === undefined || ago === "" ? rest : { ...rest, at: new Date(now - Number(ago) * 60_000).toISOString() };
}

/** @param {string[]} routes */
const routes = (routes) => routes.map((id) => ({ id, words: ROUTE_WORDS[id] ?? id }));

/**
 * @param {Bed} bed
 * @param {string} path below the bed
 * @returns {(said: {by: string}, more: object) => Promise<import("./acts.js").Answer>}
 */
const to = (bed, path) => ({ by }, more) => post(`beds/${encodeURIComponent(bed.id)}/${path}`, { by, ...more });

/**
 * Any of pain, sedation and oxygen in three taps: open, value, save.
 * @param {Bed} bed
 * @returns {Ask}
 */
export function nrsAsk(bed) {
  const send = (/** @type {{by: string, filled: Filled}} */ said) => to(bed, "assessments")(said, said.filled);
  return { ...SUBJECT, title: t("Pain, sedation, oxygen"), bed, about: "", hint: "", fields: bedside(), go: t("Save"), send };
}

/**
 * @param {Bed} bed
 * @param {Words} words
 * @returns {Ask}
 */
export function assessmentAsk(bed, words) {
  const named = (/** @type {{code: string, label: string}[]} */ list) => list.map((one) => ({ id: one.code, words: one.label }));
  /** @type {Field[]} */
  const fields = [
    ...bedside(),
    { name: "pain", label: t("Pain is"), kind: "checks", options: named(words.pain) },
    { name: "effects", label: t("Side effects that are present"), kind: "checks", options: named(words.side_effects) },
    { name: "severity", label: t("How severe the worst of them is"), kind: "list", options: words.severities.slice(1).map((word) => ({ id: word, words: word })) },
    { name: "satisfaction", label: t("Satisfaction (0 to 10)"), kind: "number" },
    { name: "tolerance", label: t("How it is tolerated, in words"), kind: "text" },
    { name: "mood", label: t("Mood, in words"), kind: "text" },
    { name: "note", label: t("Note"), kind: "text" },
  ];
  return { ...SUBJECT, title: t("Assessment"), bed, about: "", hint: t("What is left empty was not assessed."), fields, go: t("Save"), send: (said) => to(bed, "assessments")(said, assessment(said.filled)) };
}

/** @param {Filled} found */
function assessment({ effects, severity, ...rest }) {
  const present = Array.isArray(effects) ? effects : [];
  return { ...rest, side_effects: present.map((name) => ({ name, severity })) };
}

/**
 * @param {Bed} bed
 * @param {Words} words
 * @param {string} [read] the server's time
 * @returns {Ask}
 */
export function opioidAsk(bed, words, read) {
  /** @type {Field[]} */
  const fields = [
    { name: "drug", label: t("Opioid"), kind: "text", required: true, options: plainly(words.opioids) },
    { name: "route", label: t("Route"), kind: "choice", options: routes(OPIOID_ROUTES), required: true },
    { name: "amount", label: t("Amount"), kind: "number", required: true },
    { name: "unit", label: t("Unit"), kind: "choice", options: [{ id: "amount_mg", words: "mg" }, { id: "amount_mcg", words: "mcg" }], required: true },
    { name: "ago_min", label: t("Given how long ago (empty: just now)"), unit: "min", kind: "number" },
  ];
  const hint = t("One administration. MME are computed by the table that the ward chose.");
  return { ...SUBJECT, title: t("Opioid given"), bed, about: "", hint, fields, go: t("Save"), send: (said) => to(bed, "opioids")(said, amount(timed(said.filled, read))) };
}

/**
 * @param {Bed} bed
 * @param {Words} words
 * @returns {Ask}
 */
export function patchAsk(bed, words) {
  /** @type {Field[]} */
  const fields = [
    { name: "drug", label: t("Opioid"), kind: "text", required: true, options: plainly(words.opioids) },
    { name: "patch_mcg_h", label: t("Strength"), unit: "mcg/h", kind: "number", required: true },
  ];
  return { ...SUBJECT, title: t("Patch put on"), bed, about: "", hint: t("It counts until it is charted as taken off."), fields, go: t("Save"), send: (said) => to(bed, "opioids")(said, said.filled) };
}

/**
 * Patches that are on: put on, not taken off, and not corrected away.
 * @param {{entries: ChartEntry[]}|null} chart
 */
export function patchesOn(chart) {
  const entries = (chart?.entries ?? []).filter((entry) => !entry.corrected_by);
  const off = new Set(entries.filter((entry) => entry.kind === "patch_off").map((entry) => entry.entry["patch"]));
  return entries.filter((entry) => entry.kind === "patch_on" && !off.has(entry.id));
}

/**
 * @param {Bed} bed
 * @param {ChartEntry[]} patches that are on
 * @param {string|undefined} zone
 * @returns {Ask}
 */
export function patchOffAsk(bed, patches, zone) {
  const options = patches.map((one) => ({ id: one.id, words: `${one.entry["drug"]}, put on ${clock(one.at, zone)} by ${one.by}` }));
  /** @type {Field[]} */
  const fields = [{ name: "patch_off", label: t("Patch"), kind: "list", options, required: true }];
  return { ...SUBJECT, title: t("Patch taken off"), bed, about: "", hint: "", fields, go: t("Save"), send: (said) => to(bed, "opioids")(said, said.filled) };
}

/**
 * What is about to be given is held against the caps; what was given already always counts.
 * @param {Bed} bed
 * @param {string} [read] the server's time
 * @returns {Ask}
 */
export function doseAsk(bed, read) {
  /** @type {Field[]} */
  const fields = [
    { name: "route", label: t("Route"), kind: "choice", options: routes(OTHER_ROUTES), required: true },
    { name: "amount_mg", label: t("Amount, as ketamine base"), unit: "mg", kind: "number", required: true },
    { name: "ago_min", label: t("Given how long ago (empty: about to be given)"), unit: "min", kind: "number" },
  ];
  const hint = t("It counts in the dose caps and in the prediction, as the protocol says.");
  return { ...SUBJECT, title: t("Ketamine by another route"), bed, about: "", hint, fields, go: t("Save"), send: (said) => to(bed, "doses")(said, timed(said.filled, read)) };
}

/** @param {Filled} found */
function amount({ amount, unit, ...rest }) {
  return { ...rest, [String(unit)]: amount };
}

/**
 * @param {Bed} bed
 * @param {Words} words
 * @returns {Ask}
 */
export function adjunctAsk(bed, words) {
  /** @type {Field[]} */
  const fields = [
    { name: "drug", label: t("Drug"), kind: "choice", options: [...plainly(words.adjuncts), { id: "none", words: t("none is given") }], required: true },
    { name: "amount_mg", label: t("Amount"), unit: "mg", kind: "number" },
    { name: "note", label: t("Note (why, where none is given)"), kind: "text" },
  ];
  return { ...SUBJECT, title: t("Adjunct"), bed, about: "", hint: "", fields, go: t("Save"), send: (said) => to(bed, "adjuncts")(said, said.filled) };
}

/**
 * @param {Bed} bed
 * @param {Words} words
 * @returns {Ask}
 */
export function medicineAsk(bed, words) {
  /** @type {Field[]} */
  const fields = [
    { name: "drug", label: t("Medicine"), kind: "text", required: true, options: words.medicines.map((one) => ({ id: one.code, words: one.label })) },
    { name: "sedating", label: t("Does it add to sedation? (of one that is not listed)"), kind: "choice", options: [{ id: "yes", words: t("yes") }, { id: "no", words: t("no") }] },
    { name: "note", label: t("Note"), kind: "text" },
  ];
  const send = (/** @type {{by: string, filled: Filled}} */ said) => {
    const { sedating, ...rest } = said.filled;
    return to(bed, "comedications")(said, sedating ? { ...rest, sedating: sedating === "yes" } : rest);
  };
  return { ...SUBJECT, title: t("Other medicine"), bed, about: "", hint: "", fields, go: t("Save"), send };
}

/**
 * Every contra-indication was asked for; those that are present are ticked.
 * @param {Bed} bed
 * @param {Words} words
 * @returns {Ask}
 */
export function checklistAsk(bed, words) {
  /** @type {Field[]} */
  const fields = [{ name: "present", label: t("Tick what is present"), kind: "checks", options: plainly(words.contraindications) }];
  const send = (/** @type {{by: string, filled: Filled}} */ said) => {
    const present = new Set(said.filled["present"]);
    return to(bed, "checklist")(said, { answers: Object.fromEntries(words.contraindications.map((name) => [name, present.has(name)])) });
  };
  return { ...SUBJECT, title: t("Contra-indications"), bed, about: "", hint: t("Saving says that all of them were asked for."), fields, go: t("All asked for"), send };
}

/**
 * @param {Bed} bed
 * @returns {Ask}
 */
export function courseAsk(bed) {
  /** @type {Field[]} */
  const fields = [
    { name: "baseline_mme", label: t("Opioids before it"), unit: "MME a day", kind: "number" },
    { name: "context", label: t("Context"), kind: "text" },
  ];
  return { ...SUBJECT, title: t("Open course"), bed, about: "", hint: t("Starts nothing."), fields, go: t("Open course"), send: (said) => to(bed, "course")(said, said.filled) };
}

/**
 * @param {Bed} bed
 * @returns {Ask}
 */
export function planAsk(bed) {
  /** @type {Field[]} */
  const fields = [
    { name: "dose_mg_kg", label: t("Dose of the infusion"), unit: "mg/kg", kind: "number", required: true },
    { name: "start_mg_kg_h", label: t("Rate to begin with"), unit: "mg/kg/h", kind: "number", required: true },
  ];
  return { ...SUBJECT, title: t("Plan infusion"), bed, about: "", hint: t("Starts nothing: the pump is started at the pump."), fields, go: t("Plan"), send: (said) => to(bed, "course/infusions")(said, said.filled) };
}

/**
 * @param {Bed} bed
 * @param {Words} words
 * @returns {Ask}
 */
export function ruleAsk(bed, words) {
  /** @type {Field[]} */
  const fields = [{ name: "rule", label: t("Rule"), kind: "list", options: words.rules.map((id) => ({ id, words: RULE_WORDS[id] ?? id })), required: true }];
  const hint = t("For the present infusion, before a start for the next one. The hard ceiling and the caps stay in force.");
  return { ...SUBJECT, title: t("Set a rule aside"), bed, about: "", hint, fields, reasonLabel: t("Reason"), go: t("Set aside"), send: (said) => to(bed, "course/override")(said, { ...said.filled, reason: said.reason }) };
}

/**
 * @param {Bed} bed
 * @returns {Ask}
 */
export function endAsk(bed) {
  return { ...SUBJECT, title: t("End course"), bed, about: "", hint: t("Stops nothing at the pump."), reasonLabel: t("Reason"), go: t("End course"), send: (said) => to(bed, "course/end")(said, { reason: said.reason }) };
}

/**
 * @param {Bed} bed
 * @returns {Ask}
 */
export function followUpAsk(bed) {
  /** @type {Field[]} */
  const fields = [
    { name: "note", label: t("How the patient is"), kind: "text", required: true },
    { name: "nrs", label: t("Pain (NRS)"), kind: "scale", options: NRS_STEPS },
    { name: "mme", label: t("Opioids"), unit: "MME a day", kind: "number" },
  ];
  return { ...SUBJECT, title: t("After the course"), bed, about: "", hint: "", fields, go: t("Save"), send: (said) => to(bed, "course/follow-up")(said, said.filled) };
}
