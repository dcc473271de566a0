// Whom a dialog is about: the bed and the patient, always on top. Pure.

import { html, nothing } from "./lit.js";
import { t } from "./i18n.js";

/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Patient} Patient */

/**
 * As much of a patient as this screen shows; the record number, where it shows no whole name.
 * @param {Patient|null} patient
 * @param {"initials"|"full"|"off"} names
 * @returns {string[]}
 */
export function patientWords(patient, names) {
  if (!patient) return [t("no patient")];
  const name = names === "full" ? patient.name : names === "initials" ? patient.initials : null;
  const weight = patient.weight_kg === null ? t("no weight") : `${patient.weight_kg} kg`;
  return [...(name ? [name] : []), ...(names === "full" && name ? [] : [patient.mrn]), weight].filter(Boolean);
}

/**
 * @param {Bed|null} bed null: it is about no bed, and `words` say about what
 * @param {string} words
 * @param {"initials"|"full"|"off"} names
 */
export function subjectView(bed, words, names) {
  return html`
    <p class="subject"><strong>${bed?.label ?? words}</strong>
      ${bed ? patientWords(bed.patient, names).map((part) => html`<span>${part}</span>`) : nothing}</p>
  `;
}

/**
 * Somebody else lies in the bed than when the dialog was opened: what stood in it is not theirs.
 * @param {() => void} close
 */
export function anotherPatient(close) {
  return html`
    <p class="about high" role="alert">${t("ANOTHER PATIENT than when this was opened, or pumpd was restarted. Nothing was sent. Look who lies there, and begin anew.")}</p>
    <div class="buttons"><button type="button" class="main" @click=${close}>${t("Close")}</button></div>
  `;
}
