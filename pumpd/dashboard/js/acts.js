// What a person does from this page. Nothing is optimistic: the page shows what the server answered.

/** said: why it was refused. notes: what differs from what was asked for. @typedef {{ok: boolean, said: string[], notes?: string[]}} Answer */

const TIMEOUT_MS = 10_000;

/**
 * @param {string} path below /api/v1
 * @param {object} body
 * @returns {Promise<Answer>}
 */
export async function post(path, body) {
  try {
    const response = await fetch(`api/v1/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = await response.json().catch(() => null);
    const said = reasonsIn(answer);
    if (response.ok && answer?.ok !== false) return { ok: true, said, notes: (answer?.notes ?? []).map(String) };
    return { ok: false, said: said.length ? said : [`The server answered ${response.status}.`] };
  } catch {
    return { ok: false, said: ["No answer from the server: nothing is known to have happened."] };
  }
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
 * What the server says at a path below /api/v1.
 * @param {string} path
 * @returns {Promise<any>} null where nothing could be read
 */
export async function read(path) {
  try {
    const response = await fetch(`api/v1/${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}
