// What may be done at a bed, and what is known of it in detail: one menu for a screen that shows many beds.
// Pure but for the dialogs that it opens.

import { html, nothing } from "./lit.js";
import { interlockAsk, overrideAsk, rateAsk, resumeAsk } from "./asks.js";
import { bindAsk, releaseAsk } from "./asks-patient.js";
import { adjunctAsk, assessmentAsk, checklistAsk, courseAsk, doseAsk, endAsk, followUpAsk, medicineAsk, nrsAsk, opioidAsk, patchAsk, patchOffAsk, patchesOn, planAsk, ruleAsk } from "./chart-asks.js";
import { detailLines } from "./chart-detail.js";
import { subjectView } from "./dialog-subject.js";
import { t } from "./i18n.js";
import { isReset, isResettable, softAlarm } from "./pump-acts.js";

/** @typedef {import("./asks.js").Ask} Ask */
/** @typedef {import("./chart-asks.js").Words} Words */
/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Pump} Pump */

/** One button: its words, and the dialog behind it. @typedef {{words: string, ask: Ask}} Entry */

/**
 * What was read for the menu. words null: the server's vocabulary could not be read.
 * @typedef {{words: Words|null, chart: {time: string, entries: import("./chart-asks.js").ChartEntry[]}|null, zone: string|undefined,
 *   alarms: Alarm[], now: (bed: Bed, pump: Pump) => import("./asks.js").Now, names: "initials"|"full"|"off"}} Known
 */

/**
 * @param {Bed} bed
 * @param {Known} known
 * @returns {{title: string, entries: Entry[]}[]}
 */
export function groupsOf(bed, known) {
  const groups = [
    ...bed.pumps.map((pump) => ({ title: t("Pump {id}", { id: pump.id }), entries: pumpEntries(pump, bed, known) })),
    { title: t("At the bedside"), entries: bedsideEntries(bed, known.words) },
    { title: t("Given"), entries: givenEntries(bed, known) },
    { title: t("Course"), entries: courseEntries(bed, known.words) },
    { title: t("Patient"), entries: [bed.patient ? { words: t("Release patient"), ask: releaseAsk(bed) } : { words: t("Bind patient"), ask: bindAsk(bed) }] },
  ];
  return groups.filter((group) => group.entries.length > 0);
}

/**
 * @param {Pump} pump
 * @param {Bed} bed
 * @param {Known} known
 * @returns {Entry[]}
 */
function pumpEntries(pump, bed, known) {
  const soft = softAlarm(pump, known.alarms);
  return [
    { words: t("Set rate"), ask: rateAsk(pump, bed, known.now) },
    ...(isResettable(pump) ? [{ words: t("Reset interlock"), ask: interlockAsk(pump, bed) }] : []),
    ...(pump.resume === "needed" && isReset(pump) ? [{ words: t("Resume"), ask: resumeAsk(pump, bed) }] : []),
    ...(soft ? [{ words: t("Confirm above soft"), ask: overrideAsk(pump, soft, bed) }] : []),
  ];
}

/**
 * @param {Bed} bed
 * @param {Words|null} words
 * @returns {Entry[]}
 */
function bedsideEntries(bed, words) {
  return [
    { words: t("Pain, sedation, oxygen"), ask: nrsAsk(bed) },
    ...(words ? [{ words: t("Assessment"), ask: assessmentAsk(bed, words) }, { words: t("Contra-indications"), ask: checklistAsk(bed, words) }] : []),
  ];
}

/**
 * @param {Bed} bed
 * @param {Known} known
 * @returns {Entry[]}
 */
function givenEntries(bed, { words, chart, zone }) {
  const patches = patchesOn(chart);
  return [
    ...(words ? [{ words: t("Opioid given"), ask: opioidAsk(bed, words, chart?.time) }, { words: t("Patch put on"), ask: patchAsk(bed, words) }] : []),
    ...(patches.length ? [{ words: t("Patch taken off"), ask: patchOffAsk(bed, patches, zone) }] : []),
    { words: t("Ketamine oral, i.m. ..."), ask: doseAsk(bed, chart?.time) },
    ...(words ? [{ words: t("Adjunct"), ask: adjunctAsk(bed, words) }, { words: t("Other medicine"), ask: medicineAsk(bed, words) }] : []),
  ];
}

/**
 * @param {Bed} bed
 * @param {Words|null} words
 * @returns {Entry[]}
 */
function courseEntries(bed, words) {
  const open = bed.course?.id;
  return [
    ...(open ? [] : [{ words: t("Open course"), ask: courseAsk(bed) }]),
    { words: t("Plan infusion"), ask: planAsk(bed) },
    ...(words?.rules.length ? [{ words: t("Set a rule aside"), ask: ruleAsk(bed, words) }] : []),
    open ? { words: t("End course"), ask: endAsk(bed) } : { words: t("After the course"), ask: followUpAsk(bed) },
  ];
}

/**
 * @param {Bed} bed
 * @param {Known} known
 * @param {(ask: Ask) => void} open
 * @param {() => void} close
 * @param {unknown} beside what can be done at once
 */
export function menuView(bed, known, open, close, beside) {
  const lines = detailLines(bed, known.zone);
  return html`
    <div class="menu">
      <div class="whom">${subjectView(bed, "", known.names)}${beside}</div>
      <h2 id="act-title">${t("Chart: {bed}", { bed: bed.label })}</h2>
      ${known.words ? nothing : html`<p role="alert" class="refused">${t("The words of this bed's chart could not be read: some entries are missing here.")}</p>`}
      ${groupsOf(bed, known).map((group) => html`
        <section class="group"><h3>${group.title}</h3>
          <div class="entries">${group.entries.map((entry) => html`<button type="button" @click=${() => open(entry.ask)}>${entry.words}</button>`)}</div></section>`)}
      ${lines.length ? html`<h3>${t("What is known")}</h3><ul class="detail" tabindex="0" aria-label=${t("What is known")}>${lines.map((line) => html`<li>${line}</li>`)}</ul>` : nothing}
      <div class="buttons">
        ${bed.course?.id ? html`<a href="api/v1/courses/${bed.course.id}/report" target="_blank" rel="noopener">${t("Report of this course")}</a>` : nothing}
        <button type="button" class="quiet" @click=${close}>${t("Close")}</button>
      </div>
    </div>
  `;
}
