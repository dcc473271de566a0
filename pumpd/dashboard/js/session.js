// Who is signed in at this screen, and what their acts must carry. The session itself is a cookie that no script can
// read; this keeps only what the server said of it, in memory.

import { t } from "./i18n.js";

/** @typedef {import("./session-types.js").Session} Session */
/** @typedef {import("./session-types.js").Grant} Grant */
/** @typedef {import("./session-types.js").Answer} Answer */

const API = "api/v1";
const TIMEOUT_MS = 10_000;
/** A touch or a key tells the server that somebody is here, at most this often. */
const HERE_MS = 60_000;

/** @type {Session|null} */
let now = null;
/** @type {Promise<Session|null>|null} */
let asking = null;
/** @type {(Grant & {until_ms: number})|null} */
let stepped = null;

/** What the server last said of the session; null: it was not asked yet. */
export const signed = () => now;

/** @param {string} permission */
export const may = (permission) => now?.permissions.includes(permission) ?? false;

/** As whom an act from this screen is recorded; null: nobody signed in (a demonstration), and a name may be typed. */
export function signedName() {
  if (!now?.signed_in || now.demo) return null;
  const person = grant();
  return person ? person.name : now.step_up_needed ? t("whoever gives badge and PIN next") : now.name;
}

/**
 * The session, asked for once.
 * @param {{anew?: boolean, background?: boolean}} [how] anew: ask again. background: nobody did anything.
 * @returns {Promise<Session|null>} null: the server did not answer
 */
export function session({ anew = false, background = false } = {}) {
  if (now && !anew) return Promise.resolve(now);
  asking ??= ask(background).finally(() => { asking = null; });
  return asking;
}

/** @param {boolean} background */
async function ask(background) {
  try {
    const response = await fetch(`${API}/session`, { headers: background ? { "x-background": "1" } : {}, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok) now = await response.json();
  } catch {
    // no answer: what is known of the session stays known; the page shows by itself that the server is gone
  }
  return now;
}

/** What goes with an act. */
export function actHeaders() {
  const grantNow = grant();
  return { "x-csrf-token": now?.csrf ?? "", ...(grantNow ? { "x-step-up": grantNow.token } : {}) };
}

/** Who stepped up at this shared screen, as long as that holds. @returns {Grant|null} */
export function grant() {
  if (stepped && performance.now() >= stepped.until_ms) stepped = null;
  return stepped;
}

/** How many seconds the step-up still holds. */
export const grantSeconds = () => (stepped ? Math.max(0, Math.ceil((stepped.until_ms - performance.now()) / 1000)) : 0);

/** The person at the shared screen is done. */
export function endGrant() {
  stepped = null;
}

/**
 * @param {string} account
 * @param {string} password
 */
export const signIn = (account, password) => send("session", { account, password });

/** Where the identity provider's own page is; it sends the browser back to the sign-in page. */
export const beginWithProvider = () => send("session/provider", {});

/**
 * Back from the identity provider, with what stands in the address.
 * @param {URLSearchParams} came
 */
export function returnFromProvider(came) {
  const names = ["state", "code", "error", "iss"];
  return send("session/provider/return", Object.fromEntries(names.map((name) => [name, came.get(name) ?? ""])));
}

/** @param {{token: string, account: string, name: string, password: string}} first account of the ward */
export const setUp = (first) => send("setup", first);

/** Leaves this page for the sign-in page, whatever the server answers. */
export async function signOut() {
  await send("session", undefined, "DELETE");
  location.assign("sign-in.html");
}

/**
 * Who acts at this shared screen.
 * @param {string} badge or the account's name
 * @param {string} pin
 * @returns {Promise<Answer>}
 */
export async function stepUp(badge, pin) {
  const answer = await send("session/step-up", { badge, pin });
  if (answer.ok) stepped = { ...answer.body, until_ms: performance.now() + answer.body.seconds * 1000 };
  return answer;
}

/** To the sign-in page, and back here afterwards. */
export function toSignIn() {
  const here = location.pathname + location.search;
  location.assign(`sign-in.html?to=${encodeURIComponent(here)}${location.search.replace("?", "&")}`);
}

/**
 * Where a person who has signed in goes: a page of this very server and nowhere else.
 * @param {string|null} asked
 */
export function destination(asked) {
  const home = new URL("./", document.baseURI);
  const wanted = URL.parse(asked ?? "", home) ?? home;
  return wanted.origin === home.origin && !wanted.pathname.endsWith("/sign-in.html") ? wanted.href : home.href;
}

/**
 * @param {string} path
 * @param {object|undefined} body
 * @param {string} [method]
 * @returns {Promise<Answer>}
 */
async function send(path, body, method = "POST") {
  try {
    const headers = { "Content-Type": "application/json", "x-csrf-token": now?.csrf ?? "" };
    const response = await fetch(`${API}/${path}`, { method, headers, signal: AbortSignal.timeout(TIMEOUT_MS), ...(body ? { body: JSON.stringify(body) } : {}) });
    const said = await response.json().catch(() => null);
    if (response.ok && said && "signed_in" in said) now = said;
    const wait_s = Number(response.headers.get("retry-after") ?? 0);
    return { ok: response.ok, status: response.status, said: (said?.error?.reasons ?? []).map(String), wait_s, body: said };
  } catch {
    return { ok: false, status: 0, said: [], wait_s: 0, body: null };
  }
}

let told_ms = -Infinity;

/** Somebody is here: the session's idle time starts anew. A page that only shows never does this. */
function here() {
  const at_ms = performance.now();
  if (!now?.signed_in || !now.idle_s || at_ms - told_ms < HERE_MS) return;
  told_ms = at_ms;
  void session({ anew: true });
}

addEventListener("pointerdown", here, { passive: true });
addEventListener("keydown", here, { passive: true });
