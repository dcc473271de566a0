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
 *   openTold: (bed: Bed) => void,
 *   requestRate: (pump: Pump, bed: Bed) => void,
 *   bindPatient: (bed: Bed) => void,
 *   releasePatient: (bed: Bed) => void,
 *   stopControl: (pump: Pump, bed: Bed) => unknown,
 *   redraw: () => void,
 * }} Acts
 */

/** @typedef {{bedId: string, phase: "armed"|"sent"|"answered", said: string, ok: boolean}} StopState */

/**
 * `blank`: no digit may be shown. `server_ms`: now on the server's wall clock. `zone`: the ward's time zone, if the server names it.
 * `bedHref`: the bed's own page.
 * @typedef {{now_ms: number, blank: boolean, server_ms: number, zone: string|undefined, names: "initials"|"full"|"off",
 *   user: string, stops: Map<string, StopState>, acts: Acts,
 *   soundBanner?: unknown, soundControl?: unknown, bedHref?: (bedId: string) => string}} Context
 */

export {};
