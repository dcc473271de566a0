// One bed of many, small: its alarm with the offending value, breathing and saturation, and what the pump does. What has no
// room here stands on the bed's own page and on smaller wards' walls. Pure.

import { html, nothing } from "./lit.js";
import { NO_DIGIT, pumpFigure } from "./freshness.js";
import { figure, t, word } from "./i18n.js";
import { infusingWords, interlockWords } from "./pump.js";
import { isReset } from "./pump-acts.js";
import { toldMark } from "./told.js";
import { bar, heading, link, tone, who } from "./tile.js";
import { isAbout, measuredRow, vitalCell, VITALS } from "./vitals.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Pump} Pump */
/** @typedef {import("./app-types.js").Context} Context */

/** The interlock in the room of a small sector; the whole words are its title and stand on the bed's own page. @type {Record<string, string>} */
const INTERLOCK_SHORT = {
  tripped: word("STOP SENT"),
  stop_acked: word("STOP ACKNOWLEDGED"),
  stop_verified: word("STOP VERIFIED"),
  stop_unconfirmed: word("STOP NOT CONFIRMED"),
};

/** What always stands in a small sector. */
const ALWAYS = new Set(["rr", "spo2"]);

/**
 * @param {Bed} bed
 * @param {Alarm[]} alarms of this bed, worst first
 * @param {Context} context
 */
export function sector(bed, alarms, context) {
  const troubled = bed.devices.filter((device) => context.blank || device.link !== "up" || device.unverified);
  return html`
    <article class="tile sector ${tone(bed, alarms, context)}" data-bed=${bed.id} aria-label=${bed.label}>
      <div class="body">
        <header class="who">
          ${heading(bed, context)}
          <p class="patient">${who(bed, context)}</p>
          ${toldMark(bed, context)}
          <ul class="links" aria-label=${t("Devices")}>${troubled.map((device) => link(device, bed, context))}</ul>
        </header>
        ${bar(alarms, bed, context)}
        <dl class="vitals">${rows(bed, alarms, context).map((row) => vitalCell(row, bed, alarms, context))}</dl>
        ${bed.pumps.length ? bed.pumps.map((pump) => pumpLine(pump, bed, context)) : html`<p class="pump-line none">${t("No pump configured")}</p>`}
      </div>
    </article>
  `;
}

/**
 * Breathing and saturation, and what else an alarm is about.
 * @param {Bed} bed
 * @param {Alarm[]} alarms
 * @param {Context} context
 */
function rows(bed, alarms, context) {
  const measured = VITALS.map((row) => measuredRow(row, bed));
  return measured.filter((row) => ALWAYS.has(row.signal) || (!context.blank && alarms.some((alarm) => isAbout(alarm, row.signal))));
}

/** @param {Pump} pump */
const isStopping = (pump) => !isReset(pump);

/**
 * What the pump does, its dose, and its interlock where that is not simply armed.
 * @param {Pump} pump
 * @param {Bed} bed
 * @param {Context} context
 */
function pumpLine(pump, bed, context) {
  const infusing = infusingWords(pump, bed, context);
  const interlock = interlockWords(pump, context);
  const rate = pumpFigure(pump.rate_ml_h, context.blank);
  const dose = rate === null ? NO_DIGIT : (pump.dose_text ?? pump.rate_text ?? `${rate} mL/h`);
  const known = infusing.state !== "unknown";
  const calm = interlock.tone === "calm" && isReset(pump);
  const short = INTERLOCK_SHORT[pump.interlock];
  return html`
    <p class="pump-line" data-pump=${pump.id} title=${interlock.words}>
      <span class="infusing ${infusing.state}" title=${infusing.words}><span aria-hidden="true">${infusing.symbol}</span><span class=${known ? "hidden" : ""}> ${known || context.blank ? infusing.words : t("may still be infusing")}</span></span>
      ${known && interlock.tone !== "bad" ? html`<span class="dose ${rate === null ? "gone" : ""}">${figure(dose)}</span>` : nothing}
      ${calm || context.blank ? nothing : html`<strong class="interlock ${interlock.tone}" data-interlock=${pump.interlock}>${short && isStopping(pump) ? t(short) : interlock.words}</strong>`}
    </p>
  `;
}
