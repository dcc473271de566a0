// A patient's course in a bed's tile: how far it is, what was given of which cap, pain, opioids, the predicted band.
// Pure. Doses and bands are printed as the server wrote them; only times are counted here.

import { html, nothing, svg } from "./lit.js";
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
  if (context.blank) return html`<section class="course" aria-label="Course of ${bed.label}"><p class="said">Course unknown</p></section>`;
  return html`
    <section class="course" aria-label="Course of ${bed.label}" data-course=${bed.course?.id ?? ""}>
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
  const most = course.max_infusions ? ` of ${course.max_infusions}` : "";
  if (!course.id) return begun ? html`<b>course over</b> · infusion ${begun}${most} was the last` : "no course open";
  const day = course.day === null ? nothing : html` · day ${course.day}`;
  if (!one) return html`<b>course open</b>${day} · no infusion planned`;
  const number = one.number || begun + 1;
  const phase = PHASE[one.phase] ?? { words: one.phase, tone: "calm" };
  return html`<b>infusion ${number}${most}</b>${day} <span class="phase ${phase.tone}" title=${one.why}> · <b>${phase.words}</b></span>`;
}

/**
 * Where there is no room for the words: that something is missing or set aside.
 * @param {Course|null|undefined} course
 */
function brief(course) {
  const said = [
    ...(course?.missing.length ? [`${course.missing.length} missing`] : []),
    ...(course?.set_aside.length ? [`${course.set_aside.length} set aside`] : []),
  ];
  return said.length ? html`<strong class="brief" title=${(course?.missing ?? []).join("; ")}>${said.join(", ")}</strong>` : nothing;
}

/**
 * The cap that is nearest: a bar, the amounts, when it is reached, and whose it is.
 * @param {Bed} bed
 * @param {Course} course
 * @param {Context} context
 */
function capLine(bed, course, context) {
  const cap = course.caps[0];
  if (!cap) return html`<p class="cap">no dose cap</p>`;
  const others = course.caps.slice(1).map((one) => `${one.delivered_text} of ${one.limit_text} ${SPAN[one.span] ?? one.span}, ${capWho(one)}`);
  const span = cap.span === "infusion" ? "" : ` ${SPAN[cap.span] ?? cap.span}`;
  const full = Number(cap.percent.at_most) >= 100;
  const left = full ? html`<strong class="reached">CAP REACHED</strong> ·` : cap.reached ? html`cap in <b>${until(cap.reached, context.server_ms)}</b> ·` : "";
  return html`
    ${bar(cap, bed.id)}
    <p class="cap" title=${[capWho(cap), ...others].join("; ")}>${left} <b>${cap.delivered_text}</b> of <b>${cap.limit_text}</b>${span}
      <span class="by">${capWho(cap)}</span></p>
  `;
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
  const words = `${cap.delivered_text} of ${cap.limit_text} given`;
  return html`
    <svg class="bar-of-cap ${most >= 90 ? "near" : ""}" role="img" aria-label=${words} viewBox="0 0 100 6" preserveAspectRatio="none">
      <title>${words}: ${sure} to ${most} %</title>
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
  const since = html`<span class="when">since ${clock(due, context.zone)}</span>`;
  const next = !due ? "" : late ? html`${bed.course?.nrs_overdue ? "OVERDUE" : "due"} ${since}` : `· next ${until(due, context.server_ms)}`;
  if (!last && !due) return nothing;
  return html`
    <div class="fact nrs" title=${last ? `${last.by}, ${clock(last.at, context.zone)}; ${last.count} in this chart` : "none charted"}>
      <dt><abbr title="Numerical rating scale of pain, 0 to 10">NRS</abbr></dt>
      <dd><b class="figure">${last ? last.last : "--"}</b> <span class="when">${when}</span> <span class="next ${late ? "due" : ""}">${next}</span></dd>
    </div>
  `;
}

/** @param {Clinical|null|undefined} clinical */
function mme(clinical) {
  const total = clinical?.mme;
  if (!total) return nothing;
  const change = total.change_percent === null ? "" : `${total.change_percent > 0 ? "+" : ""}${total.change_percent} %`;
  const title = [`table ${total.table}`, total.baseline === null ? "no baseline" : `baseline ${total.baseline}`, ...total.incomplete, ...total.notes];
  return html`
    <div class="fact mme" title=${title.join("; ")}>
      <dt>Opioids</dt>
      <dd><b class="figure">${total.text}</b> ${total.incomplete.length ? html`<strong class="due">incomplete</strong>` : nothing} <span class="change">${change}</span></dd>
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
    const why = clinical && (clinical.ready ? clinical.why : clinical.why || "chart is being read");
    return why ? html`<div class="fact predicted"><dt>Predicted</dt><dd>none: ${why}</dd></div>` : nothing;
  }
  const title = [`models: ${band.models.join(", ")}`, `in 30 min ${band.in_30_min.text}, if stopped ${band.if_stopped.text}`,
    ...band.doubts, ...band.limits, `computed ${clock(band.at, context.zone)}, not measured`];
  return html`
    <div class="fact predicted" title=${title.join("; ")}>
      <dt>Predicted</dt>
      <dd><b class="figure">${band.now.text}</b> (${band.models.length} models) ${band.doubts.length ? html`<strong class="due">doubtful</strong>` : nothing}</dd>
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
  const seen = `observation ${course.observe_overdue ? "OVERDUE" : "due"} since ${clock(course.observe_due, context.zone)}`;
  const next = course.observe_due && !due ? `next observation in ${until(course.observe_due, context.server_ms)}` : "";
  const rise = course.next_rise && Date.parse(course.next_rise) > context.server_ms ? `no increase before ${clock(course.next_rise, context.zone)}` : "";
  const said = [
    ...(due ? [html`<strong class="due">${seen}</strong>`] : []),
    ...course.missing.map((what) => html`<strong class="due">${what}</strong>`),
    ...course.set_aside.map((one) => html`<strong class="aside">set aside: ${RULE_WORDS[one.rule] ?? one.rule}, ${one.by}</strong>`),
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
    <button type="button" class="nrs-act" aria-label="Pain score: ${bed.label}" @click=${() => context.acts.assess(bed)}>NRS</button>
    <button type="button" class="quiet" aria-label="Chart: ${bed.label}" @click=${() => context.acts.openChart(bed)}>Chart</button>
  `;
}
