// One bed's tile: who, what is linked, the worst alarm, the vitals, the pumps. Pure: state in, template out.

import { html, nothing, repeat } from "./lit.js";
import { courseStrip } from "./course.js";
import { t, word } from "./i18n.js";
import { pumpBlock } from "./pump.js";
import { toldStrip } from "./told.js";
import { episodic, measuredRow, UNPROVEN, vitalCell, VITALS } from "./vitals.js";
import { alarmText, alarmTimes, barSize, ladderWords, LINK, restsOnUnverified, SYMBOL } from "./words.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Device} Device */
/** @typedef {import("./types.js").Patient} Patient */
/** @typedef {import("./app-types.js").Context} Context */

const TAP = word("A receive-only tap beside another host: pumpd sends nothing to this device and cannot stop it");

/**
 * @param {Bed} bed
 * @param {Alarm[]} alarms of this bed, worst first
 * @param {Context} context
 */
export function tile(bed, alarms, context) {
  return html`
    <article class="tile ${tone(bed, alarms, context)}" data-bed=${bed.id} aria-label=${bed.label}>
      <div class="body">
        <header class="who">
          ${heading(bed, context)}
          ${patient(bed, context)}
          ${ladder(alarms, context)}
          <ul class="links" aria-label=${t("Devices")}>
            ${repeat(bed.devices, (device) => device.id, (device) => link(device, bed, context))}
          </ul>
        </header>
        ${bar(alarms, bed, context)}
        <dl class="vitals">${VITALS.map((row) => vitalCell(measuredRow(row, bed), bed, alarms, context))}</dl>
        ${repeat(bed.pumps, (pump) => pump.id, (pump) => pumpBlock(pump, bed, alarms, context))}
        ${bed.pumps.length ? nothing : html`<p class="pump none">${t("No pump configured")}</p>`}
        ${toldStrip(bed, context)}
        ${courseStrip(bed, context)}
      </div>
    </article>
  `;
}

/**
 * The classes that say how a bed is.
 * @param {Bed} bed
 * @param {Alarm[]} alarms
 * @param {Context} context
 */
export function tone(bed, alarms, context) {
  const worst = alarms[0];
  const now = context.blank ? "blank" : worst ? `${worst.priority} ${worst.state}` : "calm";
  return `${now} ${bed.monitored ? "" : "unmonitored"}`;
}

/**
 * The bed's name, which leads to its own page.
 * @param {Bed} bed
 * @param {Context} context
 */
export function heading(bed, context) {
  const href = context.bedHref?.(bed.id);
  return html`<h2>${href ? html`<a href=${href}>${bed.label}</a>` : bed.label}</h2>`;
}

/**
 * Who, and what was measured or assessed now and then: "AB · POSS 2 · O2".
 * @param {Bed} bed
 * @param {Context} context
 */
function patient(bed, context) {
  const said = [who(bed, context), ...episodic(bed, context)].filter(Boolean);
  return said.length ? html`<p class="patient">${said.join(" · ")}</p>` : nothing;
}

/**
 * @param {Bed} bed
 * @param {Context} context
 */
export function who(bed, context) {
  return bed.patient ? named(bed.patient, context) : t("no patient");
}

/**
 * @param {Patient} patient
 * @param {Context} context
 */
function named(patient, context) {
  const name = patient.name ?? "";
  if (context.names !== "initials") return context.names === "full" ? name : "";
  return patient.initials || name.split(/[\s,]+/).map((part) => part.charAt(0)).join("");
}

/**
 * @param {Alarm[]} alarms
 * @param {Context} context
 */
function ladder(alarms, context) {
  const worst = alarms[0];
  if (!worst || context.blank) return nothing;
  return ladderWords(worst, context.zone).map((words) => html`<strong class="ladder">${words}</strong>`);
}

/**
 * @param {Device} device
 * @param {Bed} bed
 * @param {Context} context
 */
export function link(device, bed, context) {
  const known = LINK[device.link];
  const state = context.blank ? { symbol: "?", words: t("unknown") } : known ? { ...known, words: t(known.words) } : { symbol: "?", words: device.link };
  const kind = bed.pumps.some((pump) => pump.id === device.id) ? t("pump") : t("monitor");
  const up = device.link === "up" && !context.blank;
  const words = up ? kind : `${kind} ${state.words}`;
  return html`
    <li class="link ${context.blank ? "unknown" : device.link}" title="${device.id} (${device.driver}) ${device.detail ?? ""}">
      <span aria-hidden="true">${state.symbol}</span> ${words}${up ? html`<span class="hidden"> ${state.words}</span>` : nothing}
      ${device.tap ? html`<span class="tap" title=${t(TAP)}>${t("listening only")}</span>` : nothing}
      ${device.unverified ? html`<strong class="unproven" title=${t(UNPROVEN)}>${t("UNVERIFIED")}</strong>` : nothing}
    </li>
  `;
}

/**
 * The worst alarm. Of one that is not acknowledged the bar is the button that does it.
 * @param {Alarm[]} alarms
 * @param {Bed} bed
 * @param {Context} context
 */
export function bar(alarms, bed, context) {
  const alarm = alarms[0];
  if (context.blank) return html`<p class="bar none">${t("Alarms unknown")}</p>`;
  if (!bed.monitored && !alarm) return html`<p class="bar unmonitored"><strong>${t("NOT MONITORED")}</strong></p>`;
  if (!alarm) return html`<p class="bar none">${t("No alarm")}</p>`;
  const looks = `bar ${alarm.priority} ${alarm.state} ${barSize(alarm, context.zone)}`;
  const words = barWords(alarm, alarms.length - 1, bed, context);
  if (alarm.state === "acknowledged") return html`<p class=${looks}>${words}</p>`;
  const act = alarm.state === "latched" ? t("Reset") : t("Acknowledge");
  return html`
    <button class=${looks} type="button" title=${act} @click=${() => context.acts.openAlarm(alarm)}>${words}</button>
  `;
}

/**
 * @param {Alarm} alarm
 * @param {number} more
 * @param {Bed} bed
 * @param {Context} context
 */
function barWords(alarm, more, bed, context) {
  return html`
    <span class="words"><span class="cause">${seen(alarm)}${SYMBOL[alarm.priority]} ${alarmText(alarm)}</span>
      <span class="times">${alarmTimes(alarm, context.zone).map((time) => html`<span>${time}</span> `)}</span></span>
    ${bed.monitored ? nothing : html`<strong class="more">${t("NOT MONITORED")}</strong>`}
    ${restsOnUnverified(bed, alarm) ? html`<strong class="more">${t("UNVERIFIED")}</strong>` : nothing}
    ${bed.audio_paused_until ? html`<span class="more muted" title=${t("Sound paused")}>${bell()}</span>` : nothing}
    ${more > 0 ? html`<span class="more">+${more}</span>` : nothing}
  `;
}

/** A crossed bell, drawn, so that no font has to have it. */
export function bell() {
  return html`<svg class="bell" viewBox="0 0 24 24" role="img" aria-label=${t("Sound paused")}><path d="M12 3a5.5 5.5 0 0 1 5.5 5.5c0 5 2 6.5 2 6.5h-15s2-1.500 2-6.500A5.500 5.500 0 0 1 12 3zM10 18h4a2 2 0 0 1-4 0zM3 2.500 4.500 1 22 20.500 20.500 22z"></path></svg>`;
}

/** @param {Alarm} alarm */
function seen(alarm) {
  return alarm.state === "acknowledged" ? html`<span aria-hidden="true">✓ </span>` : nothing;
}
