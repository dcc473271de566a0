// What a hub said, as old as it is now. Pure. The hub says of everything live for how long it may be shown as live
// without another answer (fresh_ms); an answer that is older than that has nothing live left in it.

/**
 * @typedef {{v: number|null, u: string, q: string, age_ms: number|null, source: string|null, fresh_ms: number}} Vital
 * @typedef {{id: string, drug: string|null, infusing: boolean|null, rate_ml_h: number|null, dose_mg_kg_h: number|null,
 *   interlock: string|null}} Pump
 * @typedef {{id: string, label: string, status: string, why: string, age_ms: number|null, monitored: boolean,
 *   vitals: Record<string, Vital>, pumps: Pump[], highest: string|null, alarms: number, fresh_ms: number}} Bed
 * @typedef {{id: string, site: string, ward: string, bed: string, label: string, priority: string, kind: string, state: string,
 *   text: string, value: string|null, limit: string|null, onset: string, acknowledged: boolean, stale: boolean}} Alarm
 * @typedef {{site: string, id: string, name: string, status: string, why: string, generation: string, beds: number,
 *   live: number, monitored: number, high: number, medium: number, low: number, page: string|null,
 *   heard_ms: number|null, fresh_ms: number}} Ward
 * @typedef {{hub: string, name: string, time: string, link: boolean, wards: Ward[], alarms: Alarm[],
 *   alarms_more: number}} HospitalSaid
 * @typedef {{ward: Ward, beds: Bed[], alarms: Alarm[]}} WardSaid
 */

const WHY = "nothing was heard for 5 s";

/**
 * @param {HospitalSaid} said
 * @param {number} since_ms since it was asked for
 * @returns {HospitalSaid}
 */
export function agedHospital(said, since_ms) {
  const wards = said.wards.map((ward) => agedWard(ward, since_ms));
  const old = new Set(wards.filter((ward, at) => ward !== said.wards[at]).map((ward) => `${ward.site}/${ward.id}`));
  const alarms = said.alarms.map((alarm) => (old.has(`${alarm.site}/${alarm.ward}`) ? { ...alarm, stale: true } : alarm));
  return { ...said, wards, alarms };
}

/**
 * @param {Ward} ward
 * @param {number} since_ms
 * @returns {Ward}
 */
const agedWard = (ward, since_ms) => (ward.live === 0 || since_ms <= ward.fresh_ms ? ward : { ...ward, status: "stale", why: WHY, live: 0 });

/**
 * @param {WardSaid} said
 * @param {number} since_ms since it was asked for
 * @returns {WardSaid}
 */
export function agedBeds(said, since_ms) {
  return { ...said, beds: said.beds.map((bed) => agedBed(bed, since_ms)) };
}

/**
 * @param {Bed} bed
 * @param {number} since_ms
 * @returns {Bed}
 */
function agedBed(bed, since_ms) {
  if (bed.status !== "live") return bed;
  if (since_ms > bed.fresh_ms) return { ...bed, status: "stale", why: WHY, vitals: {} };
  const vitals = Object.entries(bed.vitals).map(([name, vital]) => [name, since_ms > vital.fresh_ms ? { ...vital, v: null } : vital]);
  return { ...bed, vitals: Object.fromEntries(vitals) };
}

/**
 * When the first of it grows old, in milliseconds after it was asked for; Infinity: nothing of it is live.
 * @param {HospitalSaid} said
 * @param {WardSaid|null} ward
 * @param {number} since_ms what is older already does not count
 * @returns {number}
 */
export function firstOld(said, ward, since_ms) {
  const live = (ward?.beds ?? []).filter((bed) => bed.status === "live");
  const limits = [
    ...said.wards.filter((one) => one.live).map((one) => one.fresh_ms),
    ...live.map((bed) => bed.fresh_ms),
    ...live.flatMap((bed) => Object.values(bed.vitals).map((vital) => vital.fresh_ms)),
  ];
  return Math.min(...limits.filter((limit) => limit >= since_ms), Infinity);
}
