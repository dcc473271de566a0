// Devices, bed by bed: what each line is, how old what it says is, and on demand its last bytes. Pure.

import { html, nothing } from "../lit.js";
import { t, word } from "../i18n.js";
import { serverWords } from "../server-words.js";
import { span } from "../times.js";
import { age, instant, qualityWords } from "./say.js";

/** @typedef {import("./bench-types.js").AllDevices} AllDevices */
/** @typedef {import("./bench-types.js").DeviceNow} DeviceNow */
/** @typedef {import("./bench-types.js").Frames} Frames */
/** @typedef {(id: string, open: boolean) => void} Look */

/** @type {Record<string, string>} */
const LINKS = { up: word("line up"), down: word("line down"), silent: word("silent") };
/** @type {Record<string, string>} */
const CONTROLS = { granted: word("held by pumpd"), refused: word("refused by the pump"), released: word("handed back"), lost: word("lost") };
/** @type {Record<string, string>} */
const INTEGRITIES = { crc16: word("CRC-16"), sum8: word("8-bit sum"), none: word("no checksum") };
/** @type {Record<string, string>} */
const KINDS = { pump: word("pump"), monitor: word("monitor") };

/** @param {Record<string, string>} table @param {string} key */
const said = (table, key) => (table[key] ? t(/** @type {string} */ (table[key])) : key);

/**
 * @param {AllDevices|null} all
 * @param {Map<string, Frames|null>} frames
 * @param {Look} look
 */
export function devicesView(all, frames, look) {
  if (!all) return html`<p class="none">${t("Asking ...")}</p>`;
  const now_ms = Date.parse(all.time);
  return all.beds.map((bed) => html`
    <section data-bed=${bed.bed}>
      <h2>${bed.label}${bed.label === bed.bed ? nothing : html` <span class="sub">${bed.bed}</span>`}</h2>
      ${bed.devices.length === 0 ? html`<p class="none">${t("no devices")}</p>` : nothing}
      <div class="cards">${bed.devices.map((one) => deviceView(one, now_ms, frames.get(one.detail.id), frames.has(one.detail.id), look))}</div>
    </section>`);
}

/**
 * @param {DeviceNow} one
 * @param {number} now_ms
 * @param {Frames|null|undefined} last
 * @param {boolean} open
 * @param {Look} look
 */
function deviceView(one, now_ms, last, open, look) {
  const { detail } = one;
  const bad = detail.unverified || detail.state?.link !== "up";
  return html`
    <article class="card ${bad ? "alert" : ""} ${open ? "wide" : ""}" data-device=${detail.id}>
      <header><h3>${detail.id} <span class="sub">${said(KINDS, detail.kind)}</span></h3>${linkView(detail, now_ms)}</header>
      <p>${detail.vendor} ${detail.model}${detail.unverified ? html` <span class="mark">${t("UNVERIFIED")}</span>` : nothing}</p>
      <dl class="ages">
        <div><dt>${t("Last byte")}</dt><dd>${age(one.byte_age_ms)}</dd></div>
        <div><dt>${t("Last frame")}</dt><dd>${age(one.frame_age_ms)}</dd></div>
        <div><dt>${t("Last reading")}</dt><dd>${age(one.reading_age_ms)}</dd></div>
      </dl>
      ${factsView(one)}
      ${unmappedView(detail)}
      ${(detail.cautions ?? []).length ? html`<ul class="plain warn">${detail.cautions.map((words) => html`<li>${words}</li>`)}</ul>` : nothing}
      <details ?open=${open} @toggle=${(/** @type {Event} */ event) => look(detail.id, /** @type {HTMLDetailsElement} */ (event.target).open)}>
        <summary>${t("Last bytes of the line")}</summary>
        ${open ? framesView(last) : nothing}
      </details>
    </article>
  `;
}

/**
 * @param {import("./bench-types.js").Detail} detail
 * @param {number} now_ms
 */
function linkView(detail, now_ms) {
  const state = detail.state;
  if (!state) return html`<p class="link-state">${t("unknown")}</p>`;
  const since = state.since ? ` ${t("for {time}", { time: span(now_ms - Date.parse(state.since)) })}` : "";
  return html`<p class="link-state ${state.link}"><span aria-hidden="true">${state.link === "up" ? "●" : "○"}</span> ${said(LINKS, state.link)}<span class="sub">${since}</span></p>`;
}

/** @param {DeviceNow} one */
function factsView({ detail, version, control, enforcement }) {
  const options = Object.entries(detail.options ?? {});
  /** @type {[string, unknown][]} */
  const rows = [
    [t("Driver"), html`${detail.driver} ${version} <span class="sub">(${qualityWords(detail.quality)})</span>`],
    [t("Link"), html`<code>${detail.link}</code>${detail.state?.tap ? ` ${t("(listening only)")}` : nothing}`],
    [t("Line"), `${detail.line}, ${said(INTEGRITIES, detail.integrity)}`],
    [t("Interval"), `${detail.poll_ms / 1000} s`],
    [t("Serial number wanted"), detail.serial],
    [t("Options"), options.map(([name, value]) => `${name} = ${value}`).join(", ")],
    [t("Signals"), detail.signals.join(", ")],
    [t("Frames believed"), `${detail.frames}${detail.waves ? `, ${t("{n} pieces of curves", { n: detail.waves })}` : ""}`],
    [t("Garbled"), detail.state ? html`<span class=${detail.state.garbled ? "warn" : ""}>${detail.state.garbled}</span>` : "–"],
    [t("Remote control"), control ? said(CONTROLS, control) : null],
    [t("Enforcement"), enforcement === "alarm" ? t("ALARM ONLY") : enforcement],
    [t("Trouble"), detail.state?.detail ? html`<span class="warn">${serverWords(detail.state.detail)}</span>` : null],
  ];
  return html`<dl class="facts">${rows.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

/** @param {import("./bench-types.js").Detail} detail */
function unmappedView(detail) {
  if (detail.unmapped.length === 0) return nothing;
  return html`
    <details>
      <summary>${t("Tags without a row in the driver's table: {n}", { n: detail.unmapped.length + detail.unmapped_more })}</summary>
      <ul class="plain">${detail.unmapped.map((one) => html`<li><code>${one.tag}</code> × ${one.count}: ${one.value}</li>`)}
        ${detail.unmapped_more ? html`<li>${t("and {n} more that were not kept", { n: detail.unmapped_more })}</li>` : nothing}</ul>
    </details>`;
}

/** @param {Frames|null|undefined} last */
function framesView(last) {
  if (!last) return html`<p class="none">${t("Asking ...")}</p>`;
  if (last.pieces.length === 0) return html`<p class="none">${t("Nothing has come on this line since the start.")}</p>`;
  return html`
    <p class="hint">${t("The newest first, as it came; two dots stand for what names a patient of the ward. Not a record: see the captures.")}</p>
    <ol class="frames" tabindex="0" aria-label=${t("Last bytes of the line")}>${last.pieces.map((piece) => html`
      <li class=${piece.sent ? "sent" : "heard"}>
        <span class="sub">${instant(piece.at)} ${piece.sent ? t("sent") : t("received")}</span>
        <span class="hex">${piece.hex}${piece.more ? ` ${t("... and {n} bytes more", { n: piece.more })}` : nothing}</span>
        ${piece.facts.map((fact) => html`<span class="facts-of ${fact.type === "Garbled" ? "warn" : ""}">${fact.type}: ${fact.text}</span>`)}
      </li>`)}</ol>`;
}
