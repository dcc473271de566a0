// Who is signed in, in the head line of every page; and who has stepped up at a shared screen.

import { html, nothing } from "./lit.js";
import { t, word } from "./i18n.js";
import { endGrant, grant, grantSeconds, session, signOut, signed } from "./session.js";
import { wearStyle } from "./step-up.js";

/** @type {Record<string, string>} */
const ROLE_WORDS = {
  display: word("shared screen"), nurse: word("nurse"), charge: word("charge nurse"), biomed: word("biomedical engineer"),
  auditor: word("auditor"), admin: word("administrator"), machine: word("program"),
};

/**
 * Asks for the session when it is first drawn.
 * @param {() => void} changed asks for a new rendering
 */
export function accountMenu(changed) {
  wearStyle();
  const who = signed();
  if (!who) {
    void session({ background: true }).then((found) => found && changed());
    return nothing;
  }
  if (who.demo) return html`<p class="account demo">${t("Demo: nobody signed in")}</p>`;
  if (!who.signed_in) return html`<a class="account away" href="sign-in.html">${t("Sign in")}</a>`;
  return html`${atScreen(changed)}${menu(who)}`;
}

/** @param {import("./session-types.js").Session} who */
function menu(who) {
  return html`
    <details class="account">
      <summary>${who.name}</summary>
      <div class="sheet">
        <p class="who">${who.name}</p>
        <p>${who.account}, ${who.roles.map((role) => t(ROLE_WORDS[role] ?? role)).join(", ")}</p>
        ${who.step_up_needed ? html`<p>${t("Everybody's screen: an act asks who acts. A stop does not wait.")}</p>` : nothing}
        ${who.idle_s ? html`<p>${t("Signs out after {n} min without a touch.", { n: Math.round(who.idle_s / 60) })}</p>` : nothing}
        ${who.roles.includes("display") ? nothing : html`<a class="own" href="account.html">${t("My account")}</a>`}
        <button type="button" @click=${() => void signOut()}>${t("Sign out")}</button>
      </div>
    </details>
  `;
}

/** @param {() => void} changed */
function atScreen(changed) {
  const person = grant();
  if (!person) return nothing;
  return html`<p class="account person">${t("{name} acts here", { name: person.name })} <span class="left">${grantSeconds()} s</span>
    <button type="button" class="quiet" @click=${() => { endGrant(); changed(); }}>${t("Done")}</button></p>`;
}
