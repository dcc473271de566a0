// The dialog in which a named person confirms one act and why. It shows what the server answered.

import { createRef, html, nothing, ref } from "./lit.js";
import { fieldView, filled } from "./fields.js";
import { REASONS } from "./words.js";

/** @typedef {import("./asks.js").Ask} Ask */
/** @typedef {import("./settings.js").Settings} Settings */

export class ActDialog {
  /**
   * @param {Settings} settings remembers who acts
   * @param {() => void} changed asks for a new rendering
   */
  constructor(settings, changed) {
    this.settings = settings;
    this.changed = changed;
    /** @type {Ask|null} */
    this.ask = null;
    this.reason = "";
    this.busy = false;
    /** @type {string[]} */
    this.refusals = [];
    /** What was done otherwise than asked for. @type {string[]} */
    this.notes = [];
    /** Stands instead of a form where there is no ask. @type {(() => unknown)|null} */
    this.menu = null;
    /** @type {import("./lit.js").Ref<HTMLDialogElement>} */
    this.element = createRef();
  }

  /** @param {Ask} ask */
  open(ask) {
    this.ask = ask;
    this.menu = null;
    this.notes = [];
    this.reason = "";
    this.busy = false;
    this.refusals = [];
    this.changed();
  }

  /** @param {() => unknown} view drawn anew with the page */
  show(view) {
    this.ask = null;
    this.menu = view;
    this.changed();
  }

  close() {
    this.element.value?.close();
  }

  /** Show the element once it is rendered; the browser returns the focus when it closes. */
  afterRender() {
    const element = this.element.value;
    if (element && (this.ask || this.menu) && !element.open) element.showModal();
  }

  closed() {
    this.ask = null;
    this.menu = null;
    this.changed();
  }

  /** @param {SubmitEvent} event */
  async submit(event) {
    event.preventDefault();
    const ask = this.ask;
    if (!ask || this.busy) return;
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const [by, note, why] = ["by", "note", "why"].map((name) => String(form.get(name) ?? "").trim());
    this.settings.user = by ?? "";
    this.busy = true;
    this.refusals = [];
    this.changed();
    const reason = ask.choices ? this.reason : (why ?? "");
    const answer = await ask.send({ by: by ?? "", reason, note: note ?? "", filled: filled(ask.fields ?? [], form) });
    this.busy = false;
    this.refusals = answer.ok ? [] : answer.said;
    this.notes = answer.notes ?? [];
    if (answer.ok && this.notes.length === 0) this.close();
    else this.changed();
  }

  view() {
    return html`
      <dialog ${ref(this.element)} aria-labelledby="act-title" @close=${() => this.closed()}>
        ${this.ask ? (this.notes.length ? this.told(this.ask) : this.form(this.ask)) : (this.menu?.() ?? nothing)}
      </dialog>
    `;
  }

  /** @param {Ask} ask */
  form(ask) {
    return html`
      <form @submit=${(/** @type {SubmitEvent} */ event) => void this.submit(event)}>
        <h2 id="act-title">${ask.title}</h2>
        <p class="about ${ask.tone}"><strong>${ask.strong}</strong> ${ask.about}</p>
        ${(ask.fields ?? []).map(fieldView)}
        ${ask.choices ? this.choices() : nothing}
        ${ask.reasonLabel === null ? nothing : freeReason(ask.reasonLabel)}
        ${ask.hint ? html`<p class="hint">${ask.hint}</p>` : nothing}
        <label>Your name or initials
          <input name="by" required maxlength="40" autocomplete="off" .value=${this.settings.user}>
        </label>
        ${this.answer()}
        <div class="buttons">
          <button type="button" class="quiet" @click=${() => this.close()}>Cancel</button>
          <button type="submit" class="main" ?disabled=${this.busy}>${this.busy ? "Asking ..." : ask.go}</button>
        </div>
      </form>
    `;
  }

  /**
   * It was done, but not quite as asked: that is read before it goes.
   * @param {Ask} ask
   */
  told(ask) {
    return html`
      <div class="menu">
        <h2 id="act-title">${ask.title}: saved</h2>
        <ul role="status" class="noted">${this.notes.map((note) => html`<li>${note}</li>`)}</ul>
        <div class="buttons"><button type="button" class="main" @click=${() => this.close()}>Close</button></div>
      </div>
    `;
  }

  choices() {
    const other = this.reason === "other";
    return html`
      <fieldset>
        <legend>Reason</legend>
        ${REASONS.map((row) => html`
          <label class="choice"><input type="radio" name="reason" required value=${row.id}
            @change=${() => { this.reason = row.id; this.changed(); }}> ${row.words}</label>`)}
        <label>Note${other ? " (required)" : ""}
          <input name="note" maxlength="200" autocomplete="off" ?required=${other}>
        </label>
      </fieldset>
    `;
  }

  answer() {
    return html`
      <div role="alert">${this.refusals.length
        ? html`<p class="refused">Refused:</p><ul class="refused">${this.refusals.map((reason) => html`<li>${reason}</li>`)}</ul>`
        : nothing}</div>
    `;
  }
}

/** @param {string} label */
function freeReason(label) {
  return html`<label>${label}<input name="why" required maxlength="200" autocomplete="off"></label>`;
}
