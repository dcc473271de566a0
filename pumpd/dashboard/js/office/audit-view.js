// The audit as people read it: each kind in words, with who, where and what became of it. Pure.

import { html, nothing } from "../lit.js";
import { t, word } from "../i18n.js";
import { asked } from "./audit-desk.js";
import { ROLES, stamp } from "./say.js";

/**
 * @typedef {{seq: number, at: string, what: string, who: string, roles: string[], session: string, address: string,
 *   subject: string, bed: string|null, patient: string|null, outcome: string, detail: string}} Entry
 * @typedef {{from: string, to: string, who: string, what: string, bed: string, text: string}} Wanted
 * @typedef {{wanted: Wanted, entries: Entry[]|null, next: number|null, busy: boolean, failed: boolean,
 *   verdict: {ok: boolean, rows: number, problem: string|null}|null, verifying: boolean}} Audit
 * @typedef {{search: (wanted: Wanted) => void, more: () => void, verify: () => void}} Acts
 */

/** @type {Record<string, string>} */
const KINDS = {
  sign_in: word("signed in"), sign_out: word("signed out"), session_ended: word("session ended"),
  step_up: word("said who acts at a shared screen"), saw: word("looked at"), act: word("did"), refused: word("was refused"),
  account: word("changed accounts"), export: word("took away a file"), system: word("the daemon"),
};

/** What became of it. @type {Record<string, string>} */
const OUTCOMES = {
  ok: word("done"), wrong: word("wrong password or PIN"), rate_limited: word("too many attempts"), busy: word("too busy"),
  refused: word("refused"), invalid: word("not understood"), not_permitted: word("not permitted"),
  not_signed_in: word("nobody signed in"), step_up_needed: word("nobody had said who acts"), csrf: word("not from our page"),
  origin_not_allowed: word("from a foreign page"), not_durable: word("applied, but not durable"), not_you: word("named another person"),
  not_found: word("not there"),
};

/** Places in words: the first that fits. @type {[RegExp, string][]} */
const PLACES = [
  [/^(\/beds\/[^/]+|\/ward)\/?.*\/stop$/, word("stop a pump")],
  [/\/rate$/, word("ask for a rate")],
  [/\/override$/, word("confirm a soft limit")],
  [/\/interlock\/reset$/, word("reset an interlock")],
  [/\/resume$/, word("permit a resume")],
  [/\/acknowledge$/, word("acknowledge an alarm")],
  [/\/reset$/, word("take an ended alarm off")],
  [/\/audio-pause$/, word("pause the sound")],
  [/\/patient$/, word("bind or release the patient")],
  [/\/report$/, word("a report of a course")],
  [/\/history\//, word("the past of a bed")],
  [/\/trends$/, word("trends")],
  [/\/chart/, word("the chart")],
  [/\/course/, word("the course")],
  [/\/audit\/export$/, word("the audit as a file")],
  [/^\/audit/, word("the audit")],
  [/\.capture\.txt$/, word("raw bytes of a line")],
  [/^\/(ward|beds)$/, word("the ward")],
  [/^\/beds\/[^/]+$/, word("a bed")],
  [/^\/integrations/, word("refused messages of other systems")],
];

/** @param {string} subject */
function place(subject) {
  const path = subject.replace(/^[A-Z]+ /, "");
  const found = PLACES.find(([shape]) => shape.test(path));
  return found ? t(found[1]) : "";
}

/**
 * @param {Audit} audit
 * @param {Acts} acts
 */
export function auditView(audit, acts) {
  return html`
    ${searchView(audit, acts)}
    ${verifyView(audit, acts)}
    ${audit.failed ? html`<p class="bad">${t("The server did not answer. Try again.")}</p>` : nothing}
    ${listView(audit, acts)}
  `;
}

/**
 * @param {Audit} audit
 * @param {Acts} acts
 */
function searchView(audit, acts) {
  const { wanted } = audit;
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const said = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
    acts.search({ from: said("from"), to: said("to"), who: said("who"), what: said("what"), bed: said("bed"), text: said("text") });
  };
  return html`
    <form class="search" role="search" @submit=${submit}>
      <label>${t("From")}<input type="datetime-local" name="from" .value=${wanted.from}></label>
      <label>${t("Until")}<input type="datetime-local" name="to" .value=${wanted.to}></label>
      <label>${t("Who")}<input name="who" maxlength="200" autocomplete="off" .value=${wanted.who}></label>
      <label>${t("What")}<select name="what">
        <option value="">${t("everything")}</option>
        ${Object.entries(KINDS).map(([id, words]) => html`<option value=${id} ?selected=${wanted.what === id}>${t(words)}</option>`)}
      </select></label>
      <label>${t("Bed")}<input name="bed" maxlength="200" autocomplete="off" .value=${wanted.bed}></label>
      <label>${t("Text")}<input name="text" maxlength="200" autocomplete="off" .value=${wanted.text}></label>
      <div class="buttons"><button type="submit" class="main">${t("Search")}</button>
        <a class="button" download href="api/v1/audit/export?format=csv&${asked(wanted, null)}">${t("As CSV")}</a>
        <a class="button" download href="api/v1/audit/export?format=ndjson&${asked(wanted, null)}">${t("As NDJSON")}</a></div>
    </form>`;
}

