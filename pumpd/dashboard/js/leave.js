// The session of this page has ended. It shows nothing of the ward any more; but an alarm that sounds here, or a stop that
// was pressed here, does not vanish with it: then the page stays, says so, and sounds as one that has lost its server.

import { html, nothing } from "./lit.js";
import { t } from "./i18n.js";
import { toSignIn } from "./session.js";

/** @typedef {import("./act-desk.js").ActDesk} ActDesk */
/** @typedef {import("./store.js").Ward} Ward */

/** What keeps the page here. @type {() => boolean} */
let kept = () => false;
let over = false;

/** The session has ended, and the page is still here. */
export const isOver = () => over;

/** @param {() => boolean} reason asked when the session ends: is there something that must not go unnoticed? */
export function stayWhile(reason) {
  kept = reason;
}

/** Nobody is signed in here any more. */
export function signedOut() {
  if (over) return;
  over = kept();
  if (!over) toSignIn();
}

/**
 * An alarm that nobody has acknowledged, or a stop whose answer has not been read.
 * @param {Ward|null} ward
 * @param {ActDesk} desk
 */
export function mustBeNoticed(ward, desk) {
  const alarms = [...(ward?.alarms.values() ?? [])];
  return desk.stops.states.size > 0 || alarms.some((alarm) => alarm.state === "active" && alarm.priority !== "low");
}

/**
 * Stands instead of the ward.
 * @param {ActDesk} desk
 * @param {unknown} soundBanner
 */
export function overView(desk, soundBanner) {
  const pressed = [...desk.stops.states.values()].filter((state) => state.said);
  return html`
    <main class="banners signed-out">
      <h1 class="banner lost"><span aria-hidden="true">⚠</span> ${t("SIGNED OUT - no alarms are shown on this screen. Look at the bedside.")}
        <button type="button" class="again" @click=${() => toSignIn()}>${t("Sign in")}</button></h1>
      ${pressed.map((state) => html`<p class="banner unwatched" role="alert"><span aria-hidden="true">⚠</span> ${state.said}</p>`)}
      ${soundBanner ?? nothing}
    </main>
  `;
}
