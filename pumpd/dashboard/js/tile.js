// One bed's tile: who, what is linked, the worst alarm, the vitals, the pumps. Pure: state in, template out.

import { html, nothing, repeat } from "./lit.js";
import { courseStrip } from "./course.js";
import { believed, isWithdrawn, vital } from "./freshness.js";
import { pumpBlock } from "./pump.js";
import { alarmTimes, barSize, isUnverified, ladderWords, LINK, restsOnUnverified, signalsOf, SYMBOL } from "./words.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Device} Device */
/** @typedef {import("./types.js").Patient} Patient */
/** @typedef {import("./types.js").Value} Value */
/** @typedef {import("./app-types.js").Context} Context */

const VITALS = [
  { signal: "rr", label: "RR", name: "Respiratory rate", unit: "/min" },
  { signal: "spo2", label: "SpO2", name: "Oxygen saturation", unit: "%" },
  { signal: "etco2", label: "EtCO2", name: "End-tidal carbon dioxide", unit: "mmHg" },
  { signal: "pulse", label: "PR", name: "Pulse rate", unit: "/min" },
];
/** In the place of the pulse where no oximeter ever measured one. */
const BY_ECG = { signal: "hr", label: "HR", name: "Heart rate", unit: "/min" };

const TAP = "A receive-only tap beside another host: pumpd sends nothing to this device and cannot stop it";
const UNPROVEN = "The driver of this device is under development: do not rely on what it says";

/** @type {Record<string, string>} */
const WHY_NO_DIGIT = { off: "sensor off", invalid: "not valid", stale: "no signal" };
/** @type {Record<string, string>} */
const ORIGIN = { co2: "CO2", impedance: "impedance", ecg: "ECG", finger: "finger", ear: "ear" };

/**
 * @param {Bed} bed
 * @param {Alarm[]} alarms of this bed, worst first
 * @param {Context} context
 */
export function tile(bed, alarms, context) {
  const worst = alarms[0];
  const tone = context.blank ? "blank" : worst ? `${worst.priority} ${worst.state}` : "calm";
  return html`
    <article class="tile ${tone} ${bed.monitored ? "" : "unmonitored"}" data-bed=${bed.id} aria-label=${bed.label}>
      <div class="body">
        <header class="who">
          <h2>${bed.label}</h2>
          ${patient(bed, context)}
          ${worst && !context.blank ? ladderWords(worst, context.zone).map((words) => html`<strong class="ladder">${words}</strong>`) : nothing}
          <ul class="links" aria-label="Devices">
            ${repeat(bed.devices, (device) => device.id, (device) => link(device, bed, context))}
          </ul>
        </header>
        ${context.blank ? html`<p class="bar none">Alarms unknown</p>` : bar(worst, alarms.length - 1, bed, context)}
        <dl class="vitals">${VITALS.map((row) => vitalCell(measuredRow(row, bed), bed, alarms, context))}</dl>
        ${repeat(bed.pumps, (pump) => pump.id, (pump) => pumpBlock(pump, bed, alarms, context))}
        ${bed.pumps.length ? nothing : html`<p class="pump none">No pump configured</p>`}
        ${courseStrip(bed, context)}
      </div>
    </article>
  `;
}

/**
 * Who, and what a person assessed: "AB · POSS 2 · O2".
 * @param {Bed} bed
 * @param {Context} context
 */
function patient(bed, context) {
  const said = [bed.patient ? named(bed.patient, context) : "no patient", ...assessed(bed, context)].filter(Boolean);
  return said.length ? html`<p class="patient">${said.join(" · ")}</p>` : nothing;
}

/**
 * @param {Patient} who
 * @param {Context} context
 */
function named(who, context) {
  const name = who.name ?? "";
  if (context.names !== "initials") return context.names === "full" ? name : "";
  return who.initials || name.split(/[\s,]+/).map((part) => part.charAt(0)).join("");
}

/**
 * @param {Bed} bed
 * @param {Context} context
 * @returns {string[]}
 */
function assessed(bed, context) {
  if (context.blank) return [];
  const scores = ["poss", "rass"].map((signal) => {
    const score = believed(bed.values[signal]);
    return score === null ? "" : `${signal.toUpperCase()} ${bed.values[signal]?.text ?? score}`;
  });
  return [...scores, bed.oxygen?.on ? "O2" : ""].filter(Boolean);
}

/**
 * @param {Device} device
 * @param {Bed} bed
 * @param {Context} context
 */
function link(device, bed, context) {
  const state = context.blank ? { symbol: "?", words: "unknown" } : (LINK[device.link] ?? { symbol: "?", words: device.link });
  const kind = bed.pumps.some((pump) => pump.id === device.id) ? "pump" : "monitor";
  const up = device.link === "up" && !context.blank;
  const words = up ? kind : `${kind} ${state.words}`;
  return html`
    <li class="link ${context.blank ? "unknown" : device.link}" title="${device.id} (${device.driver}) ${device.detail ?? ""}">
      <span aria-hidden="true">${state.symbol}</span> ${words}${up ? html`<span class="hidden"> ${state.words}</span>` : nothing}
      ${device.tap ? html`<span class="tap" title=${TAP}>listening only</span>` : nothing}
      ${device.unverified ? html`<strong class="unproven" title=${UNPROVEN}>UNVERIFIED</strong>` : nothing}
    </li>
  `;
}

/**
 * @param {Alarm|undefined} alarm
 * @param {number} more
 * @param {Bed} bed
 * @param {Context} context
 */
