// The hospital page of a hub: wards, and beds in alarm. It asks every second, and shows nothing as live for longer than
// the hub said, and nothing at all after three questions without an answer. Nobody can act here: each ward has a page of
// its own, which needs no hub.

import { html, nothing, render } from "./js/lit.js";
import { accountMenu } from "./js/account-menu.js";
import { read } from "./js/acts.js";
import { agedBeds, agedHospital, firstOld } from "./js/hub-aged.js";
import { hospitalView } from "./js/hub-view.js";
import { LANGUAGE_NAMES, LANGUAGES, language, t, word } from "./js/i18n.js";
import { Settings } from "./js/settings.js";
import { clock } from "./js/times.js";

/** @typedef {import("./js/hub-aged.js").HospitalSaid} HospitalSaid */
/** @typedef {import("./js/hub-aged.js").WardSaid} WardSaid */

const ASK_MS = 1_000;
const LOST_MS = 3 * ASK_MS;

/** @type {Record<string, string>} */
const THEME_WORDS = { dark: word("dark"), night: word("night"), light: word("light"), auto: word("as the device") };

/** Two ids of wards and hospitals: whatever else stands there is looked into by nobody. */
const opened = () => /^#([a-z0-9-]{1,80}\/[a-z0-9-]{1,80})$/.exec(location.hash)?.[1] ?? "";

class Page {
  constructor() {
    this.settings = new Settings();
    /** @type {HospitalSaid|null} */
    this.said = null;
    /** @type {WardSaid|null} */
    this.ward = null;
    /** the ward that is looked into, as "site/ward"; "" none */
    this.open = opened();
    /** when what is shown was asked for, on this machine's clock */
    this.asked_ms = -Infinity;
    this.asking = false;
    this.older = 0;
  }

  start() {
    setInterval(() => void this.ask(), ASK_MS);
    addEventListener("hashchange", () => { this.open = opened(); this.ward = null; void this.ask(); });
    document.addEventListener("visibilitychange", () => this.again());  // a hidden page's timers come late
    this.again();
  }

  async ask() {
    if (!this.asking) {
      this.asking = true;
      const [asked, asked_ms] = [this.open, performance.now()];
      const [said, ward] = await Promise.all([
        read("hospital", { background: true }),
        asked ? read(`hospital/wards/${asked}`, { background: true }) : null,
      ]);
      this.asking = false;
      if (said) this.take(said, asked === this.open ? ward : null, asked_ms);
    }
    this.draw();
  }

  /**
   * @param {HospitalSaid} said
   * @param {WardSaid|null} ward
   * @param {number} asked_ms
   */
  take(said, ward, asked_ms) {
    this.said = said;
    this.ward = ward;
    this.asked_ms = asked_ms;
  }

  get since_ms() {
    return performance.now() - this.asked_ms;
  }

  get lost() {
    return this.since_ms > LOST_MS;
  }

  /** When the first of what is shown grows old, should nobody answer until then, it goes, and the hub is asked at once. */
  wait() {
    clearTimeout(this.older);
    if (!this.said || this.lost) return;
    const left_ms = Math.min(firstOld(this.said, this.ward, this.since_ms), LOST_MS) - this.since_ms;
    this.older = setTimeout(() => this.again(), left_ms + 1);
  }

  again() {
    this.draw();
    void this.ask();
  }

  draw() {
    const { lost, said, since_ms } = this;
    const ward = this.ward && agedBeds(this.ward, since_ms);
    const away = !lost && said !== null && !said.link;
    render(html`
      ${this.head()}
      ${lost && said ? html`<p class="banner lost" role="alert"><span aria-hidden="true">⚠</span> ${t("CONNECTION LOST - nothing here is current.")}</p>` : nothing}
      ${away ? html`<p class="banner lost" role="alert"><span aria-hidden="true">⚠</span> ${t("The hub does not reach the broker: no ward is live here. The wards' own pages are.")}</p>` : nothing}
      <main class="hospital">${lost || !said ? nothing : hospitalView(agedHospital(said, since_ms), this.open ? ward : null, this.open)}</main>
    `, /** @type {HTMLElement} */ (document.getElementById("app")));
    this.wait();
  }

  head() {
    const { lost, said } = this;
    const changed = () => this.draw();
    const settings = this.settings;
    return html`
      <header class="ward">
        <h1>${said ? said.name : t("Hospital")}</h1>
        <p class="connection ${lost ? "lost" : "live"}" role="status"><span aria-hidden="true">${lost ? "○" : "●"}</span>
          ${lost ? (said ? t("connection lost") : t("connecting ...")) : t("live")}</p>
        <p class="time">${lost || !said ? "" : clock(said.time, undefined)}</p>
        ${accountMenu(changed)}
        <div class="prefers">
          <button type="button" class="quiet" @click=${() => { settings.nextTheme(); changed(); }}>${t("Theme: {which}", { which: t(THEME_WORDS[settings.theme] ?? "") })}</button>
          ${LANGUAGES.filter((one) => one !== language()).map((one) => html`<button type="button" class="quiet" lang=${one}
            @click=${() => { settings.nextLanguage(); changed(); }}>${LANGUAGE_NAMES[one]}</button>`)}
        </div>
      </header>
    `;
  }
}

new Page().start();
