// The chart of a bed: what is known in detail, and what may be written. Pure but for the dialogs that it opens.

import { html, nothing } from "./lit.js";
import { adjunctAsk, assessmentAsk, checklistAsk, courseAsk, doseAsk, endAsk, followUpAsk, medicineAsk, opioidAsk, patchAsk, patchOffAsk, patchesOn, planAsk, ruleAsk } from "./chart-asks.js";
import { capWho, PHASE, SPAN } from "./course-words.js";
import { clock } from "./words.js";

/** @typedef {import("./asks.js").Ask} Ask */
/** @typedef {import("./chart-asks.js").Words} Words */
/** @typedef {import("./types.js").Bed} Bed */

/**
 * What was read for the menu. @typedef {{words: Words, chart: {time: string, entries: import("./chart-asks.js").ChartEntry[]}|null, zone: string|undefined}} Known
 */

/**
 * @param {Bed} bed
 * @param {Known} known
 * @returns {{words: string, ask: Ask}[]}
 */
export function entriesOf(bed, { words, chart, zone }) {
  const patches = patchesOn(chart);
  const open = bed.course?.id;
  return [
    { words: "Assessment", ask: assessmentAsk(bed, words) },
    { words: "Opioid given", ask: opioidAsk(bed, words, chart?.time) },
    { words: "Patch put on", ask: patchAsk(bed, words) },
    ...(patches.length ? [{ words: "Patch taken off", ask: patchOffAsk(bed, patches, zone) }] : []),
    { words: "Ketamine oral, i.m. ...", ask: doseAsk(bed, chart?.time) },
    { words: "Adjunct", ask: adjunctAsk(bed, words) },
    { words: "Other medicine", ask: medicineAsk(bed, words) },
    { words: "Contra-indications", ask: checklistAsk(bed, words) },
    ...(open ? [] : [{ words: "Open course", ask: courseAsk(bed) }]),
    { words: "Plan infusion", ask: planAsk(bed) },
    ...(words.rules.length ? [{ words: "Set a rule aside", ask: ruleAsk(bed, words) }] : []),
    ...(open ? [{ words: "End course", ask: endAsk(bed) }] : [{ words: "After the course", ask: followUpAsk(bed) }]),
  ];
}

/**
 * @param {Bed} bed
 * @param {Known} known
 * @param {(ask: Ask) => void} open
 * @param {() => void} close
 */
export function menuView(bed, known, open, close) {
  return html`
    <div class="menu">
      <h2 id="act-title">Chart: ${bed.label}</h2>
      ${detail(bed, known.zone)}
      <div class="entries">${entriesOf(bed, known).map((entry) => html`<button type="button" @click=${() => open(entry.ask)}>${entry.words}</button>`)}</div>
      <div class="buttons">
        ${bed.course?.id ? html`<a href="api/v1/courses/${bed.course.id}/report" target="_blank" rel="noopener">Report of this course</a>` : nothing}
        <button type="button" class="quiet" @click=${close}>Close</button>
      </div>
    </div>
  `;
}

/**
 * @param {Bed} bed
 * @param {string|undefined} zone
 */
function detail(bed, zone) {
  const course = bed.course;
  const band = bed.clinical?.concentration;
  const mme = bed.clinical?.mme;
  const lines = [
    ...(course?.infusions ?? []).map((one) => `Infusion ${one.number || "planned"}: ${PHASE[one.phase]?.words ?? one.phase}${one.started ? ` from ${clock(one.started, zone)}` : ""}${one.delivered_text ? `, ${one.delivered_text}` : ""}${one.why ? ` (${one.why})` : ""}`),
    ...(course?.caps ?? []).map((cap) => `Cap ${SPAN[cap.span] ?? cap.span}: ${cap.delivered_text} of ${cap.limit_text}, ${capWho(cap)}`),
    ...bed.pumps.flatMap((pump) => (pump.ceiling?.set_by ? [`Ceiling of ${pump.id}: ${pump.ceiling.hard_mg_kg_h} mg/kg/h, set by ${pump.ceiling.set_by}`] : [])),
    ...(mme ? [`Opioids: ${mme.text} by table ${mme.table}${mme.baseline === null ? "" : `, baseline ${mme.baseline}`}`, ...mme.incomplete.map((why) => `Incomplete: ${why}`), ...mme.parts, ...mme.notes] : []),
    ...(bed.clinical?.flags ?? []),
    ...(band ? [`Predicted, not measured: ${band.now.text} now, ${band.in_30_min.text} in 30 min, ${band.if_stopped.text} if stopped now`, `Models: ${band.models.join(", ")}`, ...band.doubts, ...band.limits] : []),
  ];
  return lines.length ? html`<ul class="detail" tabindex="0" aria-label="What is known">${lines.map((line) => html`<li>${line}</li>`)}</ul>` : nothing;
}