function bar(alarm, more, bed, context) {
  if (!bed.monitored && !alarm) return html`<p class="bar unmonitored"><strong>NOT MONITORED</strong></p>`;
  if (!alarm) return html`<p class="bar none">No alarm</p>`;
  const words = html`
    <span class="words"><span class="cause">${seen(alarm)}${SYMBOL[alarm.priority]} ${alarm.text}</span>
      <span class="times">${alarmTimes(alarm, context.zone).map((time) => html`<span>${time}</span> `)}</span></span>
    ${bed.monitored ? nothing : html`<strong class="more">NOT MONITORED</strong>`}
    ${restsOnUnverified(bed, alarm) ? html`<strong class="more">UNVERIFIED</strong>` : nothing}
    ${more > 0 ? html`<span class="more">+${more}</span>` : nothing}
  `;
  const looks = `bar ${alarm.priority} ${alarm.state} ${barSize(alarm, context.zone)}`;
  if (alarm.state === "acknowledged") return html`<p class=${looks}>${words}</p>`;
  const act = alarm.state === "latched" ? "Reset" : "Acknowledge";
  return html`
    <button class=${looks} type="button" title=${act} @click=${() => context.acts.openAlarm(alarm)}>${words}</button>
  `;
}

/** @param {Alarm} alarm */
function seen(alarm) {
  return alarm.state === "acknowledged" ? html`<span aria-hidden="true">✓ </span>` : nothing;
}

/**
 * @param {typeof VITALS[number]} row
 * @param {Bed} bed
 */
function measuredRow(row, bed) {
  return row.signal === "pulse" && neverMeasured(bed.values["pulse"]) && !neverMeasured(bed.values["hr"]) ? BY_ECG : row;
}

/** @param {Value|undefined} value */
function neverMeasured(value) {
  return !value || value.t === null;
}

/**
 * @param {typeof VITALS[number]} row
 * @param {Bed} bed
 * @param {Alarm[]} alarms
 * @param {Context} context
 */
function vitalCell(row, bed, alarms, context) {
  const value = bed.values[row.signal];
  const shown = vital(value, context.now_ms, context.blank);
  const offending = context.blank ? undefined : alarms.find((alarm) => isAbout(alarm, row.signal));
  const said = note(row.signal, value, shown, bed, context);
  const unproven = !context.blank && isUnverified(bed, value?.source);
  return html`
    <div class="vital ${row.signal} ${shown.state} ${said || shown.questionable || unproven ? "noted" : ""} ${unproven ? "marked" : ""} ${offending ? `offending ${offending.priority}` : ""}"
        data-signal=${row.signal} data-state=${shown.state} title=${source(value)}>
      <dt><abbr title=${row.name}>${row.label}</abbr> <span class="unit">${value?.u || row.unit}</span></dt>
      <dd class="digits">${figure(shown.text)}</dd>
      <dd class="note">${unproven ? html`<strong class="unproven" title=${UNPROVEN}>UNVERIFIED</strong> ` : nothing}${shown.questionable ? html`<span class="questionable" title=${whyDoubtful(value)}>? doubtful</span> ` : nothing}${said}</dd>
    </div>
  `;
}

/**
 * Decimals stand smaller, so that every digit has room.
 * @param {string} text
 */
function figure(text) {
  const [whole = "", decimals] = text.split(".");
  if (decimals === undefined) return text;
  return html`<span class=${whole.length > 2 ? "long" : ""}>${whole}<small>.${decimals}</small></span>`;
}

/** @param {Value|undefined} value */
function whyDoubtful(value) {
  return value?.why === "jump"
    ? "It changed faster than it can: an alarm waits for at most 10 s"
    : "The source marks this value as questionable";
}

/** @param {Value|undefined} value */
function source(value) {
  const by = value?.origin ? ORIGIN[value.origin] : undefined;
  return value?.source ? `${value.source}${by ? ` (${by})` : ""}` : "";
}

/**
 * @param {Alarm} alarm
 * @param {string} signal
 */
function isAbout(alarm, signal) {
  return alarm.state !== "latched" && alarm.state !== "ended" && signalsOf(alarm).includes(signal);
}

/**
 * The small line beside the digits: the age when not live, why there is no digit, the time without breath.
 * @param {string} signal
 * @param {Value|undefined} value
 * @param {import("./freshness.js").Shown} shown
 * @param {Bed} bed
 * @param {Context} context
 */
function note(signal, value, shown, bed, context) {
  if (context.blank) return "";
  const breathless = signal === "rr" ? noBreath(bed, context.now_ms) : "";
  if (breathless) return breathless;
  if (shown.state === "live") return "";
  if (value?.why === "held") return html`<span title="The monitor still displays a value, but sees no breath">held</span>`;
  const age = shown.age_s === null ? "" : ` ${ageWords(shown.age_s)}`;
  if (shown.state === "grey") return age.trim();
  if (value?.q === "stale" && neverMeasured(value)) return "not measured";
  return `${value ? (WHY_NO_DIGIT[value.q] ?? "no signal") : "no source"}${age}`;
}

/** @param {number} age_s */
function ageWords(age_s) {
  return age_s < 100 ? `${age_s}\u00a0s\u00a0ago` : age_s < 5_400 ? `${Math.floor(age_s / 60)}\u00a0min\u00a0ago` : "long ago";
}

/**
 * @param {Bed} bed
 * @param {number} now_ms
 */
function noBreath(bed, now_ms) {
  const value = bed.values["no_breath_s"];
  const seconds = believed(value);
  if (seconds === null || Number(seconds) <= 0 || isWithdrawn(value, now_ms)) return "";
  return html`<strong class="no-breath"><span>no breath</span> <span>${seconds} s</span></strong>`;
}
