// A patient's course in a bed's tile: how far it is, what was given of which cap, pain, opioids, the predicted band.
// Pure. Doses and bands are printed as the server wrote them; only times are counted here.

import { html, nothing, svg } from "./lit.js";
import { t } from "./i18n.js";
import { serverWords } from "./server-words.js";
import { ago, clock, until } from "./words.js";
import { capWho, PHASE, RULE_WORDS, SPAN } from "./course-words.js";

/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Cap} Cap */
/** @typedef {import("./types.js").Course} Course */
/** @typedef {import("./types.js").Infusion} Infusion */
/** @typedef {import("./types.js").Clinical} Clinical */
/** @typedef {import("./app-types.js").Context} Context */

/**
 * Nothing where the bed keeps no courses.
 * @param {Bed} bed
 * @param {Context} context
 */
export function courseStrip(bed, context) {
  if (!bed.course && !bed.clinical) return nothing;
  if (context.blank) return html`<section class="course" aria-label=${t("Course of {bed}", { bed: bed.label })}><p class="said">${t("Course unknown")}</p></section>`;
  return html`
    <section class="course" aria-label=${t("Course of {bed}", { bed: bed.label })} data-course=${bed.course?.id ?? ""}>
      <div class="given">
        <p class="where">${where(bed.course)}</p>
        ${bed.course ? capLine(bed, bed.course, context) : nothing}
        ${brief(bed.course)}
      </div>
      <dl class="facts">
        ${nrs(bed, context)} ${mme(bed.clinical)} ${predicted(bed.clinical, context)}
      </dl>
      ${notices(bed.course, context)}
      <div class="chart-acts">${acts(bed, context)}</div>
    </section>
  `;
}

/**
 * The infusion that runs, pauses or is planned; after the last one, that.
 * @param {Course} course
 * @returns {Infusion|undefined}
 */
export function current(course) {
  const going = course.infusions.filter((one) => one.phase === "running" || one.phase === "paused");
  return going[0] ?? course.infusions.find((one) => one.phase === "planned") ?? course.infusions.at(-1);
}

/** @param {Course|null|undefined} course */
function where(course) {
  if (!course) return "";
  const begun = course.infusions.filter((one) => one.number > 0).length;
  const one = current(course);
  if (!course.id) return begun ? html`<b>${t("course over")}</b> · ${t("{infusion} was the last", { infusion: ordinal(begun, course) })}` : t("no course open");
  const day = course.day === null ? nothing : html` · ${t("day {n}", { n: course.day })}`;
  if (!one) return html`<b>${t("course open")}</b>${day} · ${t("no infusion planned")}`;
  const phase = PHASE[one.phase];
  const words = phase ? t(phase.words) : one.phase;
  return html`<b>${ordinal(one.number || begun + 1, course)}</b>${day} <span class="phase ${phase?.tone ?? "calm"}" title=${serverWords(one.why)}> · <b>${words}</b></span>`;
}

/**
 * @param {number} n
 * @param {Course} course
 */
function ordinal(n, course) {
  return course.max_infusions ? t("infusion {n} of {most}", { n, most: course.max_infusions }) : t("infusion {n}", { n });
}

/**
 * Where there is no room for the words: that something is missing or set aside.
 * @param {Course|null|undefined} course
 */
function brief(course) {
  const said = [
    ...(course?.missing.length ? [t("{n} missing", { n: course.missing.length })] : []),
    ...(course?.set_aside.length ? [t("{n} set aside", { n: course.set_aside.length })] : []),
  ];
  return said.length ? html`<strong class="brief" title=${(course?.missing ?? []).map(serverWords).join("; ")}>${said.join(", ")}</strong>` : nothing;
}

/**
 * The cap that is nearest: a bar, the amounts, when it is reached, and whose it is.
 * @param {Bed} bed
 * @param {Course} course
 * @param {Context} context
 */
function capLine(bed, course, context) {
  const cap = course.caps[0];
  if (!cap) return html`<p class="cap">${t("no dose cap")}</p>`;
  const others = course.caps.slice(1).map((one) => `${capWords(one)}, ${capWho(one)}`);
  const span = cap.span === "infusion" ? "" : ` ${t(SPAN[cap.span] ?? cap.span)}`;
  const full = Number(cap.percent.at_most) >= 100;
  const left = full ? html`<strong class="reached">${t("CAP REACHED")}</strong> ·` : cap.reached ? html`${t("cap in")} <b>${until(cap.reached, context.server_ms)}</b> ·` : "";
  return html`
    ${bar(cap, bed.id)}
    <p class="cap" title=${[capWho(cap), ...others].join("; ")}>${left} <b>${serverWords(cap.delivered_text)}</b> ${t("of")} <b>${serverWords(cap.limit_text)}</b>${span}
      <span class="by">${capWho(cap)}</span></p>
  `;
}

/** @param {Cap} cap */
function capWords(cap) {
  return `${serverWords(cap.delivered_text)} ${t("of")} ${serverWords(cap.limit_text)} ${t(SPAN[cap.span] ?? cap.span)}`;
}

/**
 * Given for sure: filled. May have been given: hatched.
 * @param {Cap} cap
 * @param {string} bedId
 */
