// What happened, along the time of the charts and as a list of words. Pure.

import { html, nothing, svg } from "../lit.js";
import { t, word } from "../i18n.js";
import { serverWords } from "../server-words.js";
import { clock } from "../words.js";
import { day, SIDE } from "./plot.js";

/** @typedef {import("./types.js").Happening} Happening */

/** One lane for each kind. @type {readonly {kinds: string[], words: string, sign: string, colour: string}[]} */
export const LANES = [
  { kinds: ["act"], words: word("Acts"), sign: "■", colour: "text" },
  { kinds: ["infusion", "rate"], words: word("Infusion"), sign: "▲", colour: "dose" },
  { kinds: ["dose", "opioid"], words: word("Doses"), sign: "●", colour: "link" },
  { kinds: ["assessment", "course"], words: word("Assessments"), sign: "◆", colour: "good" },
  { kinds: ["alarm"], words: word("Alarm acts"), sign: "✓", colour: "medium" },
  { kinds: ["link", "system"], words: word("Links"), sign: "○", colour: "low" },
];
const LANE = 20;
const FEW = 60;

/** min, max: what the charts span, in seconds; width in px. @typedef {{min: number, max: number, width: number, zone: string|undefined}} Axis */

/**
 * @param {Happening[]} events oldest first
 * @param {Axis} axis
 */
export function stripView(events, axis) {
  const inside = Math.max(1, axis.width - 2 * SIDE);
  const at = (/** @type {Happening} */ one) => SIDE + ((Date.parse(one.t) / 1000 - axis.min) / (axis.max - axis.min)) * inside;
  const shown = events.filter((one) => at(one) >= SIDE && at(one) <= axis.width - SIDE);
  const tall = LANES.length * LANE + 4;
  return html`
    <section class="strip panel" aria-labelledby="strip-title">
      <h2 id="strip-title">${t("What happened")}</h2>
      <ul class="lanes" aria-hidden="true">${LANES.map((lane) => html`<li><span class="ink-${lane.colour}">${lane.sign}</span> ${t(lane.words)}</li>`)}</ul>
      <svg width=${axis.width} height=${tall} viewBox="0 0 ${axis.width} ${tall}" role="img" aria-label=${t("{n} events", { n: shown.length })}>
        ${LANES.map((lane, i) => svg`
          <line class="lane" x1=${SIDE} x2=${axis.width - SIDE} y1=${(i + 1) * LANE} y2=${(i + 1) * LANE}></line>
          ${shown.filter((one) => lane.kinds.includes(one.kind)).map((one) => svg`
            <text class="event ink-${lane.colour}" x=${Math.round(at(one))} y=${(i + 1) * LANE - 4} text-anchor="middle">${lane.sign}<title>${clock(one.t, axis.zone)} ${one.text}</title></text>`)}`)}
      </svg>
      ${list(shown, axis)}
    </section>
  `;
}

/**
 * The newest first.
 * @param {Happening[]} events
 * @param {Axis} axis
 */
function list(events, axis) {
  const newest = events.slice(-FEW).reverse();
  const wide = axis.max - axis.min > 86_400;
  if (!newest.length) return html`<p class="empty">${t("Nothing happened in this time.")}</p>`;
  return html`
    <ol class="happenings" tabindex="0" aria-label=${t("What happened")}>
      ${newest.map((one) => html`<li class="kind-${one.kind}"><time datetime=${one.t}>${wide ? `${day(one.t, axis.zone)} ` : ""}${clock(one.t, axis.zone)}</time>
        <span class="sign ink-${LANES.find((lane) => lane.kinds.includes(one.kind))?.colour ?? "text"}" aria-hidden="true">${LANES.find((lane) => lane.kinds.includes(one.kind))?.sign ?? ""}</span>
        <span>${serverWords(one.text)}${one.by ? html` <span class="by">${one.by}</span>` : nothing}</span></li>`)}
    </ol>
    ${events.length > FEW ? html`<p class="empty">${t("{n} older ones are not listed.", { n: events.length - FEW })}</p>` : nothing}
  `;
}
