// The ward as last heard. Values are absolute, so a delta overwrites and nothing is ever added up.

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").WardInfo} WardInfo */

/** A bed that a delta names first: nothing is known of it yet. */
const NEW_BED = { patient: null, values: {}, pumps: [], devices: [], monitored: false };

/** @typedef {{ward: WardInfo, beds: Map<string, Bed>, alarms: Map<string, Alarm>}} Ward */

/**
 * Note on every value inside `node` when it reached this page.
 * @param {unknown} node
 * @param {number} now_ms
 * @returns {void}
 */
export function stamp(node, now_ms) {
  if (Array.isArray(node)) {
    for (const item of node) stamp(item, now_ms);
  } else if (typeof node === "object" && node !== null) {
    if ("q" in node && "v" in node) Object.assign(node, { received_ms: now_ms });
    else for (const item of Object.values(node)) stamp(item, now_ms);
  }
}

/**
 * @param {import("./types.js").Snapshot} message
 * @param {number} now_ms
 * @returns {Ward}
 */
export function fromSnapshot(message, now_ms) {
  stamp(message.beds, now_ms);
  return {
    ward: message.ward,
    beds: new Map(message.beds.map((bed) => [bed.id, bed])),
    alarms: new Map(message.alarms.map((alarm) => [alarm.id, alarm])),
  };
}

/**
 * @param {Ward} ward changed in place
 * @param {import("./types.js").Delta} message
 * @param {number} now_ms
 */
export function applyDelta(ward, message, now_ms) {
  for (const [bedId, parts] of Object.entries(message.set)) {
    stamp(parts, now_ms);
    const bed = ward.beds.get(bedId);
    if (bed) Object.assign(bed, parts);
    else ward.beds.set(bedId, /** @type {Bed} */ ({ ...NEW_BED, id: bedId, label: bedId, ...parts }));
  }
  for (const bedId of message.del ?? []) ward.beds.delete(bedId);
}

/**
 * @param {Ward} ward changed in place
 * @param {Alarm} alarm as it now is; an ended one leaves the list
 */
export function applyAlarm(ward, alarm) {
  if (alarm.state === "ended") ward.alarms.delete(alarm.id);
  else ward.alarms.set(alarm.id, alarm);
}
