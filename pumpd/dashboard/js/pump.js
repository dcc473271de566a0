// One pump in a bed's tile. Pure. Doses are printed exactly as the server wrote them: nothing is computed here.

import { html, nothing } from "./lit.js";
import { NO_DIGIT, pumpFigure } from "./freshness.js";
import { figure, t } from "./i18n.js";
import { isReset, isResettable, softAlarm } from "./pump-acts.js";
import { serverWords } from "./server-words.js";
import { orderLine } from "./told.js";
import { ENFORCEMENT, INTERLOCK, RESUME, clock, isUnverified } from "./words.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Pump} Pump */
/** @typedef {import("./app-types.js").Context} Context */
/** @typedef {import("./app-types.js").StopState} StopState */

/**
 * @param {Pump} pump
 * @param {Bed} bed
 * @param {Alarm[]} alarms of this bed
 * @param {Context} context
 */
export function pumpBlock(pump, bed, alarms, context) {
  const infusing = infusingWords(pump, bed, context);
  const interlock = interlockWords(pump, context);
  return html`
    <section class="pump" data-pump=${pump.id} aria-label=${t("Pump {id}", { id: pump.id })}>
      <header>
        <h3>${pump.drug_label ?? pump.drug ?? t("drug unknown")}</h3>
        ${isUnverified(bed, pump.id) ? html`<strong class="unproven">${t("UNVERIFIED")}</strong>` : nothing}
        <span class="basis">${context.blank ? "" : figure(pump.line2 ?? "")}</span>
        <span class="infusing ${infusing.state}"><span aria-hidden="true">${infusing.symbol}</span> ${infusing.words}</span>
      </header>
      <div class="acts">${guardActs(pump, bed, alarms, context)}${context.acts.stopControl(pump, bed)}</div>
      ${dose(pump, bed, context)}
      <p class="interlock ${interlock.tone}" data-interlock=${pump.interlock} data-resume=${pump.resume ?? "not_needed"} title=${serverWords(pump.interlock_cause ?? (pump.resume_reasons ?? []).join("; "))}>${interlock.words}</p>
      ${limits(pump, context)}
      ${stopAnswer(context.stops.get(pump.id))}
    </section>
  `;
}

/**
 * @param {Pump} pump
 * @param {Context} context
 */
export function interlockWords(pump, context) {
  if (context.blank) return { words: t("INTERLOCK UNKNOWN"), tone: "calm" };
  const resume = isReset(pump) ? RESUME[pump.resume ?? ""] : undefined;
  const state = resume ?? INTERLOCK[pump.interlock];
  if (!state) return { words: pump.interlock, tone: "bad" };
  const until = resume ? clock(pump.resume_until, context.zone) : "";
  return { tone: state.tone, words: until ? t("{what} UNTIL {time}", { what: t(state.words), time: until }) : t(state.words) };
}

/**
 * @param {Pump} pump
 * @param {Bed} bed
 * @param {Context} context
 */
export function infusingWords(pump, bed, context) {
  if (context.blank) return { state: "unknown", symbol: "?", words: t("state unknown") };
  if (pump.infusing === true) return { state: "on", symbol: "▶", words: t("infusing") };
  if (pump.infusing === false) return { state: "off", symbol: "■", words: t("not infusing") };
  const up = bed.devices.find((device) => device.id === pump.id)?.link === "up";
  return { state: "unknown", symbol: "?", words: up ? t("status unknown - pump may still be infusing") : t("link lost - pump may still be infusing") };
}

/**
 * @param {Pump} pump
 * @param {Bed} bed
 * @param {Context} context
 */
function dose(pump, bed, context) {
  const rate = pumpFigure(pump.rate_ml_h, context.blank);
  const shown = rate === null ? NO_DIGIT : figure(pump.line ?? pump.rate_text ?? `${rate} mL/h`);
  return html`
    <p class="dose ${rate === null ? "gone" : ""}"><span class="hidden">${t("Dose")} </span><span class="figure">${shown}</span>${orderLine(pump, bed, context)}</p>
  `;
}

