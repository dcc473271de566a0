// The dialog in which a named person does one act: whom it is about, what is asked, and what the server answered.
// Nothing is optimistic: it closes when the server confirmed, and says so; a refusal is shown with every reason.

import { createRef, html, nothing, ref } from "./lit.js";
import { meantFor } from "./acts.js";
import { anotherPatient, subjectView } from "./dialog-subject.js";
import { fieldView, filled } from "./fields.js";
import { t } from "./i18n.js";
import { serverWords } from "./server-words.js";
import { REASONS } from "./words.js";

/** @typedef {import("./asks.js").Ask} Ask */
/** @typedef {import("./asks.js").Review} Review */
/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./types.js").Bed} Bed */

/** A confirmation stays on the page for this long. */
const TOLD_MS = 6_000;

export class ActDialog {
  /**
   * @param {Settings} settings remembers who acts
   * @param {() => void} changed asks for a new rendering
   */
  constructor(settings, changed) {
    this.settings = settings;
    this.changed = changed;
    /** Who is signed in at this page: then nobody types a name. @type {() => string|null} */
    this.signed = () => null;
    /** What can be done at once from any dialog about a bed: its stop buttons. @type {(bed: Bed) => unknown} */
    this.beside = () => nothing;
    /** The bed as it is now. @type {(bed: Bed) => Bed} */
    this.live = (bed) => bed;
    /** @type {Ask|null} */
    this.ask = null;
    /** Of whom it is: as the live bed called the stay when it was opened. @type {string|undefined} */
    this.stay = undefined;
    /** Stands instead of a form where there is no ask. @type {(() => unknown)|null} */
    this.menu = null;
    /** How often something was asked to be opened: what was asked for last is what opens. */
    this.asked = 0;
    /** What was last confirmed. */
    this.told = "";
    /** @type {import("./lit.js").Ref<HTMLDialogElement>} */
    this.element = createRef();
    /** @type {import("./lit.js").Ref<HTMLFormElement>} */
    this.formElement = createRef();
    /** One of the server's reasons. */
    this.reason = "";
    this.reset();
  }

  reset() {
    this.reason = "";
    this.busy = false;
    /** The second step: what was filled in is read once more. @type {Review|null} */
    this.review = null;
    /** The server asks whether it is meant. */
    this.question = "";
    /** @type {string[]} */
    this.refusals = [];
    /** What was done otherwise than asked for. @type {string[]} */
    this.notes = [];
  }

  /** @param {Ask} ask */
  open(ask) {
    this.reset();
    this.asked += 1;
    this.ask = ask;
    this.stay = ask.bed ? this.live(ask.bed).stay : undefined;
    this.menu = null;
    this.formElement.value?.reset();
    this.changed();
  }

  /** @param {() => unknown} view drawn anew with the page */
  show(view) {
    this.reset();
    this.asked += 1;
    this.ask = null;
    this.menu = view;
    this.changed();
  }

  close() {
    this.ask = this.menu = null; // a page that is drawn before the browser says that it closed must not open it again
    this.element.value?.close();
  }

  /** Show the element once it is rendered; the browser keeps the focus inside, and returns it when it closes. */
  afterRender() {
    const element = this.element.value;
    if (element && (this.ask || this.menu) && !element.open) element.showModal();
  }

  closed() {
    if (this.element.value?.open) return; // the browser tells late: it was opened again meanwhile
    this.ask = null;
    this.menu = null;
    this.changed();
  }

  /** What stands in the form now. */
  get filled() {
    const form = this.formElement.value;
    return this.ask && form ? filled(this.ask.fields ?? [], new FormData(form)) : {};
  }

  /** @param {SubmitEvent} event */
  async submit(event) {
    event.preventDefault();
    const ask = this.ask;
    if (!ask || this.busy || (ask.bed && this.live(ask.bed).stay !== this.stay)) return;
    if (ask.review && !this.review) this.look(ask.review(this.filled));
    else await this.send(ask, this.question !== "");
  }

  /** @param {Review|null} review */
  look(review) {
    this.review = review;
    this.refusals = [];
    this.changed();
  }

  /**
   * @param {Ask} ask
   * @param {boolean} confirmed the server's question was answered with yes
   */
  async send(ask, confirmed) {
    const form = new FormData(/** @type {HTMLFormElement} */ (this.formElement.value));
    const [typed = "", note = "", why = ""] = ["by", "note", "why"].map((name) => String(form.get(name) ?? "").trim());
    const by = this.signed() ?? typed;
    if (typed) this.settings.user = typed;
    this.busy = true;
    this.refusals = [];
    this.changed();
    const reason = ask.choices ? this.reason : why;
    const answer = await meantFor(this.stay, () => ask.send({ by, reason, note, filled: filled(ask.fields ?? [], form), confirmed }));
    this.busy = false;
    this.answered(ask, answer);
    this.changed();
  }

  /**
   * @param {Ask} ask
   * @param {import("./acts.js").Answer} answer
   */
  answered(ask, answer) {
    if (ask !== this.ask) return;
    const asked = !answer.ok && answer.code !== undefined && answer.code === ask.questioned;
    this.question = asked ? answer.said.join(" ") : "";
    this.refusals = answer.ok || asked ? [] : answer.said;
    this.notes = answer.notes ?? [];
    if (!answer.ok) return;
    this.tell([t("Confirmed: {act}", { act: ask.title }), ask.bed?.label ?? ask.strong ?? ""].filter(Boolean).join(", "));
    if (this.notes.length === 0) this.close();
  }