function bar(cap, bedId) {
  const sure = Math.min(100, Number(cap.percent.at_least));
  const most = Math.min(100, Math.max(sure, Number(cap.percent.at_most)));
  const id = `hatch-${bedId}`;
  const words = t("{given} of {limit} given", { given: serverWords(cap.delivered_text), limit: serverWords(cap.limit_text) });
  return html`
    <svg class="bar-of-cap ${most >= 90 ? "near" : ""}" role="img" aria-label=${words} viewBox="0 0 100 6" preserveAspectRatio="none">
      <title>${words}: ${t("{low} to {high} %", { low: sure, high: most })}</title>
      <defs><pattern id=${id} width="1.6" height="6" patternUnits="userSpaceOnUse"><rect class="sure" width="0.8" height="6"></rect></pattern></defs>
      ${svg`<rect class="sure" x="0" y="0" width=${sure} height="6"></rect>
        <rect class="maybe" x=${sure} y="0" width=${most - sure} height="6" fill="url(#${id})"></rect>`}
    </svg>
  `;
}

/**
 * @param {Bed} bed
 * @param {Context} context
 */
function nrs(bed, context) {
  const last = bed.clinical?.nrs;
  const due = bed.course?.nrs_due;
  const when = last ? ago(last.at, context.server_ms) : "";
  const late = due && Date.parse(due) <= context.server_ms;
  const since = html`<span class="when">${t("since {time}", { time: clock(due, context.zone) })}</span>`;
  const next = !due ? "" : late ? html`${bed.course?.nrs_overdue ? t("OVERDUE") : t("due")} ${since}` : `· ${t("next {span}", { span: until(due, context.server_ms) })}`;
  if (!last && !due) return nothing;
  return html`
    <div class="fact nrs" title=${last ? `${last.by}, ${clock(last.at, context.zone)}; ${t("{n} in this chart", { n: last.count })}` : t("none charted")}>
      <dt><abbr title=${t("Numerical rating scale of pain, 0 to 10")}>NRS</abbr></dt>
      <dd><b class="figure">${last ? last.last : "--"}</b> <span class="when">${when}</span> <span class="next ${late ? "due" : ""}">${next}</span></dd>
    </div>
  `;
}

/** @param {Clinical|null|undefined} clinical */
function mme(clinical) {
  const total = clinical?.mme;
  if (!total) return nothing;
  const change = total.change_percent === null ? "" : `${total.change_percent > 0 ? "+" : ""}${total.change_percent} %`;
  const title = [t("table {name}", { name: total.table }), total.baseline === null ? t("no baseline") : t("baseline {n}", { n: total.baseline }), ...[...total.incomplete, ...total.notes].map(serverWords)];
  return html`
    <div class="fact mme" title=${title.join("; ")}>
      <dt>${t("Opioids")}</dt>
      <dd><b class="figure">${serverWords(total.text)}</b> ${total.incomplete.length ? html`<strong class="due">${t("incomplete")}</strong>` : nothing} <span class="change">${change}</span></dd>
    </div>
  `;
}

/**
 * Never a single line, never without the word: it was computed, nobody measured it.
 * @param {Clinical|null|undefined} clinical
 * @param {Context} context
 */
function predicted(clinical, context) {
  const band = clinical?.concentration;
  if (!band) {
    const why = clinical && (clinical.ready ? clinical.why : clinical.why || t("chart is being read"));
    return why ? html`<div class="fact predicted"><dt>${t("Predicted")}</dt><dd>${t("none: {why}", { why: serverWords(why) })}</dd></div>` : nothing;
  }
  const title = [t("models: {names}", { names: band.models.join(", ") }), t("in 30 min {soon}, if stopped {stopped}", { soon: serverWords(band.in_30_min.text), stopped: serverWords(band.if_stopped.text) }),
    ...[...band.doubts, ...band.limits].map(serverWords), t("computed {time}, not measured", { time: clock(band.at, context.zone) })];
  return html`
    <div class="fact predicted" title=${title.join("; ")}>
      <dt>${t("Predicted")}</dt>
      <dd><b class="figure">${serverWords(band.now.text)}</b> (${t("{n} models", { n: band.models.length })}) ${band.doubts.length ? html`<strong class="due">${t("doubtful")}</strong>` : nothing}</dd>
    </div>
  `;
}

/**
 * What is missing and what was set aside, in words; an observation that is due.
 * @param {Course|null|undefined} course
 * @param {Context} context
 */
function notices(course, context) {
  if (!course) return nothing;
  const due = course.observe_due && Date.parse(course.observe_due) <= context.server_ms;
  const seen = (course.observe_overdue ? t("observation OVERDUE") : t("observation due")) + ` ${t("since {time}", { time: clock(course.observe_due, context.zone) })}`;
  const next = course.observe_due && !due ? t("next observation in {span}", { span: until(course.observe_due, context.server_ms) }) : "";
  const rise = course.next_rise && Date.parse(course.next_rise) > context.server_ms ? t("no increase before {time}", { time: clock(course.next_rise, context.zone) }) : "";
  const said = [
    ...(due ? [html`<strong class="due">${seen}</strong>`] : []),
    ...course.missing.map((what) => html`<strong class="due">${serverWords(what)}</strong>`),
    ...course.set_aside.map((one) => html`<strong class="aside">${t("set aside: {rule}, {who}", { rule: t(RULE_WORDS[one.rule] ?? one.rule), who: one.by })}</strong>`),
    ...[next, rise].filter(Boolean).map((words) => html`<span class="plan">${words}</span>`),
  ];
  return said.length ? html`<p class="notices">${said}</p>` : nothing;
}

/**
 * @param {Bed} bed
 * @param {Context} context
 */
function acts(bed, context) {
  return html`
    <button type="button" class="nrs-act" aria-label=${t("Pain score: {bed}", { bed: bed.label })} @click=${() => context.acts.assess(bed)}>NRS</button>
    <button type="button" class="quiet" aria-label=${t("Chart: {bed}", { bed: bed.label })} @click=${() => context.acts.openChart(bed)}>${t("Chart")}</button>
  `;
}