/**
 * @param {Audit} audit
 * @param {Acts} acts
 */
function verifyView({ verdict, verifying }, acts) {
  return html`
    <div class="row" role="status"><button type="button" ?disabled=${verifying} @click=${acts.verify}>${verifying ? t("Verifying ...") : t("Verify the chain")}</button>
      ${verdict ? html`<span class=${verdict.ok ? "good" : "bad"} data-verdict=${verdict.ok ? "good" : "broken"}>${verdict.ok
        ? t("unbroken: {n} entries checked", { n: verdict.rows })
        : t("BROKEN: {problem}", { problem: verdict.problem ?? "" })}</span>` : nothing}</div>`;
}

/**
 * @param {Audit} audit
 * @param {Acts} acts
 */
function listView(audit, acts) {
  if (!audit.entries) return html`<p class="none">${audit.busy ? t("Asking ...") : ""}</p>`;
  if (audit.entries.length === 0) return html`<p class="empty">${t("No entry fits.")}</p>`;
  return html`
    <div class="scroll"><table class="stack">
      <thead><tr><th>${t("When")}</th><th>${t("Who")}</th><th>${t("What")}</th><th>${t("Bed")}</th><th>${t("Outcome")}</th><th>${t("From where")}</th><th>${t("No.")}</th></tr></thead>
      <tbody>${audit.entries.map(entryView)}</tbody></table></div>
    <div class="row">${audit.next === null
      ? html`<span class="none">${t("These are all.")}</span>`
      : html`<button type="button" ?disabled=${audit.busy} @click=${acts.more}>${t("Older entries")}</button>`}</div>`;
}

/** @param {Entry} entry */
function entryView(entry) {
  const where = place(entry.subject);
  return html`<tr class=${entry.outcome === "ok" ? "" : "refused"} data-what=${entry.what}>
    <td class="nowrap" data-label=${t("When")}>${stamp(entry.at)}</td>
    <th scope="row">${entry.who} <span class="sub">${entry.roles.map((role) => t(ROLES[role] ?? role)).join(", ")}</span></th>
    <td data-label=${t("What")}>${t(KINDS[entry.what] ?? entry.what)}${where ? html`: ${where}` : nothing}
      ${entry.subject ? html` <code class="sub">${entry.subject}</code>` : nothing}${entry.detail ? html` <span class="sub">${entry.detail}</span>` : nothing}</td>
    <td data-label=${t("Bed")}>${entry.bed ?? ""}</td>
    <td data-label=${t("Outcome")}>${t(OUTCOMES[entry.outcome] ?? entry.outcome)}</td>
    <td data-label=${t("From where")}>${entry.address}</td>
    <td class="number sub" data-label=${t("No.")}>${entry.seq}</td></tr>`;
}
