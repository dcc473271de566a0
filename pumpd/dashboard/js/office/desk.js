// What the pages at a desk have in common (devices, audit, accounts): the head line, the parts of the page as tabs whose
// name stands in the address, a dialog, and what the server said, which is never shown once it is lost or too old.

import { html, nothing, render } from "../lit.js";
import { read } from "../acts.js";
import { ActDialog } from "../dialog.js";
import { t } from "../i18n.js";
import { headLine } from "../nav.js";
import { may, session, signed, signedName } from "../session.js";
import { Settings } from "../settings.js";

/** @typedef {{id: string, words: string, view: () => unknown, open?: () => void}} Part */

const LOST_MS = 10_000;

/** One page. A page says its parts; `permission`: without it the page says so instead. */
export class Desk {
  /**
   * @param {{here: import("../nav.js").PageId, title: () => string, permission: string|null, parts: () => Part[]}} page
   */
  constructor(page) {
    this.page = page;
    this.settings = new Settings();
    this.dialog = new ActDialog(this.settings, () => this.draw());
    this.dialog.signed = signedName;
    this.dialog.beside = () => nothing;
    this.answered_ms = -Infinity;
    this.asked = false;
  }

  async start() {
    addEventListener("hashchange", () => { this.part()?.open?.(); this.draw(); });
    this.draw();
    await session({ background: true });
    if (this.permitted) this.part()?.open?.();
    this.draw();
    setInterval(() => this.draw(), 1_000);
  }

  /** Nobody is asked for what they may not see; the server would refuse it. */
  get permitted() {
    return this.page.permission === null || may(this.page.permission);
  }

  /** The part that the address names, else the first. */
  part() {
    const parts = this.page.parts();
    return parts.find((one) => `#${one.id}` === location.hash) ?? parts[0];
  }

  /**
   * What the server says there; null where nothing could be read.
   * @param {string} path
   * @param {boolean} [background] the page asks by itself
   */
  async ask(path, background = false) {
    const said = await read(path, { background });
    this.asked = true;
    if (said) this.answered_ms = performance.now();
    return said;
  }

  /** The server was asked and does not answer any more. */
  get lost() {
    return this.asked && performance.now() - this.answered_ms > LOST_MS;
  }

  draw() {
    render(html`${this.head()}${this.body()}${this.dialog.view()}`, /** @type {HTMLElement} */ (document.getElementById("app")));
    this.dialog.afterRender();
  }

  head() {
    const away = this.lost && this.polls;
    return headLine({
      here: this.page.here, title: this.page.title(), live: !away, state: away ? "lost" : "live", settings: this.settings,
      connection: away ? t("connection lost") : signed() ? t("connected") : t("connecting ..."), changed: () => this.draw(),
    });
  }

  /** Does this page ask again and again, so that silence means something? */
  polls = false;

  body() {
    if (!signed()) return html`<main class="office"></main>`;
    if (!this.permitted) return html`<main class="office"><p class="empty">${t("Your account may not see this page.")}</p></main>`;
    const part = this.part();
    return html`${this.tabs(part)}
      ${this.lost && this.polls ? html`<p class="banner lost"><span aria-hidden="true">⚠</span> ${t("CONNECTION LOST - nothing here is current.")}</p>` : nothing}
      <main class="office" data-part=${part?.id ?? ""}>${this.lost && this.polls ? nothing : part?.view()}</main>`;
  }

  /** @param {Part|undefined} here */
  tabs(here) {
    const parts = this.page.parts();
    if (parts.length < 2) return nothing;
    return html`<nav class="tabs" aria-label=${t("Parts of this page")}>${parts.map((one) => html`
      <a href="#${one.id}" aria-current=${one === here || one.id === here?.id ? "true" : "false"}>${one.words}</a>`)}</nav>`;
  }
}
