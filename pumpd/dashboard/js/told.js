// What other systems told of a bed: an infusion that is asked for, orders beside the pump, notices, what became of an
// alarm elsewhere. It is shown and settled; no pump is set from here. Pure: state in, template out.

import { html, nothing } from "./lit.js";
import { figure, t, word } from "./i18n.js";
import { clock } from "./words.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Order} Order */
/** @typedef {import("./types.js").Pump} Pump */
/** @typedef {import("./types.js").Request} Request */
/** @typedef {import("./app-types.js").Context} Context */

/**
 * One line in the tile: what most needs to be seen, and how much more there is. Nothing where there is nothing.
 * @param {Bed} bed
 * @param {Context} context
 */
export function toldStrip(bed, context) {
  const lines = context.blank ? [] : tellings(bed, context.zone);
  const [first] = lines;
  if (!first) return nothing;
  const more = lines.length > 1 ? html`<span class="more">+${lines.length - 1}</span>` : nothing;
  return html`
    <section class="elsewhere is-${first.tone}" aria-label=${t("From other systems, {bed}", { bed: bed.label })} data-told=${first.kind}>
      <p class="words" title=${first.words}><span aria-hidden="true">${first.symbol}</span> ${first.words}</p>${more}
      <button type="button" aria-label=${t("From other systems, {bed}", { bed: bed.label })}
        @click=${() => context.acts.openTold(bed)}>${t("See ...")}</button>
    </section>
  `;
}

/**
 * The same in a small sector: the sign of what most needs to be seen, and how many there are.
 * @param {Bed} bed
 * @param {Context} context
 */
export function toldMark(bed, context) {
  const lines = context.blank ? [] : tellings(bed, context.zone);
  const [first] = lines;
  if (!first) return nothing;
  return html`
    <button type="button" class="told-mark is-${first.tone}" title=${first.words} data-told=${first.kind}
      aria-label="${t("From other systems, {bed}", { bed: bed.label })}: ${first.words}"
      @click=${() => context.acts.openTold(bed)}><span aria-hidden="true">${first.symbol}</span> ${lines.length}</button>
  `;
}

/**
 * @param {Bed} bed
 * @param {string|undefined} zone
 * @returns {{kind: string, tone: string, symbol: string, words: string}[]} what needs a person first
 */
function tellings(bed, zone) {
  const told = bed.told ?? { requests: [], orders: [], notices: [], alarms: [] };
  return [
    ...told.requests.toReversed().map((one) => ({
      kind: "request", tone: one.verified ? "good" : "bad", symbol: "▸", words: `${requestTitle(one, zone)}: ${requestWords(one)} - ${verdict(one)}`,
    })),
    ...told.orders.filter((one) => one.differs.length > 0).map((one) => ({
      kind: "order", tone: "bad", symbol: "≠", words: `${orderWords(one)}: ${one.differs.join("; ")}`,
    })),
    ...told.notices.map((one) => ({ kind: "notice", tone: "calm", symbol: "•", words: `${clock(one.at, zone)} ${one.text}${times(one.count)}` })),
  ];
}

/** @param {number} count */
export const times = (count) => (count > 1 ? ` (${t("{n} times", { n: count })})` : "");

/**
 * @param {Request} request
 * @param {string|undefined} zone
 */
export function requestTitle(request, zone) {
  return t("Infusion order from {source} at {time}", { source: request.source, time: clock(request.at, zone) });
}

/** @param {Request} request */
export function requestWords(request) {
  return figure(request.text) || t("not shown, because it is not this patient's");
}

/** @param {Request} request */
export function verdict(request) {
  if (request.verified) return t("verified");
  const [first = "", ...others] = request.against;
  const more = others.length ? ` (+${others.length})` : "";
  return `${t("refused: {why}", { why: first })}${more}`;
}

/** @param {Order} order */
export function orderWords(order) {
  const held = order.held ? ` (${t("on hold")})` : "";
  return `${t("Order {drug} {rate}", { drug: order.drug, rate: figure(order.text) })}${held}`;
}

/**
 * Beside the dose: what is ordered of this pump's drug.
 * @param {Pump} pump
 * @param {Bed} bed
 * @param {Context} context
 */
export function orderLine(pump, bed, context) {
  const orders = context.blank ? [] : (bed.told?.orders ?? []).filter((one) => one.pumps.includes(pump.id));
  if (orders.length === 0) return nothing;
  const differs = orders.some((one) => one.differs.length > 0);
  const words = orders.map((one) => `${figure(one.text)}${one.held ? ` (${t("on hold")})` : ""}`).join(", ");
  return html`<span class="ordered ${differs ? "differs" : ""}" title=${orders.flatMap((one) => one.differs).join("; ")}>${differs ? html`<span aria-hidden="true">≠</span> ` : nothing}${t("order {rate}", { rate: words })}</span>`;
}

/** What an alarm manager says of an alarm, in words. @type {Record<string, string>} */
const STATUS = {
  Received: word("received by"), Delivered: word("delivered to"), Read: word("read by"), Undeliverable: word("not delivered to"), Rejected: word("rejected by"),
  Accepted: word("accepted by"), AcceptedPositive: word("accepted by"), AcceptedNotRelevant: word("called not relevant by"), AcceptedFalse: word("called false by"),
  Cancelled: word("cancelled by"), CancelledOther: word("cancelled by"), CallbackStart: word("call back begun by"), CallbackEnd: word("call back ended by"),
};

/**
 * What became of the alarm at an alarm manager. It is not an acknowledgement here.
 * @param {Alarm} alarm
 * @param {Bed|undefined} bed
 * @param {Context} context
 */
export function reportedLine(alarm, bed, context) {
  const said = (bed?.told?.alarms ?? []).filter((one) => one.alarm === alarm.id).slice(-3);
  if (said.length === 0) return nothing;
  const words = said.map((one) => `${t(STATUS[one.status] ?? one.status)} ${one.person || one.source} ${clock(one.at, context.zone)}`);
  return html`<p class="reported">${words.join(" · ")}</p>`;
}
