// What is in force at each bed and whose it is: ceilings and caps, and the alarm profiles, which nobody changes here. Pure.

import { html, nothing } from "../lit.js";
import { t, word } from "../i18n.js";

/** @typedef {import("./bench-types.js").AllDevices} AllDevices */
/** @typedef {import("./bench-types.js").Limits} Limits */
/** @typedef {import("./bench-types.js").NamedLimit} NamedLimit */
/** @typedef {import("./bench-types.js").Rule} Rule */
/** @typedef {import("./bench-types.js").Check} Check */

const COMMAND = "pumpd check";

/** @type {Record<string, string>} */
const PRIORITIES = { high: word("HIGH"), medium: word("MEDIUM"), low: word("LOW") };

/**
 * @param {AllDevices|null} all
 * @param {Limits[]|null} limits
 */
export function limitsView(all, limits) {
  if (!all || !limits) return html`<p class="none">${t("Asking ...")}</p>`;
  const labels = new Map(all.beds.map((bed) => [bed.bed, bed.label]));
  return html`
    <p class="hint">${t("The lowest of library, protocol, ward, bed and pump holds. Hard limits are never exceeded; a soft one may be confirmed by a named person.")}</p>
    <div class="cards">${limits.map((one) => html`
      <section class="card" data-limits=${one.bed}>
        <header><h2>${labels.get(one.bed) ?? one.bed}</h2><span class="sub">${t("alarm profile {name}", { name: one.profile })}</span></header>
        ${one.drugs.length === 0 ? html`<p class="none">${t("no drug whose dose is judged")}</p>` : nothing}
        ${one.drugs.map(drugView)}
      </section>`)}</div>`;
}

/** @param {import("./bench-types.js").DrugLimits} drug */
function drugView(drug) {
  /** @type {[string, NamedLimit|null][]} */
  const rows = [
    [t("Hard ceiling"), drug.hard],
    [t("Soft ceiling"), drug.soft],
    [t("Cap of an infusion"), drug.per_infusion],
    [t("Cap of a course"), drug.per_course],
    [t("Cap in {n} h", { n: drug.window_h ?? 0 }), drug.per_window],
  ];
  return html`
    <h3>${drug.label}</h3>
    <table><thead><tr><th>${t("Limit")}</th><th>${t("Value")}</th><th>${t("Set by")}</th></tr></thead>
      <tbody>${rows.map(([name, limit]) => html`<tr><th scope="row">${name}</th>
        ${limit ? html`<td class="nowrap">${limit.value} ${limit.unit}</td><td>${limit.set_by}</td>` : html`<td class="sub" colspan="2">${t("none")}</td>`}</tr>`)}</tbody></table>`;
}

/**
 * Each profile once, with the beds that use it.
 * @param {AllDevices|null} all
 * @param {Limits[]|null} limits
 * @param {Check|null} check
 * @param {boolean} checking
 * @param {() => void} run
 */
export function profilesView(all, limits, check, checking, run) {
  if (!all || !limits) return html`<p class="none">${t("Asking ...")}</p>`;
  const labels = new Map(all.beds.map((bed) => [bed.bed, bed.label]));
  const names = [...new Set(limits.map((one) => one.profile))];
  return html`
    ${checkView(check, checking, run)}
    ${names.map((name) => {
      const users = limits.filter((one) => one.profile === name);
      return html`
        <section data-profile=${name}>
          <h2>${t("Alarm profile {name}", { name })} <span class="sub">${users.map((one) => labels.get(one.bed) ?? one.bed).join(", ")}</span></h2>
          ${rulesView(users[0]?.rules ?? [])}
        </section>`;
    })}`;
}

/** @param {Rule[]} rules */
function rulesView(rules) {
  return html`
    <div class="scroll"><table class="stack">
      <thead><tr><th>${t("Rule")}</th><th>${t("When")}</th><th>${t("Delay")}</th><th>${t("Priority")}</th><th>${t("Stops the pump")}</th><th>${t("Source")}</th></tr></thead>
      <tbody>${rules.map((rule) => html`<tr>
        <th scope="row">${rule.id}</th>
        <td data-label=${t("When")}>${when(rule)}</td>
        <td data-label=${t("Delay")} class="nowrap">${rule.delay_s} s</td>
        <td data-label=${t("Priority")}>${t(PRIORITIES[rule.priority] ?? rule.priority)}</td>
        <td data-label=${t("Stops the pump")}>${rule.stops ? t("yes") : "–"}</td>
        <td data-label=${t("Source")} class="sub">${rule.source}</td></tr>`)}</tbody></table></div>`;
}

/** @param {import("./bench-types.js").Term} term */
const words = (term) => `${term.signal} ${term.op} ${term.limit}${term.unit ? ` ${term.unit}` : ""}`;

/** @param {Rule} rule */
function when(rule) {
  const all = rule.terms.map(words).join(` ${t("and")} `);
  const any = rule.any.length ? ` ${t("and")} (${rule.any.map(words).join(` ${t("or")} `)})` : "";
  return `${all}${any}${rule.unless.length ? `, ${t("without {signals}", { signals: rule.unless.join(", ") })}` : ""}`;
}

/**
 * @param {Check|null} check
 * @param {boolean} checking
 * @param {() => void} run
 */
function checkView(check, checking, run) {
  return html`
    <section class="card" data-check=${check ? check.code : ""}>
      <header><h2>${COMMAND}</h2>
        ${check ? html`<span class=${check.code === 0 ? "good" : "bad"}>${check.code === 0 ? t("the files may be used") : check.code === 1 ? t("the files have problems: pumpd would not start with them") : t("it could not run")}</span>` : nothing}</header>
      <p class="hint">${t("Reads the files on the disk as they are now, with the response time of each rule at each bed. What runs is what was read at the start.")}</p>
      <div class="row"><button type="button" ?disabled=${checking} @click=${run}>${checking ? t("Checking ...") : t("Run pumpd check")}</button></div>
      ${check ? html`<div class="scroll" tabindex="0" role="region" aria-label=${t("Output of pumpd check")}><pre>${check.text}</pre></div>` : nothing}
    </section>`;
}
