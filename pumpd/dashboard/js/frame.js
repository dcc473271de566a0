// What stands around the beds: the ward's head line and the banners. Pure.

import { html, nothing } from "./lit.js";

/** @typedef {import("./app-types.js").Context} Context */
/** @typedef {import("./types.js").WardInfo} WardInfo */

/** @typedef {"starting"|"live"|"reconnecting"|"waking"|"lost"} LinkWord */

/** @type {Record<LinkWord, string>} */
const LINK_WORDS = {
  starting: "connecting ...",
  live: "live",
  reconnecting: "reconnecting ...",
  waking: "waking - values blanked until fresh",
  lost: "connection lost",
};

/**
 * @param {WardInfo|undefined} ward
 * @param {number} beds
 * @param {string[]} unverified labels of the beds with a device whose driver is under development
 * @param {LinkWord} link
 * @param {string} time
 * @param {Context} context
 */
export function headLine(ward, beds, unverified, link, time, context) {
  return html`
    <header class="ward">
      <h1>${ward?.name ?? "pumpd"}</h1>
      <p class="beds">${beds ? `${beds} ${beds === 1 ? "bed" : "beds"}` : ""}</p>
      <p class="connection ${link}" role="status"><span aria-hidden="true">${link === "live" ? "●" : "○"}</span> ${LINK_WORDS[link]}</p>
      ${mark(ward)}
      ${unverified.length ? html`<p class="mark unproven">UNVERIFIED driver: ${unverified.join(", ")}</p>` : nothing}
      <p class="mute">This screen makes no sound</p>
      ${ward?.integrations ? html`<a class="away" href="integration.html">Integration</a>` : nothing}
      <p class="time" title=${ward?.timezone ?? ""}>${time}</p>
      <button type="button" class="quiet" @click=${context.acts.nextNames}>Names: ${context.names}</button>
      <button type="button" class="quiet" @click=${context.acts.nextTheme}>Theme: ${context.theme}</button>
    </header>
  `;
}

/** @type {Record<string, string>} */
const NOT_REAL = { demo: "DEMO - simulated patients", test: "TEST - not real patients" };

/**
 * What is not a real ward says so on every screen.
 * @param {WardInfo|undefined} ward
 */
function mark(ward) {
  const words = NOT_REAL[ward?.generation ?? ""];
  return words ? html`<p class="mark">${words}</p>` : nothing;
}

/** @param {LinkWord} link */
export function banners(link) {
  return html`
    <div class="banners" role="region" aria-label="Notices">
      ${link === "lost"
        ? html`<p class="banner lost"><span aria-hidden="true">⚠</span> CONNECTION LOST - values blanked. Look at the bedside.</p>`
        : nothing}
    </div>
  `;
}
