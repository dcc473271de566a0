// Fields of a dialog, and what a person put into them. Pure.

import { html, nothing } from "./lit.js";
import { t } from "./i18n.js";

/**
 * One field. scale: one tap out of a row of numbers. choice: one of a few. list: one of many. checks: any of them.
 * `value`: what stands there at first. `none`: an option that says nothing, for a choice that may be left out.
 * `options` of a text are suggestions.
 * @typedef {{name: string, label: string, kind: "scale"|"choice"|"list"|"checks"|"text"|"number"|"date"|"secret",
 *   options?: {id: string, words: string}[], required?: boolean, value?: string, hint?: string, unit?: string}} Field
 */

/** What was put in: the texts of fields and the lists of checks, without what was left empty. @typedef {Record<string, string|string[]>} Filled */

/** Of the browser's own inputs. @type {Record<string, string>} */
const TYPES = { date: "date", secret: "password" };

/** @param {Field} field */
export function fieldView(field) {
  if (field.kind === "scale" || field.kind === "choice") return radios(field);
  if (field.kind === "checks") return checks(field);
  if (field.kind === "list") return list(field);
  const number = field.kind === "number";
  return html`
    <label class=${field.kind}>${field.label}${field.unit ? ` (${field.unit})` : ""}${optional(field)}
      <input type=${TYPES[field.kind] ?? "text"} name=${field.name} ?required=${field.required} maxlength=${field.kind === "secret" ? 1000 : 200} autocomplete=${field.kind === "secret" ? "new-password" : "off"} inputmode=${number ? "decimal" : "text"}
        list=${field.options ? `known-${field.name}` : nothing} pattern=${number ? "[0-9]+([.][0-9]+)?" : ".*"} title=${number ? t("digits with a decimal point, such as 0.5") : ""} .value=${field.value ?? ""}>
      ${field.options ? html`<datalist id="known-${field.name}">${field.options.map((option) => html`<option value=${option.id}></option>`)}</datalist>` : nothing}
    </label>
  `;
}

/** @param {Field} field */
const optional = (field) => (field.required ? "" : ` ${t("(optional)")}`);

/** @param {Field} field */
function radios(field) {
  return html`
    <fieldset class=${field.kind}>
      <legend>${field.label}${optional(field)}</legend>
      <div class="options">${(field.options ?? []).map((option) => html`
        <label class=${field.kind === "scale" ? "step" : "choice"}><input type="radio" name=${field.name} value=${option.id}
          ?required=${field.required} ?checked=${option.id === field.value}><span>${option.words}</span></label>`)}</div>
      ${field.hint ? html`<p class="hint">${field.hint}</p>` : nothing}
    </fieldset>
  `;
}

/** @param {Field} field */
function checks(field) {
  return html`
    <fieldset class="checks">
      <legend>${field.label}</legend>
      <div class="options">${(field.options ?? []).map((option) => html`
        <label class="choice"><input type="checkbox" name=${field.name} value=${option.id}
          ?checked=${(field.value ?? "").split(",").includes(option.id)}><span>${option.words}</span></label>`)}</div>
      ${field.hint ? html`<p class="hint">${field.hint}</p>` : nothing}
    </fieldset>
  `;
}

/** @param {Field} field */
function list(field) {
  return html`
    <label>${field.label}
      <select name=${field.name} ?required=${field.required}>
        ${(field.options ?? []).map((option) => html`<option value=${option.id} ?selected=${option.id === field.value}>${option.words}</option>`)}
      </select>
    </label>
  `;
}

/**
 * @param {Field[]} fields
 * @param {FormData} form
 * @returns {Filled}
 */
export function filled(fields, form) {
  /** @type {Filled} */
  const found = {};
  for (const field of fields) {
    const told = form.getAll(field.name).map(String);
    const said = (field.kind === "secret" ? told : told.map((value) => value.trim())).filter(Boolean);
    if (field.kind === "checks") found[field.name] = said;
    else if (said[0] !== undefined) found[field.name] = said[0];
  }
  return found;
}
