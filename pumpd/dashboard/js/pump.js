// One pump in a bed's tile. Pure. Doses are printed exactly as the server wrote them: nothing is computed here.

import { html, nothing } from "./lit.js";
import { NO_DIGIT, pumpFigure } from "./freshness.js";
import { ENFORCEMENT, INTERLOCK, RESUME, clock, isUnverified } from "./words.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Pump} Pump */
/** @typedef {import("./app-types.js").Context} Context */
/** @typedef {import("./app-types.js").StopState} StopState */

/** Interlock states that a person may reset; the server refuses where it is not safe, and says why. */
const RESETTABLE = new Set(["stop_verified", "stop_unconfirmed"]);

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
    <section class="pump" data-pump=${pump.id} aria-label="Pump ${pump.id}">
      <header>
        <h3>${pump.drug_label ?? pump.drug ?? "drug unknown"}</h3>
        ${isUnverified(bed, pump.id) ? html`<strong class="unproven">UNVERIFIED</strong>` : nothing}
        <span class="basis">${context.blank ? "" : (pump.line2 ?? "")}</span>
        <span class="infusing ${infusing.state}"><span aria-hidden="true">${infusing.symbol}</span> ${infusing.words}</span>
      </header>
      <div class="acts">${guardActs(pump, bed, alarms, context)}${stopControl(pump, bed, context)}</div>
      ${dose(pump, context)}
      <p class="interlock ${interlock.tone}" data-interlock=${pump.interlock} data-resume=${pump.resume ?? "not_needed"} title=${pump.interlock_cause ?? (pump.resume_reasons ?? []).join("; ")}>${interlock.words}</p>
      ${limits(pump, context)}
      ${stopAnswer(context.stops.get(pump.id))}
    </section>
  `;
}

/** @param {Pump} pump */
const isReset = (pump) => pump.interlock === "armed" || pump.interlock === "alarm_only";

/**
 * @param {Pump} pump
 * @param {Context} context
 */
function interlockWords(pump, context) {
  if (context.blank) return { words: "INTERLOCK UNKNOWN", tone: "calm" };
  const resume = isReset(pump) ? RESUME[pump.resume ?? ""] : undefined;
  if (!resume) return INTERLOCK[pump.interlock] ?? { words: pump.interlock, tone: "bad" };
  const until = clock(pump.resume_until, context.zone);
  return until ? { ...resume, words: `${resume.words} UNTIL ${until}` } : resume;
}

/**
 * @param {Pump} pump
 * @param {Bed} bed
 * @param {Context} context
 */
function infusingWords(pump, bed, context) {
  if (context.blank) return { state: "unknown", symbol: "?", words: "state unknown" };
  if (pump.infusing === true) return { state: "on", symbol: "▶", words: "infusing" };
  if (pump.infusing === false) return { state: "off", symbol: "■", words: "not infusing" };
  const up = bed.devices.find((device) => device.id === pump.id)?.link === "up";
  return { state: "unknown", symbol: "?", words: `${up ? "status unknown" : "link lost"} - pump may still be infusing` };
}

/**
 * @param {Pump} pump
 * @param {Context} context
 */
function dose(pump, context) {
  const rate = pumpFigure(pump.rate_ml_h, context.blank);
  const figure = rate === null ? NO_DIGIT : (pump.line ?? pump.rate_text ?? `${rate} mL/h`);
  return html`
    <p class="dose ${rate === null ? "gone" : ""}"><span class="hidden">Dose </span><span class="figure">${figure}</span></p>
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
      <span class="badge ${pump.enforcement}" title=${rule.hint}>over ceiling: <b>${rule.words}</b></span></p>
  `;
}

/** @param {string[]} reasons */
function unverifiedWords(reasons) {
  return reasons.length ? html`<span class="unverified">Dose not verified: ${reasons.join("; ")}</span>` : nothing;
}

/** @param {Pump} pump */
function delivered(pump) {
  const given = pump.delivered_mg;
  if (!given) return html`<span>delivered unknown</span>`;
  const range = given.at_least === given.at_most ? `${given.at_least}` : `${given.at_least} to ${given.at_most}`;
  return html`<span class="delivered">delivered <b>${pump.delivered_text ?? `${range} mg`}</b></span>`;
}

/** @param {Pump} pump */
function ceiling(pump) {
  const limit = pump.ceiling;
  if (!limit) return html`<span class="ceiling">no ceiling set</span>`;
  const setBy = [limit.set_by && `hard: ${limit.set_by}`, limit.soft_set_by && `soft: ${limit.soft_set_by}`];
  return html`
    <span class="ceiling" title=${setBy.filter(Boolean).join(", ")}>ceiling
      <b>${limit.hard_mg_kg_h ?? NO_DIGIT}</b>${limit.soft_mg_kg_h === null ? nothing : html`, soft <b>${limit.soft_mg_kg_h}</b>`}
      mg/kg/h${limit.set_by ? html` <span class="by">set by ${limit.set_by}</span>` : nothing}</span>
  `;
}

/** @param {Pump} pump */
function override(pump) {
  return pump.override ? html`<span class="override">above soft: confirmed by ${pump.override}</span>` : nothing;
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
  if (RESETTABLE.has(pump.interlock)) {
    return html`<button class="guard-act" type="button" aria-label="Reset interlock: ${pump.id}, ${bed.label}"
      @click=${() => context.acts.resetInterlock(pump, bed)}>Reset interlock</button>`;
  }
  if (pump.resume === "needed" && isReset(pump)) {
    return html`<button class="guard-act" type="button" aria-label="Resume: ${pump.id}, ${bed.label}"
      @click=${() => context.acts.resumePump(pump, bed)}>Resume</button>`;
  }
  const soft = alarms.find((alarm) => alarm.condition === "over_soft" && alarm.device === pump.id && alarm.present !== false);
  if (!soft || pump.override) return nothing;
  return html`<button class="guard-act" type="button" aria-label="Confirm above soft ceiling: ${pump.id}, ${bed.label}"
    @click=${() => context.acts.confirmSoft(pump, soft)}>Confirm above soft</button>`;
}

/**
 * Press, then confirm in place. A missing name never delays a stop: it is the safe direction.
 * @param {Pump} pump
 * @param {Bed} bed
 * @param {Context} context
 */
function stopControl(pump, bed, context) {
  const state = context.stops.get(pump.id);
  if (pump.enforcement === "alarm" || pump.interlock === "alarm_only" || context.blank) return nothing;
  if (!state || state.phase === "answered") {
    return html`<button class="stop" type="button" aria-label="Stop pump ${pump.id}, ${bed.label}"
      @click=${() => context.acts.armStop(bed.id, pump.id)}>Stop pump</button>`;
  }
  if (state.phase === "sent") return html`<span class="stop-state">asking ...</span>`;
  return html`
    <form class="confirm" @submit=${(/** @type {SubmitEvent} */ event) => confirmed(event, pump, context)}>
      <input name="by" autocomplete="off" maxlength="40" placeholder="initials" aria-label="Your initials" .value=${context.user}>
      <button class="stop sure" type="submit">STOP NOW</button>
      <button type="button" class="quiet" @click=${() => context.acts.cancelStop(pump.id)}>Keep</button>
    </form>
  `;
}

/**
 * @param {SubmitEvent} event
 * @param {Pump} pump
 * @param {Context} context
 */
function confirmed(event, pump, context) {
  event.preventDefault();
  const by = new FormData(/** @type {HTMLFormElement} */ (event.target)).get("by");
  context.acts.confirmStop(pump.id, String(by ?? "").trim());
}

/** @param {StopState|undefined} state */
function stopAnswer(state) {
  if (state?.phase !== "answered") return nothing;
  return html`<p class="answer ${state.ok ? "ok" : "refused"}" role="status">${state.said}</p>`;
}