  /** @param {string} words shown for a while, and read out */
  tell(words) {
    this.told = words;
    setTimeout(() => {
      if (this.told === words) this.told = "";
      this.changed();
    }, TOLD_MS);
  }

  view() {
    return html`
      <dialog ${ref(this.element)} class="act" aria-labelledby="act-title" @close=${() => this.closed()}
        @cancel=${(/** @type {Event} */ event) => this.busy && event.preventDefault()}>
        ${this.ask ? this.asking(this.ask) : (this.menu?.() ?? nothing)}
      </dialog>
      <p class="told" role="status">${this.told ? html`<span><span aria-hidden="true">✓</span> ${this.told}</span>` : nothing}</p>
    `;
  }

  /** @param {Ask} ask */
  asking(ask) {
    if (this.notes.length) return this.toldView(ask);
    const moved = ask.bed && !this.busy && this.live(ask.bed).stay !== this.stay;
    return moved ? html`<div class="menu">${this.subject(ask)}${anotherPatient(() => this.close())}</div>` : this.form(ask);
  }

  /** @param {Ask} ask */
  subject(ask) {
    const bed = ask.bed ? this.live(ask.bed) : null;
    return html`
      <div class="whom">${subjectView(bed, ask.strong ?? "", this.settings.names)}${bed ? this.beside(bed) : nothing}</div>
      <h2 id="act-title">${ask.title}</h2>
    `;
  }

  /** @param {Ask} ask */
  form(ask) {
    return html`
      <form ${ref(this.formElement)} @submit=${(/** @type {SubmitEvent} */ event) => void this.submit(event)}
        @input=${() => { this.question = ""; if (ask.live) this.changed(); }}>
        ${this.subject(ask)}
        <div class="asked" ?hidden=${this.review !== null}>
          ${ask.about ? html`<p class="about ${ask.tone}">${ask.about}</p>` : nothing}
          ${(ask.fields ?? []).map(fieldView)}
          ${ask.live?.(this.filled) ?? nothing}
          ${ask.choices ? this.choices() : nothing}
          ${ask.reasonLabel === null ? nothing : freeReason(ask.reasonLabel)}
          ${ask.hint ? html`<p class="hint">${ask.hint}</p>` : nothing}
          ${this.signature()}
        </div>
        ${this.review ? reviewView(this.review) : nothing}
        <div class="foot">${this.answer()}${this.buttons(ask)}</div>
      </form>
    `;
  }

  signature() {
    const signed = this.signed();
    if (signed) return html`<p class="signed">${t("Signed by {name}", { name: signed })}</p>`;
    return html`
      <label>${t("Your name or initials")}
        <input name="by" required maxlength="40" autocomplete="off" .value=${this.settings.user}>
      </label>
    `;
  }

  /** @param {Ask} ask */
  buttons(ask) {
    const words = this.question ? t("Yes, this is meant") : (this.review?.go ?? (ask.review ? t("Check") : ask.go));
    return html`
      <div class="buttons">
        ${this.review
          ? html`<button type="button" class="quiet" ?disabled=${this.busy} @click=${() => this.look(null)}>${t("Back")}</button>`
          : html`<button type="button" class="quiet" ?disabled=${this.busy} @click=${() => this.close()}>${t("Cancel")}</button>`}
        <button type="submit" class="main" ?disabled=${this.busy}>${this.busy ? t("Asking ...") : words}</button>
      </div>
    `;
  }

  /**
   * It was done, but not quite as asked: that is read before it goes.
   * @param {Ask} ask
   */
  toldView(ask) {
    return html`
      <div class="menu">
        ${this.subject({ ...ask, title: t("{act}: saved", { act: ask.title }) })}
        <ul role="status" class="noted">${this.notes.map((note) => html`<li>${serverWords(note)}</li>`)}</ul>
        <div class="buttons"><button type="button" class="main" @click=${() => this.close()}>${t("Close")}</button></div>
      </div>
    `;
  }

  choices() {
    const other = this.reason === "other";
    return html`
      <fieldset>
        <legend>${t("Reason")}</legend>
        ${REASONS.map((row) => html`
          <label class="choice"><input type="radio" name="reason" required value=${row.id} .checked=${this.reason === row.id}
            @change=${() => { this.reason = row.id; this.changed(); }}> <span>${t(row.words)}</span></label>`)}
        <label>${other ? t("Note (required)") : t("Note")}
          <input name="note" maxlength="200" autocomplete="off" ?required=${other}>
        </label>
      </fieldset>
    `;
  }

  answer() {
    return html`
      <div role="alert" class="answers">
        ${this.question ? html`<p class="about medium question">${serverWords(this.question)}</p>` : nothing}
        ${this.refusals.length
          ? html`<p class="refused">${t("Refused:")}</p><ul class="refused">${this.refusals.map((reason) => html`<li>${serverWords(reason)}</li>`)}</ul>`
          : nothing}
      </div>
    `;
  }
}

/** @param {string} label */
function freeReason(label) {
  return html`<label>${label}<input name="why" required maxlength="200" autocomplete="off"></label>`;
}

/**
 * What was filled in, large, and what has to be checked at the bedside before it is sent.
 * @param {Review} review
 */
function reviewView(review) {
  return html`
    <div class="review">
      <dl>${review.lines.map(([label, words]) => html`<div><dt>${label}</dt><dd>${words}</dd></div>`)}</dl>
      ${review.warnings.map((words) => html`<p class="about medium">${words}</p>`)}
      ${review.checks.map((words, index) => html`<label class="choice"><input type="checkbox" name=${`check-${index}`} required><span>${words}</span></label>`)}
    </div>
  `;
}
