// What the views are given. Types only.

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Pump} Pump */

/**
 * The acts a person may take from a view.
 * @typedef {{
 *   openAlarm: (alarm: Alarm) => void,
 *   pauseSound: (bedId: string|null) => void,
 *   resetInterlock: (pump: Pump, bed: Bed) => void,
 *   resumePump: (pump: Pump, bed: Bed) => void,
 *   confirmSoft: (pump: Pump, alarm: Alarm) => void,
 *   assess: (bed: Bed) => void,
 *   openChart: (bed: Bed) => void,
 *   armStop: (bedId: string, pumpId: string) => void,
 *   cancelStop: (pumpId: string) => void,
 *   confirmStop: (pumpId: string, by: string) => void,
 *   nextTheme: () => void,
 *   nextNames: () => void,
 * }} Acts
 */

/** @typedef {{bedId: string, phase: "armed"|"sent"|"answered", said: string, ok: boolean}} StopState */

/**
 * `blank`: no digit may be shown. `server_ms`: now on the server's wall clock. `zone`: the ward's time zone, if the server names it.
 * @typedef {{now_ms: number, blank: boolean, server_ms: number, zone: string|undefined, names: "initials"|"full"|"off", theme: string,
 *   user: string, stops: Map<string, StopState>, acts: Acts}} Context
 */

export {};
