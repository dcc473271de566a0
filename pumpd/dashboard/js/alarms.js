// The ward's alarm list: highest first, then what needs a person, then newest. Pure.

import { html, nothing, repeat } from "./lit.js";
import { t } from "./i18n.js";
import { serverWords } from "./server-words.js";
import { reportedLine } from "./told.js";
import { ackWords, alarmText, clock, countdown, endedWords, KIND, ladderWords, PRIORITY_WORD, restsOnUnverified, sorted, SYMBOL } from "./words.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./app-types.js").Context} Context */

/**
 * @param {Map<string, Alarm>} alarms
 * @param {Map<string, Bed>} beds
 * @param {Context} context
 */
export function alarmPanel(alarms, beds, context) {
  const list = sorted(alarms.values());
  return html`
    <aside class="alarms" aria-labelledby="alarms-title">
      <h2 id="alarms-title">${t("Alarms")} <span class="count">${context.blank ? "" : list.length || t("none")}</span></h2>
      ${context.blank
        ? html`<p class="empty">${t("Alarms unknown. Look at the bedside.")}</p>`
        : html`
          ${pauses([...beds.values()], list.length > 0, context)}
          <ol>${repeat(list, (alarm) => alarm.id, (alarm) => item(alarm, beds.get(alarm.bed), context))}</ol>`}
    </aside>
  `;
}

/**
 * Where the sound is paused, until when and by whom; and the button that pauses it everywhere.
 * @param {Bed[]} beds
 * @param {boolean} some alarm is there
 * @param {Context} context
 */
function pauses(beds, some, context) {
  const paused = beds.filter((bed) => bed.audio_paused_until && bed.audio_pause);
  const ofWard = paused.filter((bed) => bed.audio_pause?.ward);
  const sounding = beds.filter((bed) => !paused.includes(bed)).map((bed) => bed.label);
  const where = sounding.length ? t("whole ward but {beds}", { beds: sounding.join(", ") }) : t("whole ward");
  return html`
    ${ofWard.slice(0, 1).map((bed) => pauseLine(bed, where, context))}
    ${paused.filter((bed) => !bed.audio_pause?.ward).map((bed) => pauseLine(bed, bed.label, context))}
    ${some && ofWard.length === 0 ? html`<button type="button" class="quiet" @click=${() => context.acts.pauseSound(null)}>${t("Pause sound of the ward")}</button>` : nothing}
  `;
}

/**
 * @param {Bed} bed
 * @param {string} where
 * @param {Context} context
 */
function pauseLine(bed, where, context) {
  const left = countdown(bed.audio_paused_until, context.server_ms);
  const time = clock(bed.audio_paused_until, context.zone);
  return html`<p class="paused">${t("Sound paused: {where}, {left} left (until {time}), {by}", { where, left, time, by: bed.audio_pause?.by ?? "" })}</p>`;
}

/**
 * @param {Alarm} alarm
 * @param {Bed|undefined} at
 * @param {Context} context
 */
function item(alarm, at, context) {
  const bed = at?.label ?? alarm.bed;
  return html`
    <li class="alarm ${alarm.priority} ${alarm.state}" data-alarm=${alarm.id} data-state=${alarm.state}>
      <p class="top">
        <span class="symbol" aria-hidden="true">${SYMBOL[alarm.priority]}</span>
        <strong>${t(PRIORITY_WORD[alarm.priority])}</strong>
        <span class="bed">${bed}</span>
        <time>${clock(alarm.onset, context.zone)}</time>
      </p>
      <p class="text">${alarmText(alarm)}</p>
      ${restsOnUnverified(at, alarm) ? html`<p class="todo unproven">${t("UNVERIFIED driver")}</p>` : nothing}
      ${alarm.action ? html`<p class="todo">${serverWords(alarm.action)}</p>` : nothing}
      ${reportedLine(alarm, at, context)}
      ${alarm.broke_audio_pause ? html`<p class="todo">${t("Ended the audio pause of this bed")}</p>` : nothing}
      <div class="foot">${state(alarm, context)}${pauseButton(alarm, at, context)}${button(alarm, bed, context)}</div>
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
  const climbed = ladderWords(alarm, context.zone).map((words) => html`<strong class="ladder">${words}</strong> `);
  if (alarm.state === "latched") return html`<span class="state">${climbed}${endedWords(alarm, context.zone)} ${seen}</span>`;
  return html`<span class="state">${climbed}${ack ? seen : t(KIND[alarm.kind] ?? alarm.kind)}</span>`;
}

/**
 * @param {Alarm} alarm
 * @param {Bed|undefined} at
 * @param {Context} context
 */
function pauseButton(alarm, at, context) {
  if (!at || at.audio_paused_until || alarm.state !== "active") return nothing;
  return html`<button type="button" class="quiet" aria-label=${t("Pause sound: {where}", { where: at.label })}
    @click=${() => context.acts.pauseSound(at.id)}>${t("Pause sound")}</button>`;
}

/**
 * @param {Alarm} alarm
 * @param {string} bed
 * @param {Context} context
 */
function button(alarm, bed, context) {
  if (alarm.state !== "active" && alarm.state !== "latched") return nothing;
  const words = alarm.state === "latched" ? t("Reset") : t("Acknowledge");
  return html`<button type="button" aria-label="${words}: ${bed}, ${alarmText(alarm)}"
    @click=${() => context.acts.openAlarm(alarm)}>${words}</button>`;
}
