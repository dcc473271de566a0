// The head line of a bed's page. Pure.

import { html, nothing } from "../lit.js";
import { t, word } from "../i18n.js";
import { headLine } from "../nav.js";
import { clock, filmClock, isFilm } from "../words.js";

/** @typedef {import("../app-types.js").Context} Context */
/** @typedef {import("../frame.js").LinkWord} LinkWord */

/** @type {Record<LinkWord, string>} */
const LINK_WORDS = {
  starting: word("connecting ..."), live: word("live"), reconnecting: word("reconnecting ..."),
  waking: word("waking - values blanked until fresh"), lost: word("connection lost"),
};

/** @type {Record<string, string>} */
const NOT_REAL = { demo: word("DEMO - simulated patients"), test: word("TEST - not real patients") };

/**
 * @param {{ward: import("../types.js").WardInfo|undefined, title: string, link: LinkWord,
 *   settings: import("../settings.js").Settings, changed: () => void}} page
 * @param {Context} context
 */
export function bedHead({ ward, title, link, settings, changed }, context) {
  const film = ward?.generation === "demo" && isFilm(context.server_ms, Date.now());
  const mark = NOT_REAL[ward?.generation ?? ""];
  const notes = html`${mark ? html`<p class="mark">${t(mark)}</p>` : nothing}${context.soundControl ?? nothing}`;
  return headLine({
    here: "bed", title, live: link === "live", state: link, connection: t(LINK_WORDS[link]), notes,
    without: ward?.integrations ? [] : ["integration"], zone: context.zone ?? "", settings, names: true, changed,
    time: film ? filmClock(context.server_ms, context.zone) : clock(new Date().toISOString(), context.zone),
  });
}
