// The sign-in page: account and password, the first account of a new ward, or why there is nothing to do here.

import { html, nothing, render } from "./js/lit.js";
import { LANGUAGE_NAMES, LANGUAGES, language, t } from "./js/i18n.js";
import { beginWithProvider, destination, returnFromProvider, session, setUp, signIn, signOut, signed } from "./js/session.js";
import { Settings } from "./js/settings.js";

/** What the address asked for, while the browser is at the identity provider. */
const KEPT = "pumpd.sign-in";
const came = new URLSearchParams(location.search);
const back = came.has("state") && (came.has("code") || came.has("error"));
const asked = back ? new URLSearchParams(sessionStorage.getItem(KEPT) ?? "") : came;
// a code is nobody's business but the server's: neither the address bar nor the history keeps it
if (back) history.replaceState(null, "", `sign-in.html${asked.size ? "?" : ""}${asked}`);

class Page {
  constructor() {
    this.settings = new Settings();
    this.busy = false;
    this.silent = false;
    /** @type {string[]} */
    this.said = [];
  }

  async start() {
    this.draw();
    this.silent = (await session({ background: true })) === null;
    if (back && signed()?.signed_in === false) return this.settle(() => returnFromProvider(came));
    this.draw();
    this.focus();
  }

  focus() {
    const first = /** @type {HTMLInputElement|null} */ (document.querySelector("input:placeholder-shown"));
    (first ?? document.querySelector("input"))?.focus();
  }

  /**
   * @param {SubmitEvent} event
   * @param {(form: Record<string, string>) => Promise<import("./js/session-types.js").Answer>} send
   */
  async submit(event, send) {
    event.preventDefault();
    if (this.busy) return;
    const form = /** @type {HTMLFormElement} */ (event.target);
    const filled = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    await this.settle(() => send(filled));
    if (this.busy) return;
    const secret = /** @type {HTMLInputElement|null} */ (form.querySelector("[name=password]"));
    if (secret) secret.value = "";
    secret?.focus();
  }

  /**
   * Signed in, and on to what was asked for; or why not. It stays busy until the next page is there.
   * @param {() => Promise<import("./js/session-types.js").Answer>} send
   */
  async settle(send) {
    this.busy = true;
    this.said = [];
    this.draw();
    const answer = await send();
    if (answer.ok) return location.replace(destination(asked.get("to")));
    this.busy = false;
    this.said = why(answer);
    this.draw();
    this.focus();
  }

  /** To the identity provider's own page. */
  async leave() {
    if (this.busy) return;
    this.busy = true;
    this.said = [];
    this.draw();
    const answer = await beginWithProvider();
    if (answer.ok) {
      sessionStorage.setItem(KEPT, asked.toString());
      return location.assign(answer.body.location);
    }
    this.busy = false;
    this.said = why(answer);
    this.draw();
  }

  draw() {
    render(html`
      <section class="sign-in" aria-labelledby="title">
        <header><h1 id="title">${this.title()}</h1><span class="brand">pumpd</span></header>
        ${this.body()}
      </section>
      <div class="languages">${LANGUAGES.filter((one) => one !== language()).map((one) => html`
        <button type="button" class="quiet" lang=${one} @click=${() => { this.settings.nextLanguage(); this.draw(); }}>${LANGUAGE_NAMES[one]}</button>`)}</div>
    `, /** @type {HTMLElement} */ (document.getElementById("app")));
  }

  title() {
    const who = signed();
    if (who?.signed_in) return who.demo ? t("Demonstration") : t("Signed in");
    return who?.setup_needed ? t("First account") : t("Sign in");
  }

  body() {
    const who = signed();
    if (!who) return html`<p role="status">${this.silent ? t("No answer from the server. Look at the bedside.") : t("connecting ...")}</p>`;
    if (who.demo) return html`<p class="lead">${t("This demonstration signs in by itself. Every screen says so.")}</p>${onward()}`;
    if (who.signed_in) return inside(who);
    return who.setup_needed ? this.firstForm() : this.form();
  }

  form() {
    return html`
      <form @submit=${(/** @type {SubmitEvent} */ event) => void this.submit(event, ({ account, password }) => signIn(account ?? "", password ?? ""))}>
        ${field("account", t("Account"), "username")}
        ${field("password", t("Password"), "current-password", "password")}
        ${this.foot(t("Sign in"))}
      </form>
      ${this.provider(signed()?.provider ?? "")}
    `;
  }

  /** @param {string} name of the identity provider; "": there is none */
  provider(name) {
    if (!name) return nothing;
    return html`
      <div class="or" aria-hidden="true">${t("or")}</div>
      <button type="button" class="second" ?disabled=${this.busy} @click=${() => void this.leave()}>${t("Sign in with {name}", { name })}</button>
    `;
  }

  firstForm() {
    return html`
      <p class="lead">${t("This ward has no account yet. Make the administrator's with the set-up token that pumpd printed when it started.")}</p>
      <form @submit=${(/** @type {SubmitEvent} */ event) => void this.submit(event, (form) => setUp(/** @type {any} */ (form)))}>
        ${field("token", t("Set-up token"), "one-time-code")}
        ${field("account", t("Account"), "username", "text", t("the name to sign in with, such as klee"))}
        ${field("name", t("Name"), "name", "text", t("as the record shows it, such as Kim Lee RN"))}
        ${field("password", t("Password"), "new-password", "password")}
        ${this.foot(t("Make the account"))}
      </form>
    `;
  }

  /** @param {string} go */
  foot(go) {
    return html`
      ${this.said.length ? html`<div class="refused" role="alert">${this.said.map((line) => html`<span>${line}</span>`)}</div>` : nothing}
      <button type="submit" class="main" ?disabled=${this.busy}>${this.busy ? t("asking ...") : go}</button>
    `;
  }
}

/** @param {import("./js/session-types.js").Session} who */
function inside(who) {
  const refused = asked.get("why") === "view";
  return html`
    <p class="lead">${refused ? t("{name} may not see the ward.", { name: who.name }) : t("You are signed in as {name}.", { name: who.name })}</p>
    ${refused ? nothing : onward()}
    ${who.permissions.includes("audit") ? html`<a class="main" href="api/v1/audit/export?format=csv" download>${t("The audit as a table (CSV)")}</a>` : nothing}
    <button type="button" class="second" @click=${() => void signOut()}>${t("Sign out")}</button>
  `;
}

const onward = () => html`<a class="main" href=${destination(asked.get("to"))}>${t("To the ward")}</a>`;

/**
 * @param {string} name
 * @param {string} label
 * @param {AutoFill} autocomplete
 * @param {string} [type]
 * @param {string} [hint]
 */
function field(name, label, autocomplete, type = "text", hint = "") {
  return html`<label>${label}${hint ? html`<small>${hint}</small>` : nothing}
    <input name=${name} type=${type} required placeholder=" " autocomplete=${autocomplete} autocapitalize="none" spellcheck="false"
      maxlength=${type === "password" || name === "token" ? 1024 : 80}></label>`;
}

/** @param {import("./js/session-types.js").Answer} answer */
function why(answer) {
  if (answer.status === 0) return [t("No answer from the server.")];
  if (answer.body?.error?.code === "provider_away")
    return [t("{name} does not answer. Sign in with account and password.", { name: signed()?.provider ?? "" })];
  const wait = answer.wait_s > 0 ? [t("Try again in {n} s.", { n: answer.wait_s })] : [];
  return [...answer.said, ...wait];
}

void new Page().start();
