// Who is signed in changes their own password or PIN. The server asks for the password that holds now.

import { html, nothing } from "../lit.js";
import { post } from "../acts.js";
import { t } from "../i18n.js";
import { signed, toSignIn } from "../session.js";
import { serverWords } from "../server-words.js";
import { ROLES } from "./say.js";

/** @typedef {"password"|"pin"} What */

/** So long the confirmation is read before the sign-in page comes. */
const TOLD_MS = 2_500;

export class OwnAccount {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    this.busy = false;
    /** What was last confirmed. @type {What|null} */
    this.done = null;
    /** @type {{what: What, said: string[]}|null} */
    this.refused = null;
  }

  /**
   * @param {SubmitEvent} event
   * @param {What} what
   */
  async submit(event, what) {
    event.preventDefault();
    const element = /** @type {HTMLFormElement} */ (event.target);
    const form = new FormData(element);
    const [current, fresh, again] = ["current", "fresh", "again"].map((name) => String(form.get(name) ?? ""));
    this.done = this.refused = null;
    if (fresh !== again) this.refused = { what, said: [t("The two are not the same.")] };
    else if (!this.busy) await this.send(what, element, { current, [what]: fresh });
    this.changed();
  }

  /**
   * @param {What} what
   * @param {HTMLFormElement} form
   * @param {object} body
   */
  async send(what, form, body) {
    this.busy = true;
    this.changed();
    const answer = await post("session/secrets", body);
    this.busy = false;
    if (answer.ok) {
      this.done = what;
      form.reset();
      if (what === "password") setTimeout(toSignIn, TOLD_MS);
    } else this.refused = { what, said: answer.said };
  }

  view() {
    const who = signed();
    if (!who?.signed_in || who.demo) return html`<p class="empty">${t("This demonstration keeps no accounts.")}</p>`;
    return html`
      <section class="card"><header><h2>${who.name} <span class="sub">${who.account}</span></h2></header>
        <p>${who.roles.map((role) => t(ROLES[role] ?? role)).join(", ")}</p></section>
      <div class="cards">
        ${this.form("password", t("New password"), t("Your other sessions end, and so does this one: you sign in again with the new password."))}
        ${this.form("pin", t("New PIN"), t("With your badge it says at a shared screen who acts. Digits only."))}
      </div>`;
  }

  /**
   * @param {What} what
   * @param {string} title
   * @param {string} hint
   */
  form(what, title, hint) {
    return html`
      <form class="card own" data-own=${what} @submit=${(/** @type {SubmitEvent} */ event) => void this.submit(event, what)}>
        <h2>${title}</h2>
        <p class="hint">${hint}</p>
        <label>${t("Password now")}<input type="password" name="current" required maxlength="1000" autocomplete="current-password"></label>
        <label>${title}<input type="password" name="fresh" required maxlength="1000" autocomplete="new-password" inputmode=${what === "pin" ? "numeric" : "text"}></label>
        <label>${t("Once more")}<input type="password" name="again" required maxlength="1000" autocomplete="new-password" inputmode=${what === "pin" ? "numeric" : "text"}></label>
        ${this.refused?.what === what ? html`<div role="alert"><ul class="refusals">${this.refused.said.map((words) => html`<li>${serverWords(words)}</li>`)}</ul></div>` : nothing}
        ${this.done === what ? html`<p class="good" role="status"><span aria-hidden="true">✓</span> ${t("Changed.")}</p>` : nothing}
        <div class="row"><button type="submit" class="main" ?disabled=${this.busy}>${this.busy ? t("Asking ...") : t("Change")}</button></div>
      </form>`;
  }
}
