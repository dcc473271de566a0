// The dialog that lists what other systems told of a bed, and the asks in which a named person settles it. Pure but for send.

import { html, nothing } from "./lit.js";
import { post } from "./acts.js";
import { t } from "./i18n.js";
import { serverWords } from "./server-words.js";
import { orderWords, requestTitle, requestWords, times } from "./told.js";
import { clock } from "./words.js";

/** @typedef {import("./asks.js").Ask} Ask */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Notice} Notice */
/** @typedef {import("./types.js").Order} Order */
/** @typedef {import("./types.js").Request} Request */

/**
 * @param {Bed} bed as it is now
 * @param {string|undefined} zone
 * @param {(ask: Ask) => void} open
 * @param {() => void} close
 * @param {unknown} beside what can be done at once
 */
export function toldView(bed, zone, open, close, beside) {
  const told = bed.told ?? { requests: [], orders: [], notices: [], alarms: [] };
  const empty = told.requests.length + told.orders.length + told.notices.length === 0;
  return html`
    <div class="menu told-menu">
      <div class="whom"><h2 id="act-title">${t("From other systems, {bed}", { bed: bed.label })}</h2>${beside}</div>
      ${empty ? html`<p class="hint">${t("Everything is settled.")}</p>` : nothing}
      ${told.requests.map((one) => requestItem(one, bed, zone, open))}
      ${told.orders.map((one) => orderItem(one, zone))}
      ${told.notices.map((one) => noticeItem(one, bed, zone, open))}
      <div class="buttons"><button type="button" class="main" @click=${close}>${t("Close")}</button></div>
    </div>
  `;
}

/**
 * @param {Request} request
 * @param {Bed} bed
 * @param {string|undefined} zone
 * @param {(ask: Ask) => void} open
 */
function requestItem(request, bed, zone, open) {
  const by = request.asked_by ? ` (${request.asked_by})` : "";
  return html`
    <section class="telling is-${request.verified ? "good" : "bad"}" data-request=${request.id}>
      <h3>${requestTitle(request, zone)}${by}</h3>
      <p class="what"><strong>${requestWords(request)}</strong> · ${t("Pump {id}", { id: request.pump })}</p>
      ${request.verified
        ? html`<p class="verdict">${t("Verified: nothing stands against it.")}</p>`
        : html`<p class="verdict">${t("Refused because:")}</p><ul>${request.against.map((reason) => html`<li>${serverWords(reason)}</li>`)}</ul>`}
      <p class="hint">${t("No pump was set. Whoever sets it does so at the pump.")}</p>
      <div class="settle">
        <button type="button" class="quiet" @click=${() => open(settleAsk({ id: bed.id, bed }, request.id, requestWords(request), false))}>${t("Decline")}</button>
        <button type="button" @click=${() => open(settleAsk({ id: bed.id, bed }, request.id, requestWords(request), true))}>${t("Seen, programmed by hand")}</button>
      </div>
    </section>
  `;
}

/**
 * @param {Order} order
 * @param {string|undefined} zone
 */
function orderItem(order, zone) {
  const facts = [order.source, order.route, order.ends ? t("until {time}", { time: clock(order.ends, zone) }) : ""].filter(Boolean);
  return html`
    <section class="telling is-${order.differs.length ? "bad" : "good"}" data-order=${order.id}>
      <h3>${orderWords(order)}</h3>
      <p class="hint">${facts.join(" · ")}</p>
      ${order.differs.length ? html`<ul>${order.differs.map((one) => html`<li>${one}</li>`)}</ul>` : html`<p class="verdict">${t("No difference is seen.")}</p>`}
    </section>
  `;
}

/**
 * @param {Notice} notice
 * @param {Bed} bed
 * @param {string|undefined} zone
 * @param {(ask: Ask) => void} open
 */
function noticeItem(notice, bed, zone, open) {
  return html`
    <section class="telling is-calm" data-notice=${notice.id}>
      <p class="what">${clock(notice.at, zone)} ${notice.text}${times(notice.count)}</p>
      <div class="settle"><button type="button" @click=${() => open(settleAsk({ id: bed.id, bed }, notice.id, notice.text, true))}>${t("Seen")}</button></div>
    </section>
  `;
}

/**
 * @param {{id: string, bed?: Bed, strong?: string}} at the bed, or its id where no more is known of it
 * @param {string} id of a request or a notice
 * @param {string} about
 * @param {boolean} accepted
 * @returns {Ask}
 */
export function settleAsk(at, id, about, accepted) {
  return {
    title: accepted ? t("Seen") : t("Decline"),
    tone: "plain",
    bed: at.bed ?? null,
    strong: at.strong ?? at.id,
    about,
    hint: t("This sets no pump. It is recorded with your name and leaves the screen."),
    choices: false,
    reasonLabel: accepted ? null : t("Reason"),
    go: accepted ? t("Seen") : t("Decline"),
    send: ({ by, reason }) => post(`beds/${encodeURIComponent(at.id)}/told/${encodeURIComponent(id)}/settle`, { by, accepted, reason }),
  };
}
