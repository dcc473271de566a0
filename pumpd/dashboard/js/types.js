// Shapes of pumpd.live.v1 as the page reads them. Types only; fields may be added by the server, never renamed.

/** @typedef {"ok"|"questionable"|"stale"|"invalid"|"off"} Quality */

/**
 * One value. `v` is null unless q is ok or questionable. `received_ms` is added here: this page's own
 * monotonic clock when the value came in, from which its age goes on counting.
 * @typedef {{v: number|string|null, u: string, q: Quality, t: string|null, age_ms: number|null,
 *   source: string|null, origin?: string, why?: "held"|"jump", text?: string, live_ms?: number, blank_ms?: number,
 *   received_ms?: number}} Value
 */

/** @typedef {{at_least: number|string, at_most: number|string}} Delivered */

/**
 * @typedef {{hard_mg_kg_h: number|string|null, soft_mg_kg_h: number|string|null, set_by: string|null,
 *   soft_set_by?: string|null}} Ceiling
 */

/**
 * One dose cap. percent: of the limit. reached: when `at_most` gets there at the present rates.
 * @typedef {{span: string, limit_mg: number, limit_text: string, set_by: string, delivered_mg: Delivered,
 *   delivered_text: string, percent: Delivered, reached: string|null}} Cap
 */

/** @typedef {{limit_mg: number, set_by: string, at_most_mg: number}} CapLimit */
/** @typedef {{per_infusion: CapLimit|null, per_course: CapLimit|null, per_window: CapLimit|null}} PumpCap */

/**
 * number 0: planned.
 * @typedef {{number: number, phase: string, pumps: string[], started: string|null, ended: string|null,
 *   delivered_mg: Delivered|null, delivered_text: string|null, why: string}} Infusion
 */

/**
 * id null: no course is open. Times are the server's; overdue: past the protocol's grace too.
 * @typedef {{id: string|null, opened: string|null, day: number|null, max_infusions: number, infusions: Infusion[],
 *   caps: Cap[], nrs_due: string|null, nrs_overdue: boolean, observe_due: string|null, observe_overdue: boolean,
 *   missing: string[], set_aside: {rule: string, by: string}[], next_rise: string|null}} Course
 */

/** @typedef {{low: number, high: number, text: string}} Band */

/**
 * Predicted, never measured.
 * @typedef {{predicted: true, now: Band, in_30_min: Band, if_stopped: Band, models: string[], limits: string[],
 *   q: Quality, doubts: string[], at: string}} Concentration
 */

/**
 * @typedef {{per_day: number, at_most: number|null, text: string, table: string, incomplete: string[],
 *   baseline: number|null, change_percent: number|null, notes: string[], at: string, parts: string[]}} Mme
 */

/**
 * ready false: the chart is still being read.
 * @typedef {{ready: boolean, concentration: Concentration|null, mme: Mme|null,
 *   nrs: {last: number, at: string, by: string, count: number}|null, why: string, flags: string[]}} Clinical
 */

/** @typedef {"armed"|"tripped"|"stop_acked"|"stop_verified"|"stop_unconfirmed"|"alarm_only"} Interlock */

/**
 * @typedef {{id: string, drug: string|null, drug_label?: string|null, concentration_mg_ml: number|string|null,
 *   infusing: boolean|null, rate_ml_h: Value|null, dose_mg_kg_h: Value|null, delivered_mg: Delivered|null,
 *   ceiling: Ceiling|null, enforcement: "stop"|"reduce"|"alarm", interlock: Interlock,
 *   interlock_cause?: string|null, line?: string|null, line2?: string|null, control?: string|null,
 *   rate_text?: string|null, dose_text?: string|null, delivered_text?: string|null,
 *   override?: string|null, not_verified?: string[], resume?: "not_needed"|"needed"|"allowed",
 *   resume_reasons?: string[], resume_until?: string|null, cap?: PumpCap|null,
 *   time_to_cap?: {span: string, at: string, s: number}|null}} Pump
 */

