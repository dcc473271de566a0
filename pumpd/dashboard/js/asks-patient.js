// What is asked before a patient is bound to a bed or released from it. Both have a second step, because a dose is
// computed with the weight of whoever is bound. Pure but for send.

import { bindPatient, releasePatient } from "./acts.js";
import { patientWords } from "./dialog-subject.js";
import { t } from "./i18n.js";

/** @typedef {import("./asks.js").Ask} Ask */
/** @typedef {import("./asks.js").Review} Review */
/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./fields.js").Filled} Filled */
/** @typedef {import("./types.js").Bed} Bed */

/** Outside of this a weight in kg is read twice. */
const USUAL_KG = [30, 180];
const SUBJECT = { tone: "plain", choices: false, about: "" };

/**
 * @param {Bed} bed
 * @returns {Ask}
 */
export function bindAsk(bed) {
  /** @type {Field[]} */
  const fields = [
    { name: "family_name", label: t("Family name"), kind: "text", required: true },
    { name: "given_name", label: t("Given name"), kind: "text" },
    { name: "birth_date", label: t("Date of birth"), kind: "date", required: true },
    { name: "mrn", label: t("Record number (MRN)"), kind: "text", required: true },
    { name: "sex", label: t("Sex"), kind: "choice", required: true, options: sexes() },
    { name: "weight_kg", label: t("Weight today"), unit: "kg", kind: "number" },
  ];
  const hint = t("Without a weight no dose can be computed, and no rate is permitted.");
  return { ...SUBJECT, title: t("Bind patient"), bed, hint, fields, reasonLabel: null, go: t("Bind patient"), review: (filled) => checkOf(bed, filled), send: ({ by, filled }) => bindPatient(bed.id, { by, ...patient(filled) }) };
}

const sexes = () => [
  { id: "female", words: t("female") },
  { id: "male", words: t("male") },
  { id: "other", words: t("other") },
  { id: "unknown", words: t("not known") },
];

/** @param {Filled} filled */
function patient(filled) {
  const text = (/** @type {string} */ name) => String(filled[name] ?? "");
  return {
    mrn: text("mrn"), family_name: text("family_name"), given_name: text("given_name"), birth_date: text("birth_date"),
    sex: text("sex"), weight_kg: text("weight_kg") || null,
  };
}

/**
 * @param {Bed} bed
 * @param {Filled} filled
 * @returns {Review}
 */
function checkOf(bed, filled) {
  const { mrn, family_name, given_name, birth_date, weight_kg } = patient(filled);
  return {
    lines: [
      [t("Bed"), bed.label],
      [t("Name"), [family_name, given_name].filter(Boolean).join(", ")],
      [t("Date of birth"), birth_date],
      [t("Record number (MRN)"), mrn],
      [t("Weight today"), weight_kg === null ? t("no weight") : `${weight_kg} kg`],
    ],
    warnings: warnings(bed, weight_kg),
    checks: [t("Name and date of birth are those on the patient's wristband"), t("This patient lies in {bed}", { bed: bed.label })],
    go: t("This is the right patient"),
  };
}

/**
 * @param {Bed} bed
 * @param {string|null} weight_kg
 */
function warnings(bed, weight_kg) {
  const [low, high] = /** @type {[number, number]} */ (USUAL_KG);
  const odd = weight_kg !== null && (Number(weight_kg) < low || Number(weight_kg) > high);
  return [
    ...(odd ? [t("{kg} kg is an unusual weight: check it.", { kg: weight_kg })] : []),
    ...(weight_kg === null ? [t("Without a weight no dose can be computed, and no rate is permitted.")] : []),
    ...(bed.patient ? [t("Another patient is bound to this bed: {who}.", { who: patientWords(bed.patient, "full").join(", ") })] : []),
  ];
}

/**
 * @param {Bed} bed
 * @returns {Ask}
 */
export function releaseAsk(bed) {
  const who = patientWords(bed.patient, "full").join(", ");
  const running = bed.pumps.filter((pump) => pump.infusing !== false).map((pump) => pump.id);
  const review = () => ({
    lines: /** @type {[string, string][]} */ ([[t("Bed"), bed.label], [t("Patient"), who]]),
    warnings: running.length ? [t("Not known to have stopped: {pumps}. Releasing stops no pump.", { pumps: running.join(", ") })] : [],
    checks: [t("This patient has left {bed}", { bed: bed.label })],
    go: t("Release patient"),
  });
  return {
    ...SUBJECT,
    title: t("Release patient"),
    bed,
    hint: t("Alarms, doses and displays of this patient are closed. It stops no pump."),
    reasonLabel: t("Reason"),
    go: t("Release patient"),
    review,
    send: ({ by, reason }) => releasePatient(bed.id, { by, reason }),
  };
}
