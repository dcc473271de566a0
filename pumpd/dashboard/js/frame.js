// What stands around the beds: the ward's head line and the banners. Pure.

import { html, nothing } from "./lit.js";
import { t, word } from "./i18n.js";
import { headLine } from "./nav.js";
import { clock, countdown } from "./words.js";

/** @typedef {import("./app-types.js").Context} Context */
/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").WardInfo} WardInfo */
/** @typedef {import("./settings.js").Settings} Settings */

/** @typedef {"starting"|"live"|"reconnecting"|"waking"|"lost"} LinkWord */

/** @type {Record<LinkWord, string>} */
const LINK_WORDS = {
  starting: word("connecting ..."),
  live: word("live"),
  reconnecting: word("reconnecting ..."),
  waking: word("waking - values blanked until fresh"),
  lost: word("connection lost"),
};

/**
 * @param {WardInfo|undefined} ward
 * @param {Bed[]} beds
 * @param {LinkWord} link
 * @param {string} time
 * @param {Context} context
 * @param {Settings} settings
 */
export function wardHead(ward, beds, link, time, context, settings) {
  const changed = context.acts.redraw;
  return headLine({
    here: "ward", title: ward?.name ?? "pumpd", live: link === "live", state: link, connection: t(LINK_WORDS[link]),
    without: ward?.integrations ? [] : ["integration"], notes: notes(ward, beds, context), time, zone: ward?.timezone ?? "",
    settings, names: true, changed,
  });
}

/**
 * @param {WardInfo|undefined} ward
 * @param {Bed[]} beds
 * @param {Context} context
 */
function notes(ward, beds, context) {
  const unverified = beds.filter((bed) => bed.devices.some((device) => device.unverified)).map((bed) => bed.label);
  const silent = ward && !context.blank ? beds.filter((bed) => bed.audio_paused_until && bed.audio_pause?.ward) : [];
  return html`
    <p class="beds">${beds.length === 0 ? "" : beds.length === 1 ? t("1 bed") : t("{n} beds", { n: beds.length })}</p>
    ${mark(ward)}
    ${unverified.length ? html`<p class="mark unproven">${t("UNVERIFIED driver: {beds}", { beds: unverified.join(", ") })}</p>` : nothing}
    ${silent.slice(0, 1).map((bed) => html`<p class="mark silent">${t("AUDIO PAUSED")} ${countdown(bed.audio_paused_until, context.server_ms)}</p>`)}
    ${context.soundControl ?? nothing}
  `;
}

/** @type {Record<string, string>} */
const NOT_REAL = { demo: word("DEMO - simulated patients"), test: word("TEST - not real patients") };

/**
 * What is not a real ward says so on every screen.
 * @param {WardInfo|undefined} ward
 */
function mark(ward) {
  const words = NOT_REAL[ward?.generation ?? ""];
  return words ? html`<p class="mark">${t(words)}</p>` : nothing;
}

/**
 * @param {LinkWord} link
 * @param {Iterable<Alarm>} alarms
 * @param {Map<string, Bed>} beds
 * @param {Context} context
 */
export function banners(link, alarms, beds, context) {
  const unseen = context.blank ? [] : [...alarms].filter((alarm) => alarm.condition === "unwatched");
  return html`
    <div class="banners" role="region" aria-label=${t("Notices")}>
      ${link === "lost" ? html`<p class="banner lost"><span aria-hidden="true">⚠</span> ${t("CONNECTION LOST - values blanked. Look at the bedside.")}
        <span class="again">${t("Reconnecting ...")}</span></p>` : nothing}
      ${unseen.length ? unwatched(unseen, beds, context) : nothing}
      ${context.soundBanner ?? nothing}
    </div>
  `;
}

/**
 * A HIGH alarm was there, and no screen showed it to anybody: said until somebody resets it.
 * @param {Alarm[]} alarms
 * @param {Map<string, Bed>} beds
 * @param {Context} context
 */
function unwatched(alarms, beds, context) {
  const now = alarms.some((alarm) => alarm.present !== false);
  const where = alarms.map((alarm) => `${beds.get(alarm.bed)?.label ?? alarm.bed} ${clock(alarm.onset, context.zone)}`).join(", ");
  const words = now ? t("NOBODY IS WATCHING: {where}", { where }) : t("NOBODY WAS WATCHING: {where}. Look at the patient.", { where });
  return html`<p class="banner unwatched ${now ? "now" : "over"}"><span aria-hidden="true">⚠</span> ${words}</p>`;
}
