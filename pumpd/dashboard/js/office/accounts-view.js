// Accounts, programs' tokens and sessions, as an administrator reads them. Pure.

import { html, nothing } from "../lit.js";
import { t } from "../i18n.js";
import { signed } from "../session.js";
import { IDENTITIES, PERMISSIONS } from "./account-asks.js";
import { ROLES, stamp } from "./say.js";

/**
 * @typedef {{account: string, name: string, roles: string[], identity: string, disabled: boolean, has_badge: boolean,
 *   has_pin: boolean, created: string, last_sign_in: string|null}} Account
 * @typedef {{id: string, name: string, permissions: string[], identity: string, created_by: string, created: string,
 *   expires: string|null, last_used: string|null}} Token
 * @typedef {{session: string, account: string, name: string, roles: string[], address: string, since: string,
 *   active: string, ends: string|null}} SessionRow
 * @typedef {"name"|"roles"|"password"|"pin"|"badge"|"disable"|"remove"} Change
 */

/** @param {string[]} roles */
const roleWords = (roles) => roles.map((role) => t(ROLES[role] ?? role)).join(", ");

/**
 * @param {Account[]|null} accounts
 * @param {{add: () => void, change: (account: Account, what: Change) => void}} acts
 */
export function accountsView(accounts, acts) {
  if (!accounts) return html`<p class="none">${t("Asking ...")}</p>`;
  return html`
    <div class="row"><button type="button" class="main" @click=${acts.add}>${t("New account")}</button></div>
    <div class="cards">${accounts.map((one) => accountView(one, acts.change))}</div>`;
}

/**
 * @param {Account} one
 * @param {(account: Account, what: Change) => void} change
 */
function accountView(one, change) {
  /** @type {[Change, string][]} */
  const acts = [
    ["name", t("Name")], ["roles", t("Roles")], ["password", t("Password")], ["pin", t("PIN")], ["badge", t("Badge")],
    ["disable", one.disabled ? t("Enable") : t("Disable")], ["remove", t("Remove")],
  ];
  /** @type {[string, unknown][]} */
  const rows = [
    [t("Roles"), roleWords(one.roles)],
    [t("Patients' names"), t(IDENTITIES[one.identity] ?? one.identity)],
    [t("Badge and PIN"), [one.has_badge ? t("has a badge") : t("no badge"), one.has_pin ? t("has a PIN") : t("no PIN")].join(", ")],
    [t("Last sign-in"), one.last_sign_in ? stamp(one.last_sign_in) : t("never")],
  ];
  return html`
    <article class="card ${one.disabled ? "alert" : ""}" data-account=${one.account}>
      <header><h2>${one.name} <span class="sub">${one.account}</span></h2>${one.disabled ? html`<span class="bad">${t("disabled")}</span>` : nothing}</header>
      <dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
      <div class="row">${acts.map(([what, words]) => html`<button type="button" class="quiet" aria-label=${`${words}: ${one.name}`} @click=${() => change(one, what)}>${words}</button>`)}</div>
    </article>`;
}

/**
 * @param {Token[]|null} tokens
 * @param {{add: () => void, revoke: (token: Token) => void}} acts
 */
export function tokensView(tokens, acts) {
  if (!tokens) return html`<p class="none">${t("Asking ...")}</p>`;
  return html`
    <div class="row"><button type="button" class="main" @click=${acts.add}>${t("New token")}</button></div>
    ${tokens.length === 0 ? html`<p class="none">${t("No program has a token.")}</p>` : nothing}
    <div class="cards">${tokens.map((one) => html`
      <article class="card" data-token=${one.id}>
        <header><h2>${one.name}</h2><span class="sub">${one.id}</span></header>
        <dl class="facts">
          <dt>${t("What it may")}</dt><dd>${one.permissions.map((id) => t(PERMISSIONS[id] ?? id)).join(", ")}</dd>
          <dt>${t("Patients' names")}</dt><dd>${t(IDENTITIES[one.identity] ?? one.identity)}</dd>
          <dt>${t("Made")}</dt><dd>${stamp(one.created)}, ${one.created_by}</dd>
          <dt>${t("Expires")}</dt><dd>${one.expires ? stamp(one.expires) : t("never")}</dd>
          <dt>${t("Last used")}</dt><dd>${one.last_used ? stamp(one.last_used) : t("never")}</dd>
        </dl>
        <div class="row"><button type="button" class="quiet" aria-label=${`${t("Revoke")}: ${one.name}`} @click=${() => acts.revoke(one)}>${t("Revoke")}</button></div>
      </article>`)}</div>`;
}

/**
 * @param {SessionRow[]|null} sessions
 * @param {(one: SessionRow) => void} end
 */
export function sessionsView(sessions, end) {
  if (!sessions) return html`<p class="none">${t("Asking ...")}</p>`;
  return html`
    <div class="scroll"><table class="stack">
      <thead><tr><th>${t("Who")}</th><th>${t("From where")}</th><th>${t("Signed in")}</th><th>${t("Last act")}</th><th>${t("Ends")}</th><th><span class="hidden">${t("End the session")}</span></th></tr></thead>
      <tbody>${sessions.map((one) => html`<tr data-session=${one.session}>
        <th scope="row">${one.name} <span class="sub">${one.account}, ${roleWords(one.roles)}</span></th>
        <td data-label=${t("From where")}>${one.address}</td>
        <td data-label=${t("Signed in")} class="nowrap">${stamp(one.since)}</td>
        <td data-label=${t("Last act")} class="nowrap">${stamp(one.active)}</td>
        <td data-label=${t("Ends")} class="nowrap">${one.ends ? stamp(one.ends) : t("never")}</td>
        <td class="acts"><button type="button" class="quiet" aria-label=${`${t("End the session")}: ${one.name}, ${one.address}`} @click=${() => end(one)}>${t("End the session")}</button></td></tr>`)}</tbody></table></div>
    <p class="hint">${signed()?.demo ? t("This demonstration keeps no accounts.") : t("A shared screen's session has no end of its own.")}</p>`;
}

/**
 * The only time that the token is told.
 * @param {{token: string, name: string}} made
 * @param {() => void} close
 */
export function tokenTold(made, close) {
  return html`
    <div class="menu">
      <div class="whom"><p class="subject"><strong>${made.name}</strong></p></div>
      <h2 id="act-title">${t("The new token")}</h2>
      <p class="about">${t("Copy it now into the program: it is told this once, and nobody can read it again.")}</p>
      <output class="secret-told">${made.token}</output>
      <div class="buttons">
        <button type="button" @click=${() => void navigator.clipboard?.writeText(made.token)}>${t("Copy")}</button>
        <button type="button" class="main" @click=${close}>${t("Close")}</button>
      </div>
    </div>`;
}
