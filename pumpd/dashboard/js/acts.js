// What a person does from this page. Nothing is optimistic: the page shows what the server answered.

import { signedOut } from "./leave.js";
import { actHeaders, endGrant, session, signed } from "./session.js";
import { askWho } from "./step-up.js";

/**
 * said: why it was refused. code: the refusal's, for programs. notes: what differs from what was asked for. body: all that
 * the server said of what it did.
 * @typedef {{ok: boolean, said: string[], code?: string, notes?: string[], body?: any}} Answer
 */

const TIMEOUT_MS = 10_000;

void session({ background: true }); // known before the first act; a stop does not wait for it

/** Of whom the act is that is being sent now. @type {string|undefined} */
let meant;

/**
 * What `act` sends is for the patient who lay there when it was asked for: the server does not take it for another one.
 * @template T
 * @param {string|undefined} stay as the live bed called it then; undefined: it is about no bed
 * @param {() => T} act sends before it waits for anything
 * @returns {T}
 */
export function meantFor(stay, act) {
  meant = stay;
  try {
    return act();
  } finally {
    meant = undefined;
  }
}

/**
 * An act. Where the server asks who acts (a shared screen) or does not know the page any more, that is settled and the
 * act is sent once more; it was not done the first time.
 * @param {string} path below /api/v1
 * @param {object} body
 * @param {"POST"|"PUT"|"DELETE"|"PATCH"} [method]
 * @returns {Promise<Answer>}
 */
export async function post(path, body, method = "POST") {
  const send = once.bind(null, path, body, method, meant);
  const answer = await send();
  if (answer.code === "step_up_needed") {
    endGrant();
    return (await askWho()) ? send() : answer;
  }
  if (answer.code === "csrf" && (await session({ anew: true }))) return send();
  if (answer.code === "not_signed_in") signedOut();
  return answer;
}

/**
 * @param {string} path
 * @param {object} body
 * @param {string} method
 * @param {string|undefined} stay
 * @returns {Promise<Answer>}
 */
async function once(path, body, method, stay) {
  try {
    const response = await fetch(`api/v1/${path}`, {
      method,
      headers: { "Content-Type": "application/json", ...(stay === undefined ? {} : { "x-stay": stay }), ...actHeaders() },
      body: JSON.stringify(unnamed(body)),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = await response.json().catch(() => null);
    const said = reasonsIn(answer);
    if (response.ok && answer?.ok !== false) return { ok: true, said, notes: (answer?.notes ?? []).map(String), body: answer };
    return { ok: false, said: said.length ? said : [`The server answered ${response.status}.`], code: answer?.error?.code };
  } catch {
    return { ok: false, said: ["No answer from the server: nothing is known to have happened."] };
  }
}

/**
 * The record names who is signed in; a name is sent only where a demonstration did that by itself.
 * @param {object} body
 */
function unnamed(body) {
  const who = signed();
  return who?.signed_in && !who.demo ? { ...body, by: undefined } : body;
}

/**
 * All reasons of a refusal, in the server's words.
 * @param {any} body
 * @returns {string[]}
 */
function reasonsIn(body) {
  const reasons = body?.error?.reasons ?? (body?.error?.message ? [body.error.message] : []);
  return [...reasons, ...bedReasons(body?.beds ?? {})].map(String);
}

/**
 * Of an act at every bed: which bed did not take it, and why.
 * @param {Record<string, {ok: boolean, reasons: string[]}>} beds
 */
function bedReasons(beds) {
  return Object.entries(beds).flatMap(([bed, answer]) => answer.reasons.map((reason) => `${bed}: ${reason}`));
}

/**
 * Sound of the alarms that are there now off, at one bed or (null) at all.
 * @param {string|null} bedId
 * @param {{by: string}} act for as long as each bed allows
 */
export function pauseAudio(bedId, act) {
  return post(bedId === null ? "ward/audio-pause" : `beds/${encodeURIComponent(bedId)}/audio-pause`, act);
}

/**
 * @param {string} alarmId
 * @param {{by: string, reason: string, note: string}} act
 */
export function acknowledge(alarmId, act) {
  return post(`alarms/${encodeURIComponent(alarmId)}/acknowledge`, act);
}

/**
 * @param {string} alarmId
 * @param {{by: string, reason: string}} act
 */
export function resetAlarm(alarmId, act) {
  return post(`alarms/${encodeURIComponent(alarmId)}/reset`, act);
}

/**
 * @param {string} bedId
 * @param {string} pumpId
 * @param {{by: string, reason: string}} act
 */
export function stopPump(bedId, pumpId, act) {
  return post(`beds/${encodeURIComponent(bedId)}/pumps/${encodeURIComponent(pumpId)}/stop`, act);
}

/**
 * Re-arms a tripped interlock; starts nothing.
 * @param {string} bedId
 * @param {{by: string, reason: string, pump: string}} act
 */
export function resetInterlock(bedId, act) {
  return post(`beds/${encodeURIComponent(bedId)}/interlock/reset`, act);
}

/**
 * Asks that a person may start a pump that was stopped and reset; starts nothing.
 * @param {string} bedId
 * @param {string} pumpId
 * @param {{by: string, reason: string}} act
 */
export function resumePump(bedId, pumpId, act) {
  return post(`beds/${encodeURIComponent(bedId)}/pumps/${encodeURIComponent(pumpId)}/resume`, act);
}

/**
 * Confirms a rate above the soft ceiling.
 * @param {string} bedId
 * @param {string} pumpId
 * @param {{by: string, reason: string}} act
 */
export function overrideSoft(bedId, pumpId, act) {
  return post(`beds/${encodeURIComponent(bedId)}/pumps/${encodeURIComponent(pumpId)}/override`, act);
}

/**
 * Asks for an absolute rate at a running pump. confirm_unit: the unit was questioned, and it is meant.
 * @param {string} bedId
 * @param {string} pumpId
 * @param {{by: string, reason: string, rate: string, unit: string, confirm_unit: boolean}} act
 */
export function requestRate(bedId, pumpId, act) {
  return post(`beds/${encodeURIComponent(bedId)}/pumps/${encodeURIComponent(pumpId)}/rate`, act);
}

/**
 * @param {string} bedId
 * @param {{by: string, mrn: string, family_name: string, given_name: string, birth_date: string, sex: string, weight_kg: string|null}} act
 */
export function bindPatient(bedId, act) {
  return post(`beds/${encodeURIComponent(bedId)}/patient`, act, "PUT");
}

/**
 * @param {string} bedId
 * @param {{by: string, reason: string}} act
 */
export function releasePatient(bedId, act) {
  return post(`beds/${encodeURIComponent(bedId)}/patient`, act, "DELETE");
}

/**
 * What the server says at a path below /api/v1.
 * @param {string} path
 * @param {{background?: boolean}} [how] background: the page asks by itself; nobody did anything
 * @returns {Promise<any>} null where nothing could be read
 */
export async function read(path, { background = false } = {}) {
  try {
    const headers = /** @type {Record<string, string>} */ (background ? { "x-background": "1" } : {});
    const response = await fetch(`api/v1/${path}`, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 401) signedOut();
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}