/**
 * @param {Pump} pump
 * @param {Context} context
 */
function limits(pump, context) {
  if (context.blank) return html`<p class="limits"></p>`;
  const rule = ENFORCEMENT[pump.enforcement] ?? { words: pump.enforcement, hint: "" };
  return html`
    <p class="limits">${unverifiedWords(pump.not_verified ?? [])} ${override(pump)} ${delivered(pump)} ${ceiling(pump)}
      <span class="badge ${pump.enforcement}" title=${t(rule.hint)}>${t("over ceiling:")} <b>${t(rule.words)}</b></span></p>
  `;
}

/** @param {string[]} reasons */
function unverifiedWords(reasons) {
  return reasons.length ? html`<span class="unverified">${t("Dose not verified: {why}", { why: reasons.map(serverWords).join("; ") })}</span>` : nothing;
}

/** @param {Pump} pump */
function delivered(pump) {
  const given = pump.delivered_mg;
  if (!given) return html`<span>${t("delivered unknown")}</span>`;
  const range = given.at_least === given.at_most ? `${given.at_least} mg` : `${given.at_least} to ${given.at_most} mg`;
  return html`<span class="delivered">${t("delivered")} <b>${serverWords(pump.delivered_text ?? range)}</b></span>`;
}

/** @param {Pump} pump */
function ceiling(pump) {
  const limit = pump.ceiling;
  if (!limit) return html`<span class="ceiling">${t("no ceiling set")}</span>`;
  const setBy = [limit.set_by && t("hard: {who}", { who: limit.set_by }), limit.soft_set_by && t("soft: {who}", { who: limit.soft_set_by })];
  return html`
    <span class="ceiling" title=${setBy.filter(Boolean).join(", ")}>${t("ceiling")}
      <b>${limit.hard_mg_kg_h ?? NO_DIGIT}</b>${limit.soft_mg_kg_h === null ? nothing : html`, ${t("soft")} <b>${limit.soft_mg_kg_h}</b>`}
      mg/kg/h${limit.set_by ? html` <span class="by">${t("set by {who}", { who: serverWords(limit.set_by) })}</span>` : nothing}</span>
  `;
}

/** @param {Pump} pump */
function override(pump) {
  return pump.override ? html`<span class="override">${t("above soft: confirmed by {who}", { who: pump.override })}</span>` : nothing;
}

/**
 * What a person may do about the guard: re-arm it after a stop, ask to start again, or confirm a rate above soft.
 * @param {Pump} pump
 * @param {Bed} bed
 * @param {Alarm[]} alarms
 * @param {Context} context
 */
function guardActs(pump, bed, alarms, context) {
  if (context.blank || context.stops.get(pump.id)?.phase === "armed") return nothing;
  if (isResettable(pump)) {
    return html`<button class="guard-act" type="button" aria-label=${t("Reset interlock: {where}", { where: `${pump.id}, ${bed.label}` })}
      @click=${() => context.acts.resetInterlock(pump, bed)}>${t("Reset interlock")}</button>`;
  }
  if (pump.resume === "needed" && isReset(pump)) {
    return html`<button class="guard-act" type="button" aria-label=${t("Resume: {where}", { where: `${pump.id}, ${bed.label}` })}
      @click=${() => context.acts.resumePump(pump, bed)}>${t("Resume")}</button>`;
  }
  const soft = softAlarm(pump, alarms);
  if (!soft) return nothing;
  return html`<button class="guard-act" type="button" aria-label=${t("Confirm above soft ceiling: {where}", { where: `${pump.id}, ${bed.label}` })}
    @click=${() => context.acts.confirmSoft(pump, soft)}>${t("Confirm above soft")}</button>`;
}

/** @param {StopState|undefined} state */
function stopAnswer(state) {
  if (state?.phase !== "answered") return nothing;
  return html`<p class="answer ${state.ok ? "ok" : "refused"}" role="status">${state.said}</p>`;
}
