// The integration page: other systems, what waits for them, and what they refused. It asks every two seconds and shows
// nothing that is older than three questions.

import { html, nothing, render } from "./js/lit.js";
import { read } from "./js/acts.js";
import { ActDialog } from "./js/dialog.js";
import { t } from "./js/i18n.js";
import { integrationView } from "./js/integration-view.js";
import { letterAsk } from "./js/letter-asks.js";
import { headLine } from "./js/nav.js";
import { may, session, signed, signedName } from "./js/session.js";
import { Settings } from "./js/settings.js";
import { settleAsk } from "./js/told-view.js";

/** @typedef {import("./js/integration-view.js").Integrations} Integrations */

const ASK_MS = 2_000;
const LOST_MS = 3 * ASK_MS;

class Page {
  constructor() {
    this.settings = new Settings();
    this.dialog = new ActDialog(this.settings, () => this.draw());
    this.dialog.signed = signedName;
    /** @type {Integrations|null} */
    this.said = null;
    this.heard_ms = -Infinity;
    this.asking = false;
  }

  async start() {
    this.draw();
    await session({ background: true });
    this.draw();
    if (signed() && !may("integration")) return;
    setInterval(() => void this.ask(), ASK_MS);
    void this.ask();
  }

  async ask() {
    if (!this.asking) {
      this.asking = true;
      const said = await read("integrations", { background: true });
      this.asking = false;
      if (said) {
        this.said = said;
        this.heard_ms = performance.now();
      }
    }
    this.draw();
  }

  draw() {
    const barred = signed() !== null && !may("integration");
    const lost = !barred && performance.now() - this.heard_ms > LOST_MS;
    const acts = {
      maySettle: may("settle"),
      maySee: may("chart"), // a notice is about a bed's patient
      /** @type {(letter: import("./js/integration-view.js").Letter, replay: boolean) => void} */
      settle: (letter, replay) => this.dialog.open(letterAsk(letter, replay, () => void this.ask())),
      /** @type {(notice: import("./js/integration-view.js").BedNotice) => void} */
      seen: (notice) => this.dialog.open(settleAsk({ id: notice.bed, strong: notice.bed }, notice.id, notice.text, true)),
    };
    render(html`
      ${headLine({ here: "integration", title: t("Integration"), live: !lost, state: lost ? "lost" : "live", settings: this.settings,
        connection: barred ? t("connected") : lost ? (this.said ? t("connection lost") : t("connecting ...")) : t("live"), changed: () => this.draw() })}
      ${lost && this.said ? html`<p class="banner lost"><span aria-hidden="true">⚠</span> ${t("CONNECTION LOST - nothing here is current.")}</p>` : nothing}
      <main class="integration">${barred ? html`<p class="empty">${t("Your account may not see this page.")}</p>` : lost ? nothing : integrationView(/** @type {Integrations} */ (this.said), acts)}</main>
      ${this.dialog.view()}
    `, /** @type {HTMLElement} */ (document.getElementById("app")));
    this.dialog.afterRender();
  }
}

void new Page().start();
