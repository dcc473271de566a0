// The page of a bed as one template. Pure: state in, template out; charts and the curve are drawn into their places.

import { html, nothing } from "../lit.js";
import { t, word } from "../i18n.js";
import { tile } from "../tile.js";
import { alarmText, clock, PRIORITY_WORD, SYMBOL } from "../words.js";
import { alarmTable } from "./alarm-table.js";
import { PANELS } from "./panels.js";
import { day } from "./plot.js";
import { stripView } from "./strip.js";

/** @typedef {import("../types.js").Alarm} Alarm */
/** @typedef {import("../types.js").Bed} Bed */
/** @typedef {import("../app-types.js").Context} Context */
/** @typedef {import("./types.js").Past} Past */

/** @type {readonly {hours: number|null, words: string}[]} */
const SPANS = [
  { hours: 1, words: word("1 h") },
  { hours: 4, words: word("4 h") },
  { hours: 24, words: word("24 h") },
  { hours: null, words: word("Whole stay") },
];

/**
 * cursor: where the pointer is, in seconds, or null. wave: whether the curve is live, or the bed never had one. others:
 * alarms of other beds, worst first.
 * @typedef {{bed: Bed, alarms: Alarm[], others: {alarm: Alarm, label: string}[], past: Past, why: string, hours: number|null,
 *   choose: (hours: number|null) => void, cursor: number|null, readout: (panel: string, x: number) => string,
 *   axis: import("./strip.js").Axis, history: import("./alarm-table.js").PastAlarm[],
 *   filter: Parameters<typeof alarmTable>[1], wave: "live"|"gone"|"none"}} Shown
 */

/**
 * @param {Shown} shown
 * @param {Context} context
 */
export function bedView(shown, context) {
  return html`
    ${othersView(shown)}
    <main class="bed-page" aria-label=${shown.bed.label}>
      <div class="bed-now">
        ${tile(shown.bed, shown.alarms, context)}
        ${waveView(shown, context)}
      </div>
      <div class="bed-past">
        ${toolbar(shown, context)}
        <div class="of-past ${context.blank ? "unheard" : ""}">
          <div class="panels">${PANELS.map((panel) => panelView(panel, shown, context))}</div>
          ${stripView(shown.past.events?.events ?? [], shown.axis)}
          ${alarmTable(shown.history, shown.filter, context)}
        </div>
      </div>
    </main>
  `;
}

/**
 * Alarms of the other beds: whoever looks at one bed has the ward behind them.
 * @param {Shown} shown
 */
function othersView({ others }) {
  if (!others.length) return nothing;
  return html`
    <nav class="others" aria-label=${t("Alarms of other beds")}><ul>
      ${others.slice(0, 6).map(({ alarm, label }) => html`<li class=${alarm.priority}><a href="bed.html?bed=${encodeURIComponent(alarm.bed)}">
        <span aria-hidden="true">${SYMBOL[alarm.priority]}</span> <strong>${label}</strong> ${t(PRIORITY_WORD[alarm.priority])}: ${alarmText(alarm)}</a></li>`)}
      ${others.length > 6 ? html`<li class="more"><a href="./">+${others.length - 6}</a></li>` : nothing}
    </ul></nav>
  `;
}

/**
 * @param {Shown} shown
 * @param {Context} context
 */
function waveView({ wave }, context) {
  if (wave === "none") return nothing;
  const ended = wave === "gone" || context.blank;
  return html`
    <section class="wave panel" aria-labelledby="wave-title" data-wave=${ended ? "gone" : "live"}>
      <h2 id="wave-title">${t("CO2 curve")} <span class="unit">mmHg</span></h2>
      <canvas class="sweep" role="img" aria-label=${t("CO2 curve")}></canvas>
      ${ended ? html`<p class="ended">${t("no curve")}</p>` : nothing}
    </section>
  `;
}

/**
 * @param {Shown} shown
 * @param {Context} context
 */
function toolbar(shown, context) {
  const at = shown.cursor === null || context.blank ? "" : new Date(shown.cursor * 1000).toISOString();
  return html`
    <div class="toolbar">
      <div class="spans" role="group" aria-label=${t("How far back")}>
        ${SPANS.map((one) => html`<button type="button" aria-pressed=${one.hours === shown.hours ? "true" : "false"}
          @click=${() => shown.choose(one.hours)}>${t(one.words)}</button>`)}
      </div>
      <p class="at" role="status">${at ? `${day(at, context.zone)} ${clock(at, context.zone)}` : state(shown, context)}</p>
    </div>
  `;
}

/**
 * @param {Shown} shown
 * @param {Context} context
 */
function state({ past, why }, context) {
  if (context.blank) return t("No trends, no alarms: nothing is heard of this bed.");
  if (!past.vitals) return why ? t("No past: {why}", { why }) : t("Reading the record ...");
  return t("This stay since {time}", { time: `${day(past.vitals.since, context.zone)} ${clock(past.vitals.since, context.zone)}` });
}

/**
 * @param {import("./panels.js").Panel} panel
 * @param {Shown} shown
 * @param {Context} context
 */
function panelView(panel, shown, context) {
  const said = shown.cursor === null ? now(panel, shown, context) : shown.readout(panel.id, shown.cursor);
  const none = empty(panel, shown);
  return html`
    <section class="panel tone-${panel.signal ?? "plain"}" data-panel=${panel.id} aria-labelledby="panel-${panel.id}">
      <h2 id="panel-${panel.id}">${t(panel.title)} <span class="unit">${panel.unit}${panel.more ? ` · ${t("MME/24 h")}` : ""}</span>
        ${panel.note ? html`<span class="note">${t(panel.note)}</span>` : nothing}<span class="readout">${said}</span></h2>
      <div class="plot" role="img" aria-label="${t(panel.title)} ${said}"></div>
      ${none ? html`<p class="empty">${none}</p>` : nothing}
    </section>
  `;
}

/**
 * What is said while nobody points at a time.
 * @param {import("./panels.js").Panel} panel
 * @param {Shown} shown
 * @param {Context} context
 */
function now(panel, { bed, past }, context) {
  if (context.blank || panel.signal) return "";
  if (panel.id === "rate") return past.doses?.ceilings.at(-1)?.hard_set_by ? t("ceilings: {who}", { who: past.doses?.ceilings.at(-1)?.hard_set_by ?? "" }) : "";
  if (panel.id === "given") return (past.doses?.caps ?? []).map((cap) => `${cap.span === "course" ? t("cap of the course") : t("cap")} ${cap.limit_mg} mg`).join(", ");
  const band = bed.clinical?.concentration?.now;
  if (panel.id === "curve") return band ? `${t("{low} to {high}", { low: band.low, high: band.high })} ng/mL` : "";
  return bed.clinical?.nrs ? `NRS ${bed.clinical.nrs.last}${bed.clinical.mme ? `, ${bed.clinical.mme.text}` : ""}` : (bed.clinical?.mme?.text ?? "");
}

/**
 * Why a chart is empty.
 * @param {import("./panels.js").Panel} panel
 * @param {Shown} shown
 */
function empty(panel, { past }) {
  if (panel.id === "curve") return past.curve && !past.curve.now ? (past.curve.why || t("Nothing is predicted.")) : "";
  if (panel.id === "given") return past.doses && !past.doses.given.length ? t("No infusion of a course in this time.") : "";
  return "";
}
