// What the hospital page shows. Pure. What is not live has no figure: it says that, and why.

import { html, nothing } from "./lit.js";
import { t, word } from "./i18n.js";
import { serverWords } from "./server-words.js";

/**
 * @typedef {import("./hub-aged.js").Vital} Vital
 * @typedef {import("./hub-aged.js").Pump} Pump
 * @typedef {import("./hub-aged.js").Bed} Bed
 * @typedef {import("./hub-aged.js").Alarm} Alarm
 * @typedef {import("./hub-aged.js").Ward} Ward
 * @typedef {import("./hub-aged.js").HospitalSaid} HospitalSaid
 * @typedef {import("./hub-aged.js").WardSaid} WardSaid
 */

/** @type {Record<string, string>} */
const STATUS_WORDS = { live: word("live"), stale: word("STALE"), silent: word("SILENT") };
/** @type {Record<string, string>} */
const STATUS_SIGNS = { live: "●", stale: "◐", silent: "○" };
/** @type {Record<string, string>} */
const PRIORITY_WORDS = { high: word("HIGH"), medium: word("MEDIUM"), low: word("LOW") };
/** @type {Record<string, string>} */
const PRIORITY_SIGNS = { high: "!!!", medium: "!!", low: "!" };
const PRIORITIES = /** @type {const} */ (["high", "medium", "low"]);
/** @type {Record<string, string>} */
const WHY_WORDS = {
  "the bridge to the ward is down": word("The bridge to the ward is down."),
  "the ward's daemon has said nothing": word("Nothing was ever heard of this ward."),
  "the ward's daemon was stopped": word("The ward's daemon was stopped."),
  "the ward's daemon is lost": word("The ward's daemon is lost."),
  "nothing was heard of the bed": word("Nothing was heard of the bed."),
  "the last values are of an earlier session": word("Waiting for values."),
  "nothing was heard for 5 s": word("Nothing was heard for 5 s."),
};
/** The signals of a row, in their order. @type {readonly [string, string][]} */
const SIGNALS = [["rr", "RR"], ["spo2", "SpO2"], ["etco2", "EtCO2"], ["pulse", "PR"]];

/**
 * @param {HospitalSaid} said
 * @param {WardSaid|null} ward the ward that is looked into
 * @param {string} open its "site/ward"
 */
export function hospitalView(said, ward, open) {
  const wards = [...said.wards].sort((one, other) => urgency(other) - urgency(one));
  return html`
    ${ward ? bedsView(ward) : nothing}
    <section class="wards" aria-label=${t("Wards")}>
      <h2>${t("Wards")} <span class="count">${summary(said.wards)}</span></h2>
      ${said.wards.length === 0 ? html`<p class="none">${t("No ward has been heard yet.")}</p>` : nothing}
      <ul class="cards">${wards.map((one) => cardView(one, open))}</ul>
    </section>
    <section class="alarming" aria-label=${t("Beds in alarm")}>
      <h2>${t("Beds in alarm")} <span class="count">${bedsOf(said.alarms)}${said.alarms_more ? "+" : ""}</span></h2>
      ${said.alarms.length === 0 ? html`<p class="none">${t("none")}</p>` : nothing}
      <ul>${said.alarms.map((alarm) => alarmView(alarm, said.wards))}</ul>
      ${said.alarms_more ? html`<p class="none">${t("and {n} more", { n: said.alarms_more })}</p>` : nothing}
    </section>
  `;
}

/**
 * What comes first: HIGH alarms, then whoever is silent, stale, then the others.
 * @param {Ward} ward
 */
export function urgency(ward) {
  const quiet = ward.status === "silent" ? 4 : ward.status === "stale" ? 3 : 0;
  return (ward.high ? 8 : 0) + quiet + (ward.medium ? 2 : 0) + (ward.low ? 1 : 0);
}

/** How many beds these alarms are of. @param {Alarm[]} alarms */
const bedsOf = (alarms) => new Set(alarms.map((alarm) => `${alarm.site}/${alarm.ward}/${alarm.bed}`)).size;

/** @param {Ward[]} wards */
function summary(wards) {
  const live = wards.filter((ward) => ward.status === "live").length;
  return t("{live} of {all} live", { live, all: wards.length });
}

/** @param {string} why */
const whyWords = (why) => {
  const beds = /^(\d+) of (\d+) beds are not live$/.exec(why);
  if (beds) return t("{n} of {all} beds are not live.", { n: beds[1] ?? "", all: beds[2] ?? "" });
  return WHY_WORDS[why] ? t(WHY_WORDS[why]) : why;
};

/**
 * @param {Ward} ward
 * @param {string} open
 */
