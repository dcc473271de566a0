// The integration page: other systems, what waits for them, and what they refused. It asks every two seconds and shows
// nothing that is older than three questions.

import { html, nothing, render } from "./js/lit.js";
import { read } from "./js/acts.js";
import { ActDialog } from "./js/dialog.js";
import { integrationView } from "./js/integration-view.js";
import { letterAsk } from "./js/letter-asks.js";
import { Settings } from "./js/settings.js";

/** @typedef {import("./js/integration-view.js").Integrations} Integrations */

const ASK_MS = 2_000;
const LOST_MS = 3 * ASK_MS;

class Page {
  constructor() {
    this.settings = new Settings();
    this.dialog = new ActDialog(this.settings, () => this.draw());
    /** @type {Integrations|null} */
    this.said = null;
    this.heard_ms = -Infinity;
    this.asking = false;
  }

  start() {
    setInterval(() => void this.ask(), ASK_MS);
    void this.ask();
    this.draw();
  }

  async ask() {
    if (!this.asking) {
      this.asking = true;
      const said = await read("integrations");
      this.asking = false;
      if (said) {
        this.said = said;
        this.heard_ms = performance.now();
      }
    }
    this.draw();
  }

  draw() {
    const lost = performance.now() - this.heard_ms > LOST_MS;
    const acts = {
      /** @type {(letter: import("./js/integration-view.js").Letter, replay: boolean) => void} */
      settle: (letter, replay) => this.dialog.open(letterAsk(letter, replay, () => void this.ask())),
    };
    render(html`
      <header class="ward">
        <h1>Integration</h1>
        <p class="connection ${lost ? "lost" : "live"}" role="status"><span aria-hidden="true">${lost ? "○" : "●"}</span>
          ${lost ? (this.said ? "connection lost" : "connecting ...") : "live"}</p>
        <a class="back" href="./">Ward page</a>
        <button type="button" class="quiet" @click=${() => { this.settings.nextTheme(); this.draw(); }}>Theme: ${this.settings.theme}</button>
      </header>
      ${lost && this.said ? html`<p class="banner lost"><span aria-hidden="true">⚠</span> CONNECTION LOST - nothing here is current.</p>` : nothing}
      <main class="integration">${lost ? nothing : integrationView(/** @type {Integrations} */ (this.said), acts)}</main>
      ${this.dialog.view()}
    `, /** @type {HTMLElement} */ (document.getElementById("app")));
    this.dialog.afterRender();
  }
}

new Page().start();
