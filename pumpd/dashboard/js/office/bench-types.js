// Shapes of the devices page as the server sends them. Types only.

/** @typedef {{tag: string, count: number, value: string}} Unmapped */
/** @typedef {{id: string, driver: string, link: string, since: string|null, detail: string, garbled: number, unverified: boolean, tap: boolean}} LinkState */
/**
 * @typedef {{id: string, driver: string, vendor: string, model: string, kind: string, quality: string, unverified: boolean,
 *   integrity: string, line: string, link: string, signals: string[], sources: string[], frames: number, waves: number,
 *   unmapped: Unmapped[], unmapped_more: number, state: LinkState|null, poll_ms: number, serial: string|null,
 *   options: Record<string, string>, cautions: string[]}} Detail
 */
/**
 * @typedef {{detail: Detail, version: string, byte_age_ms: number|null, frame_age_ms: number|null, reading_age_ms: number|null,
 *   control: string|null, enforcement: string|null}} DeviceNow
 */
/** @typedef {{bed: string, label: string, devices: DeviceNow[]}} BedDevices */
/** @typedef {{time: string, beds: BedDevices[]}} AllDevices */
/** @typedef {{at: string, sent: boolean, hex: string, more: number, facts: {type: string, text: string}[]}} Piece */
/** @typedef {{device: string, time: string, pieces: Piece[]}} Frames */
/**
 * @typedef {{name: string, version: string, origin: string, broken: string|null, vendor: string, model: string, kind: string,
 *   quality: string, line: string, integrity: string, poll_ms: number, quiet_ms: number, signals: string[], can: string[],
 *   options: {name: string, default: string, words: string[], text: string}[], cautions: string[], sources: string[],
 *   used: number}} Driver
 */
/** @typedef {{name: string, size: number, begins: string|null}} CaptureFile */
/**
 * @typedef {{kept: boolean, directory: string, bytes_per_file: number, files_per_device: number, readable: boolean,
 *   devices: {device: string, files: CaptureFile[]}[]}} Captures
 */
/**
 * @typedef {{version: string, python: string, ward: string, timezone: string, path: string, sha256: string, library: string,
 *   journal: string, files: {path: string, sha256: string, changed: boolean}[]}} Configuration
 */
/** @typedef {{code: number, text: string, took_ms: number}} Check */
/** @typedef {{value: number, unit: string, set_by: string}} NamedLimit */
/**
 * @typedef {{drug: string, label: string, hard: NamedLimit|null, soft: NamedLimit|null, per_infusion: NamedLimit|null,
 *   per_course: NamedLimit|null, per_window: NamedLimit|null, window_h: number|null}} DrugLimits
 */
/** @typedef {{signal: string, op: string, limit: number, unit: string}} Term */
/**
 * @typedef {{id: string, condition: string, priority: string, text: string, terms: Term[], any: Term[], delay_s: number,
 *   unless: string[], line: boolean, stops: boolean, source: string}} Rule
 */
/** @typedef {{bed: string, profile: string, rules: Rule[], drugs: DrugLimits[]}} Limits */

export {};