function cardView(ward, open) {
  const key = `${ward.site}/${ward.id}`;
  return html`
    <li class="card ${ward.status} ${ward.high ? "high" : ward.medium ? "medium" : ward.low ? "low" : "calm"}" data-ward=${key}>
      <h3>${ward.name}${ward.generation === "real" ? nothing : html` <span class="mark">${t("SIMULATED")}</span>`}</h3>
      <p class="status"><span aria-hidden="true">${STATUS_SIGNS[ward.status] ?? "○"}</span> ${t(STATUS_WORDS[ward.status] ?? "")}</p>
      <p class="beds">${ward.status === "silent" ? whyWords(ward.why) : t("{live} of {all} beds live", { live: ward.live, all: ward.beds })}</p>
      <ul class="counts">${PRIORITIES.filter((priority) => ward[priority]).map((priority) => html`
        <li class=${priority}><span aria-hidden="true">${PRIORITY_SIGNS[priority]}</span> ${ward[priority]} ${t(PRIORITY_WORDS[priority] ?? "")}</li>`)}</ul>
      <p class="ways">
        <a href=${open === key ? "#" : `#${key}`} aria-expanded=${open === key}>${open === key ? t("Close") : t("Beds")}</a>
        ${ownPage(ward)}
      </p>
    </li>
  `;
}

/**
 * Where the ward's own page is came over a broker: only an address of the web is followed, whatever else it may be.
 * @param {Ward} ward
 */
function ownPage(ward) {
  if (ward.page === null || !URL.canParse(ward.page)) return nothing;
  const { protocol, href } = new URL(ward.page);
  if (!["https:", "http:"].includes(protocol)) return nothing;
  return html`<a class="own" href=${href} rel="noopener noreferrer">${t("The ward's own page")} ›</a>`;
}

/** @param {WardSaid} said */
function bedsView(said) {
  return html`
    <section class="ward-beds" aria-label=${said.ward.name}>
      <h2>${said.ward.name} <span class="ways"><a href="#">${t("Close")}</a>${ownPage(said.ward)}</span></h2>
      <ul class="bed-list">${said.beds.map((bed) => bedView(bed))}</ul>
    </section>
  `;
}

/** @param {Bed} bed */
function bedView(bed) {
  const live = bed.status === "live";
  return html`
    <li class="bed ${live ? "live" : "stale"} ${bed.highest ?? "calm"}" data-bed=${bed.id}>
      <h3>${bed.label}${bed.highest ? html` <span class="chip ${bed.highest}">${PRIORITY_SIGNS[bed.highest]} ${t(PRIORITY_WORDS[bed.highest] ?? "")}</span>` : nothing}</h3>
      ${live ? html`<dl>${SIGNALS.map(([name, label]) => vitalView(label, bed.vitals[name]))}</dl>${bed.pumps.map(pumpView)}`
        : html`<p class="why"><strong>${t("STALE")}</strong> ${whyWords(bed.why)}</p>`}
      ${live && !bed.monitored ? html`<p class="why">${t("not monitored")}</p>` : nothing}
    </li>
  `;
}

/**
 * @param {string} label
 * @param {Vital|undefined} vital
 */
function vitalView(label, vital) {
  return html`<div><dt>${label}</dt><dd>${vital && vital.v !== null ? html`${vital.v} <small>${vital.u}</small>` : "--"}</dd></div>`;
}

/** @param {Pump} pump */
function pumpView(pump) {
  const dose = pump.dose_mg_kg_h === null ? "--" : `${pump.dose_mg_kg_h} mg/kg/h`;
  const state = pump.infusing === null ? t("unknown, it may be infusing") : pump.infusing ? dose : t("not infusing");
  return html`<p class="pump">${pump.drug ?? pump.id}: ${state}</p>`;
}

/**
 * @param {Alarm} alarm
 * @param {Ward[]} wards
 */
function alarmView(alarm, wards) {
  const ward = wards.find((one) => one.site === alarm.site && one.id === alarm.ward);
  return html`
    <li class="alarm ${alarm.priority} ${alarm.stale ? "stale" : ""}" data-alarm=${alarm.id}>
      <p class="where"><strong>${ward?.name ?? alarm.ward}, ${alarm.label}</strong>
        <span class="chip ${alarm.priority}">${PRIORITY_SIGNS[alarm.priority]} ${t(PRIORITY_WORDS[alarm.priority] ?? "")}</span></p>
      <p>${serverWords(alarm.text)}</p>
      ${alarm.acknowledged ? html`<p class="note">${t("acknowledged")}</p>` : nothing}
      ${alarm.stale ? html`<p class="note"><strong>${t("STALE")}</strong> ${t("Nobody knows here whether it still stands.")}</p>` : nothing}
    </li>
  `;
}
