// The alarms of the stay: when, what, for how long, who acknowledged it with what reason. Pure.

import { html, nothing, repeat } from "../lit.js";
import { t, word } from "../i18n.js";
import { alarmText, clock, PRIORITY_WORD, reasonWords, span, SYMBOL } from "../words.js";
import { day } from "./plot.js";

/** live: it is on the bed's list now, and may be answered. @typedef {import("./types.js").PastAlarm & {live: boolean}} PastAlarm */
/** @typedef {import("../app-types.js").Context} Context */

/** @typedef {"all"|"high"|"medium"|"low"|"open"} Which */

/** @type {readonly {id: Which, words: string}[]} */
const FILTERS = [
  { id: "all", words: word("All") },
  { id: "open", words: word("Not acknowledged") },
  { id: "high", words: word("High only") },
  { id: "medium", words: word("Medium only") },
  { id: "low", words: word("Low only") },
];
const MOST = 200;

/**
 * @param {PastAlarm[]} alarms newest first
 * @param {Which} which
 * @param {string} words only those whose text has them
 * @returns {PastAlarm[]}
 */
export function filtered(alarms, which, words) {
  const wanted = words.trim().toLowerCase();
  return alarms.filter(({ alarm, reset_by }) => (which === "all" || (which === "open" ? !alarm.acknowledged && !reset_by : alarm.priority === which))
    && (!wanted || `${alarmText(alarm)} ${alarm.condition} ${alarm.device ?? ""}`.toLowerCase().includes(wanted)));
}

/**
 * @param {PastAlarm[]} alarms newest first
 * @param {{which: Which, words: string, choose: (which: Which) => void, search: (words: string) => void}} filter
 * @param {Context} context
 */
export function alarmTable(alarms, filter, context) {
  const shown = filtered(alarms, filter.which, filter.words);
  return html`
    <section class="alarm-history panel" aria-labelledby="history-title">
      <h2 id="history-title">${t("Alarms of this stay")} <span class="count">${shown.length}</span></h2>
      <div class="filters">
        ${FILTERS.map((one) => html`<button type="button" class="quiet" aria-pressed=${filter.which === one.id ? "true" : "false"}
          @click=${() => filter.choose(one.id)}>${t(one.words)}</button>`)}
        <label>${t("Search")} <input type="search" .value=${filter.words} @input=${(/** @type {InputEvent} */ event) => filter.search(/** @type {HTMLInputElement} */ (event.target).value)}></label>
      </div>
      ${shown.length === 0 ? html`<p class="empty">${t("No alarm.")}</p>` : table(shown.slice(0, MOST), context)}
      ${shown.length > MOST ? html`<p class="empty">${t("{n} older ones are not listed.", { n: shown.length - MOST })}</p>` : nothing}
    </section>
  `;
}

/**
 * @param {PastAlarm[]} alarms
 * @param {Context} context
 */
function table(alarms, context) {
  return html`
    <div class="wide" tabindex="0" role="region" aria-label=${t("Alarms of this stay")}>
      <table>
        <thead><tr><th scope="col">${t("Since")}</th><th scope="col">${t("Priority")}</th><th scope="col">${t("Alarm")}</th><th scope="col">${t("Lasted")}</th>
          <th scope="col">${t("Acknowledged")}</th><th scope="col">${t("Reset")}</th></tr></thead>
        <tbody>${repeat(alarms, (one) => one.alarm.id, (one) => row(one, context))}</tbody>
      </table>
    </div>
  `;
}

/**
 * @param {PastAlarm} one
 * @param {Context} context
 */
function row(one, context) {
  const { alarm, ended, live } = one;
  const onset_ms = Date.parse(alarm.onset ?? "");
  const lasted = ended ? span(Date.parse(ended) - onset_ms) : context.blank || !live ? "" : t("{span} so far", { span: span(context.server_ms - onset_ms) });
  const act = alarm.state === "latched" ? t("Reset") : alarm.state === "active" ? t("Acknowledge") : "";
  return html`
    <tr class="${alarm.priority} ${alarm.state}" data-alarm=${alarm.id}>
      <td><time datetime=${alarm.onset ?? ""}>${alarm.onset ? `${day(alarm.onset, context.zone)} ${clock(alarm.onset, context.zone)}` : ""}</time></td>
      <td class="priority"><span aria-hidden="true">${SYMBOL[alarm.priority]}</span> ${t(PRIORITY_WORD[alarm.priority])}</td>
      <td>${alarmText(alarm)}${one.climbed.length ? html` <span class="by">${t("called: {who}", { who: one.climbed.join(", ") })}</span>` : nothing}</td>
      <td>${lasted}</td>
      <td>${acknowledged(one, context)}${act && live && !context.blank ? html` <button type="button" aria-label="${act}: ${alarmText(alarm)}" @click=${() => context.acts.openAlarm(alarm)}>${act}</button>` : nothing}</td>
      <td>${one.reset_by ? `${one.reset_by}${one.reset_reason ? `: ${one.reset_reason}` : ""}` : ""}</td>
    </tr>
  `;
}

/**
 * @param {PastAlarm} one
 * @param {Context} context
 */
function acknowledged({ alarm }, context) {
  const ack = alarm.acknowledged;
  if (!ack) return "";
  return `${ack.by} ${clock(ack.at, context.zone)}: ${reasonWords(ack.reason)}${ack.note ? `, ${ack.note}` : ""}`;
}
