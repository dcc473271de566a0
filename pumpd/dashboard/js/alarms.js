// The ward's alarm list: highest first, then what needs a person, then newest. Pure.

import { html, nothing, repeat } from "./lit.js";
import { ackWords, clock, endedWords, PRIORITY_WORD, sorted, SYMBOL } from "./words.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./app-types.js").Context} Context */

/**
 * @param {Map<string, Alarm>} alarms
 * @param {(bedId: string) => string} label of a bed
 * @param {Context} context
 */
export function alarmPanel(alarms, label, context) {
  const list = sorted(alarms.values());
  return html`
    <aside class="alarms" aria-labelledby="alarms-title">
      <h2 id="alarms-title">Alarms <span class="count">${context.blank ? "" : list.length || "none"}</span></h2>
      ${context.blank
        ? html`<p class="empty">Alarms unknown. Look at the bedside.</p>`
        : html`<ol>${repeat(list, (alarm) => alarm.id, (alarm) => item(alarm, label(alarm.bed), context))}</ol>`}
    </aside>
  `;
}

/**
 * @param {Alarm} alarm
 * @param {string} bed
 * @param {Context} context
 */
function item(alarm, bed, context) {
  return html`
    <li class="alarm ${alarm.priority} ${alarm.state}" data-alarm=${alarm.id} data-state=${alarm.state}>
      <p class="top">
        <span class="symbol" aria-hidden="true">${SYMBOL[alarm.priority]}</span>
        <strong>${PRIORITY_WORD[alarm.priority]}</strong>
        <span class="bed">${bed}</span>
        <time>${clock(alarm.onset, context.zone)}</time>
      </p>
      <p class="text">${alarm.text}</p>
      <div class="foot">${state(alarm, context)}${button(alarm, bed, context)}</div>
    </li>
  `;
}

/**
 * @param {Alarm} alarm
 * @param {Context} context
 */
function state(alarm, context) {
  const ack = alarm.acknowledged;
  const seen = ack
    ? html`<span><span aria-hidden="true">✓ </span>${ackWords(ack, context.zone)}</span>`
    : nothing;
  if (alarm.state === "latched") return html`<span class="state">${endedWords(alarm, context.zone)} ${seen}</span>`;
  return html`<span class="state">${ack ? seen : alarm.kind}</span>`;
}

/**
 * @param {Alarm} alarm
 * @param {string} bed
 * @param {Context} context
 */
function button(alarm, bed, context) {
  if (alarm.state !== "active" && alarm.state !== "latched") return nothing;
  const words = alarm.state === "latched" ? "Reset" : "Acknowledge";
  return html`<button type="button" aria-label="${words}: ${bed}, ${alarm.text}"
    @click=${() => context.acts.openAlarm(alarm)}>${words}</button>`;
}
