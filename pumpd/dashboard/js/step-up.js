// At a shared screen: who acts? A badge scanner types fast and ends with Enter; then the PIN. The act waits for it, and
// nothing happens where it is cancelled. Stops never come here: the server takes them from every screen.

import { html, nothing, render } from "./lit.js";
import { t } from "./i18n.js";
import { endGrant, stepUp } from "./session.js";

const STYLE = "css/session.css";

/** Its style sheet, once, on whatever page this is. */
export function wearStyle() {
  if (document.querySelector(`link[href="${STYLE}"]`)) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = STYLE;
  document.head.append(link);
}

class StepUpDialog {
  constructor() {
    this.host = document.createElement("div");
    document.body.append(this.host);
    this.badge = "";
    this.busy = false;
    /** @type {string[]} */
    this.said = [];
    /** @type {(done: boolean) => void} */
    this.done = () => undefined;
  }

  /** @returns {Promise<boolean>} whether somebody stepped up */
  open() {
    Object.assign(this, { badge: "", busy: false, said: [] });
    const answered = new Promise((resolve) => { this.done = resolve; });
    this.draw();
    this.element.showModal();
    this.field("badge").focus();
    return answered;
  }

  get element() {
    return /** @type {HTMLDialogElement} */ (this.host.querySelector("dialog"));
  }

  /** @param {string} name */
  field(name) {
    return /** @type {HTMLInputElement} */ (this.element.querySelector(`[name="${name}"]`));
  }

  /** @param {SubmitEvent} event */
  async submit(event) {
    event.preventDefault();
    if (this.busy) return;
    const badge = this.field("badge").value.trim();
    if (this.badge !== badge || !this.field("pin").value) return this.next(badge);
    await this.send(badge, this.field("pin").value);
  }

  /** The badge is read: now the PIN. @param {string} badge */
  next(badge) {
    this.badge = badge;
    this.draw();
    this.field(badge ? "pin" : "badge").focus();
  }

  /**
   * @param {string} badge
   * @param {string} pin
   */
  async send(badge, pin) {
    this.busy = true;
    this.said = [];
    this.draw();
    const answer = await stepUp(badge, pin);
    this.busy = false;
    if (!this.element.open) endGrant(); // browsers close a dialog at the second Escape, whatever it says
    if (answer.ok || !this.element.open) return this.end(answer.ok && this.element.open);
    this.said = answer.said.length ? answer.said : [t("No answer from the server.")];
    this.field("pin").value = "";
    this.draw();
    this.field("pin").focus();
  }

  /**
   * Not while it is being asked: whoever stepped away would be stepped up a moment later, and the act done.
   * @param {Event} event
   */
  cancel(event) {
    if (this.busy) event.preventDefault();
    else this.end(false);
  }

  /** @param {boolean} done */
  end(done) {
    this.done(done);
    this.element.close();
    render(nothing, this.host);
  }

  draw() {
    render(html`
      <dialog class="step-up" aria-labelledby="step-up-title" @cancel=${(/** @type {Event} */ event) => this.cancel(event)}>
        <form @submit=${(/** @type {SubmitEvent} */ event) => void this.submit(event)} autocomplete="off">
          <h2 id="step-up-title">${t("Who acts?")}</h2>
          <p class="hint">${t("This screen is everybody's. Scan your badge, or type your name, then your PIN.")}</p>
          <label>${t("Badge or name")}<input name="badge" required autocomplete="off" autocapitalize="none" spellcheck="false"
            @input=${() => { if (this.badge) this.badge = ""; }}></label>
          <label>${t("PIN")}<input name="pin" type="password" inputmode="numeric" autocomplete="off"></label>
          ${this.said.length ? html`<ul class="refused" role="alert">${this.said.map((why) => html`<li>${why}</li>`)}</ul>` : nothing}
          <div class="buttons">
            <button type="button" class="quiet" ?disabled=${this.busy} @click=${() => this.end(false)}>${t("Cancel")}</button>
            <button type="submit" class="main" ?disabled=${this.busy}>${this.busy ? t("asking ...") : t("Go on")}</button>
          </div>
        </form>
      </dialog>
    `, this.host);
  }
}

/** @type {StepUpDialog|null} */
let dialog = null;
/** @type {Promise<boolean>|null} */
let open = null;

/** Ask who acts; several acts that ask at once share the answer. @returns {Promise<boolean>} */
export function askWho() {
  wearStyle();
  dialog ??= new StepUpDialog();
  open ??= dialog.open().finally(() => { open = null; });
  return open;
}
