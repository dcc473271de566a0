// The installed drivers, those that cannot be used too. Pure.

import { html, nothing } from "../lit.js";
import { t } from "../i18n.js";
import { qualityWords } from "./say.js";

/** @typedef {import("./bench-types.js").Driver} Driver */

/** @param {Driver[]|null} drivers */
export function driversView(drivers) {
  if (!drivers) return html`<p class="none">${t("Asking ...")}</p>`;
  const used = [...drivers].sort((a, b) => b.used - a.used || a.name.localeCompare(b.name));
  return html`
    <p class="hint">${t("simulated: only against frames from public sources and our own simulator. bench-tested: against a real device on a bench. verified on hardware: as an acceptance test.")}</p>
    <div class="cards">${used.map((one) => (one.broken ? brokenView(one) : driverView(one)))}</div>`;
}

/** @param {Driver} one */
function brokenView(one) {
  return html`<article class="card alert" data-driver=${one.name}><header><h2>${one.name}</h2><span class="bad">${t("cannot be used")}</span></header>
    <p>${one.broken}</p><p class="sub"><code>${one.origin}</code></p></article>`;
}

/** @param {Driver} one */
function driverView(one) {
  /** @type {[string, unknown][]} */
  const rows = [
    [t("Used by"), one.used ? t("{n} devices", { n: one.used }) : t("no device here")],
    [t("Quality"), qualityWords(one.quality)],
    [t("Version"), one.version],
    [t("Entry point"), html`<code>${one.origin}</code>`],
    [t("Line"), one.line],
    [t("Interval"), t("{n} s, lost after {m} s", { n: one.poll_ms / 1000, m: one.quiet_ms / 1000 })],
    [t("Signals"), one.signals.join(", ")],
    [t("Can"), one.can.join(", ")],
  ];
  return html`
    <article class="card ${one.quality === "unverified" ? "alert" : ""}" data-driver=${one.name}>
      <header><h2>${one.name}</h2><span class="sub">${one.vendor} ${one.model}</span></header>
      <dl class="facts">${rows.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
      ${one.cautions.length ? html`<ul class="plain warn">${one.cautions.map((words) => html`<li>${words}</li>`)}</ul>` : nothing}
      ${one.options.length ? html`<details><summary>${t("Options of the ward file: {n}", { n: one.options.length })}</summary>
        <ul class="plain">${one.options.map((option) => html`<li><code>${option.name}</code> = ${option.default || "–"}${option.words.length ? html` <span class="sub">(${option.words.join(" | ")})</span>` : nothing}: ${option.text}</li>`)}</ul></details>` : nothing}
      <details><summary>${t("Sources: {n}", { n: one.sources.length })}</summary><ul class="plain">${one.sources.map((words) => html`<li>${words}</li>`)}</ul></details>
    </article>`;
}
