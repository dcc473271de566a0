// What is known of a bed's course, caps, opioids and prediction, in sentences. Pure.

import { capWho, PHASE, SPAN } from "./course-words.js";
import { t } from "./i18n.js";
import { serverWords } from "./server-words.js";
import { clock } from "./words.js";

/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Infusion} Infusion */

/**
 * @param {Bed} bed
 * @param {string|undefined} zone
 * @returns {string[]}
 */
export function detailLines(bed, zone) {
  const caps = (bed.course?.caps ?? []).map((cap) =>
    t("Cap {span}: {given} of {limit}, {who}", { span: t(SPAN[cap.span] ?? cap.span), given: serverWords(cap.delivered_text), limit: serverWords(cap.limit_text), who: capWho(cap) }));
  const ceilings = bed.pumps.flatMap((pump) => (pump.ceiling?.set_by
    ? [t("Ceiling of {pump}: {limit} mg/kg/h, set by {who}", { pump: pump.id, limit: String(pump.ceiling.hard_mg_kg_h), who: serverWords(pump.ceiling.set_by) })]
    : []));
  return [...(bed.course?.infusions ?? []).map((one) => infusion(one, zone)), ...caps, ...ceilings, ...opioids(bed), ...predicted(bed)];
}

/**
 * @param {Infusion} one
 * @param {string|undefined} zone
 */
function infusion(one, zone) {
  const phase = t(PHASE[one.phase]?.words ?? one.phase);
  const head = one.number ? t("Infusion {n}: {phase}", { n: one.number, phase }) : t("Infusion planned: {phase}", { phase });
  const from = one.started ? t("from {time}", { time: clock(one.started, zone) }) : "";
  const why = one.why ? `(${serverWords(one.why)})` : "";
  return [head, from, one.delivered_text ? serverWords(one.delivered_text) : "", why].filter(Boolean).join(" ");
}

/** @param {Bed} bed */
function opioids(bed) {
  const mme = bed.clinical?.mme;
  const flags = (bed.clinical?.flags ?? []).map(serverWords);
  if (!mme) return flags;
  const baseline = mme.baseline === null ? "" : t(", baseline {mme}", { mme: mme.baseline });
  return [
    t("Opioids: {mme} by table {table}", { mme: serverWords(mme.text), table: mme.table }) + baseline,
    ...mme.incomplete.map((why) => t("Incomplete: {why}", { why: serverWords(why) })),
    ...mme.parts, ...mme.notes.map(serverWords), ...flags,
  ];
}

/** @param {Bed} bed */
function predicted(bed) {
  const band = bed.clinical?.concentration;
  if (!band) return [];
  return [
    t("Predicted, not measured: {now} now, {later} in 30 min, {stopped} if stopped now", { now: serverWords(band.now.text), later: serverWords(band.in_30_min.text), stopped: serverWords(band.if_stopped.text) }),
    t("Models: {models}", { models: band.models.join(", ") }),
    ...band.doubts.map(serverWords), ...band.limits.map(serverWords),
  ];
}