/** @typedef {"up"|"down"|"silent"|"refused"} LinkState */
/**
 * unverified: its driver is under development; the device and each of its values say so.
 * tap: pumpd only listens on its line, beside another host.
 * @typedef {{id: string, driver: string, link: LinkState, since: string|null, detail?: string,
 *   unverified?: boolean, tap?: boolean}} Device
 */

/** @typedef {{mrn: string, name?: string|null, initials?: string|null, weight_kg: number|string|null}} Patient */

/**
 * An infusion that another system asks for. text "": it may not be shown at this bed.
 * @typedef {{id: string, source: string, pump: string, at: string, text: string, verified: boolean, against: string[],
 *   order: string, asked_by: string}} Request
 */

/**
 * An order that stands; differs: in what the pump differs from it.
 * @typedef {{id: string, source: string, at: string, drug: string, text: string, route: string, held: boolean,
 *   pumps: string[], differs: string[], starts: string|null, ends: string|null}} Order
 */

/** @typedef {{id: string, source: string, at: string, text: string, count: number}} Notice */

/** What became of one of our alarms elsewhere. @typedef {{alarm: string, source: string, status: string, person: string, at: string}} Reported */

/** @typedef {{requests: Request[], orders: Order[], notices: Notice[], alarms: Reported[]}} Told */

/**
 * stay: another word for every patient.
 * @typedef {{id: string, label: string, patient: Patient|null, stay?: string, values: Record<string, Value>, pumps: Pump[],
 *   devices: Device[], monitored: boolean, audio_paused_until?: string|null,
 *   audio_pause?: {by: string, ward: boolean}|null, oxygen?: {on: boolean, by: string|null, since: string|null}|null,
 *   prodigy?: {episodes: number}, course?: Course|null, clinical?: Clinical|null, told?: Told}} Bed
 */

/** @typedef {"high"|"medium"|"low"} Priority */

/**
 * @typedef {{id: string, bed: string, device: string|null, condition: string, priority: Priority,
 *   kind: "physiological"|"technical"|"advisory", state: "active"|"acknowledged"|"latched"|"ended", text: string,
 *   value: string|null, limit: string|null, onset: string|null, ended?: string|null, present?: boolean,
 *   rule?: string|null, signals?: string[], action?: string, broke_audio_pause?: boolean,
 *   escalation?: {to: string, since: string|null, level: number}|null,
 *   acknowledged: {by: string, at: string|null, reason: string, note?: string}|null}} Alarm
 */

/** @typedef {{id: string, name: string, generation?: string, timezone?: string, integrations?: boolean}} WardInfo timezone: IANA name */

/** @typedef {{type: "welcome", proto: number, server_time?: string, epoch: string, hb_ms: number, build: string,
 *   identity?: import("./settings.js").Identity}} Welcome */
/** @typedef {{type: "snapshot", epoch: string, seq: number, time?: string, ward: WardInfo, beds: Bed[], alarms: Alarm[]}} Snapshot */
/**
 * What changed after `prev`, the seq of the snapshot or delta before this one. Each part is absolute. del: beds gone.
 * @typedef {{type: "delta", epoch: string, seq: number, prev: number, t?: string,
 *   set: Record<string, Partial<Bed>>, del?: string[]}} Delta
 */
/** @typedef {{type: "alarm", epoch?: string, seq?: number, phase: string, alarm: Alarm}} AlarmMessage */
/**
 * Consecutive samples of a curve; sample i was taken at start + i * period_ms. gap: no line may join it to the one before.
 * @typedef {{type: "wave", t: string, bed: string, device: string, signal: string, unit: string, start: string,
 *   period_ms: number, samples: (number|null)[], gap: boolean}} Wave
 */
/** @typedef {{type: "hb", t?: string, seq?: number}} Heartbeat */
/** @typedef {Welcome|Snapshot|Delta|AlarmMessage|Heartbeat|Wave} ServerMessage */

export {};
