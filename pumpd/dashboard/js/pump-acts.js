// Which acts a pump's state offers. Pure. The server refuses where one is not safe, and says why.

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Pump} Pump */

const RESETTABLE = new Set(["stop_verified", "stop_unconfirmed"]);

/** @param {Pump} pump */
export const isResettable = (pump) => RESETTABLE.has(pump.interlock);

/** @param {Pump} pump */
export const isReset = (pump) => pump.interlock === "armed" || pump.interlock === "alarm_only";

/** @param {Pump} pump */
export const isStoppable = (pump) => pump.enforcement !== "alarm" && pump.interlock !== "alarm_only";

/**
 * The alarm that this pump runs above its soft ceiling, while nobody has confirmed that.
 * @param {Pump} pump
 * @param {Alarm[]} alarms
 */
export function softAlarm(pump, alarms) {
  if (pump.override) return undefined;
  return alarms.find((alarm) => alarm.condition === "over_soft" && alarm.device === pump.id && alarm.present !== false);
}
