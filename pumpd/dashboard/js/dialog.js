// The dialog in which a named person acknowledges or resets one alarm. It shows what the server answered.

import { createRef, html, nothing, ref } from "./lit.js";
import { acknowledge, resetAlarm } from "./acts.js";
import { PRIORITY_WORD, REASONS } from "./words.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./settings.js").Settings} Settings */

export class AlarmDialog {
  /**
   * @param {Settings} settings remembers who acts
   * @param {() => void} changed asks for a new rendering
   */
  constructor(settings, changed) {
    this.settings = settings;
    this.changed = changed;
    /** @type {Alarm|null} */
    this.alarm = null;
    this.reason = "";
    this.busy = false;
    /** @type {string[]} */
    this.refusals = [];
    /** @type {import("./lit.js").Ref<HTMLDialogElement>} */
    this.element = createRef();
  }

  /** @param {Alarm} alarm */
  open(alarm) {
    this.alarm = alarm;
    this.reason = "";
    this.busy = false;
    this.refusals = [];
    this.changed();
  }

  close() {
    this.element.value?.close();
  }

  /** Show the element once it is rendered; the browser returns the focus when it closes. */
  afterRender() {
    const element = this.element.value;
    if (element && this.alarm && !element.open) element.showModal();
  }

  closed() {
    this.alarm = null;
    this.changed();
  }

  /** @param {SubmitEvent} event */
  async submit(event) {
    event.preventDefault();
    const alarm = this.alarm;
    if (!alarm || this.busy) return;
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const by = String(form.get("by") ?? "").trim();
    const note = String(form.get("note") ?? "").trim();
    this.settings.user = by;
    this.busy = true;
    this.refusals = [];
    this.changed();
    const answer = alarm.state === "latched"
      ? await resetAlarm(alarm.id, { by, reason: note || "condition over" })
      : await acknowledge(alarm.id, { by, reason: this.reason, note });
    this.busy = false;
    this.refusals = answer.ok ? [] : answer.said;
    if (answer.ok) this.close();
    else this.changed();
  }

  /**
   * @param {(bedId: string) => string} label of a bed
   */
  view(label) {
    const alarm = this.alarm;
    return html`
      <dialog ${ref(this.element)} aria-labelledby="act-title" @close=${() => this.closed()}>
        ${alarm ? this.form(alarm, label(alarm.bed)) : nothing}
      </dialog>
    `;
  }

  /**
   * @param {Alarm} alarm
   * @param {string} bed
   */
  form(alarm, bed) {
    const latched = alarm.state === "latched";
    return html`
      <form @submit=${(/** @type {SubmitEvent} */ event) => void this.submit(event)}>
        <h2 id="act-title">${latched ? "Reset alarm" : "Acknowledge alarm"}</h2>
        <p class="about ${alarm.priority}"><strong>${PRIORITY_WORD[alarm.priority]}</strong> ${bed}: ${alarm.text}</p>
        ${latched ? html`<p>The condition is over. Reset takes this alarm off the list.</p>` : this.reasons()}
        <label>Your name or initials
          <input name="by" required maxlength="40" autocomplete="off" .value=${this.settings.user}>
        </label>
        ${this.answer()}
        <div class="buttons">
          <button type="button" class="quiet" @click=${() => this.close()}>Cancel</button>
          <button type="submit" class="main" ?disabled=${this.busy}>${this.busy ? "Asking ..." : latched ? "Reset" : "Acknowledge"}</button>
        </div>
      </form>
    `;
  }

  reasons() {
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
      <p class="hint">The alarm stays as long as its condition lasts.</p>
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
