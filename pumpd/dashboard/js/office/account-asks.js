// What an administrator is asked before an act at an account, a token or a session.

import { post } from "../acts.js";
import { t, word } from "../i18n.js";
import { ROLES } from "./say.js";

/** @typedef {import("../asks.js").Ask} Ask */
/** @typedef {import("../fields.js").Field} Field */
/** @typedef {import("../fields.js").Filled} Filled */
/** @typedef {import("./accounts-view.js").Account} Account */

/** Everything that a program may be permitted; a program never looks after accounts. @type {Record<string, string>} */
export const PERMISSIONS = {
  view: word("see the ward"), history: word("see trends, past alarms, charts and reports"), acknowledge: word("acknowledge and reset alarms"),
  pause_audio: word("pause the sound"), stop: word("stop a pump"), rate: word("ask for a rate or confirm a soft limit"),
  interlock: word("reset an interlock or permit a resume"), chart: word("write into a chart"), course: word("open, plan or end a course"),
  bind: word("bind or release a patient"), devices: word("see devices and lines"), integration: word("see other systems"),
  settle: word("settle refused messages"), audit: word("read the audit"), metrics: word("read metrics"), name_others: word("act for another person"),
};

/** @type {Record<string, string>} */
export const IDENTITIES = { none: word("no names"), initials: word("initials"), full: word("full names") };

/** @param {Record<string, string>} table */
const options = (table) => Object.entries(table).map(([id, words]) => ({ id, words: t(words) }));

/** @param {string} [roles] those that are there, with commas between @returns {Field} */
function rolesField(roles = "") {
  const people = Object.fromEntries(Object.entries(ROLES).filter(([id]) => id !== "machine"));
  return { name: "roles", label: t("Roles"), kind: "checks", options: options(people), value: roles, hint: t("A shared screen has no other role.") };
}

/** @param {string} label @param {boolean} required @param {string} [name] @returns {Field} */
const secret = (label, required, name = "password") => ({ name, label, kind: "secret", required });

/**
 * @param {string} title
 * @param {string} strong
 * @param {Field[]} fields
 * @param {Partial<Ask>} more
 * @param {(filled: Filled) => Promise<import("../acts.js").Answer>} send
 * @param {() => void} done
 * @returns {Ask}
 */
function ask(title, strong, fields, more, send, done) {
  return {
    title, strong, fields, tone: "medium", about: "", hint: "", choices: false, reasonLabel: null, go: t("Save"), ...more,
    send: async (said) => {
      const answer = await send(said.filled);
      if (answer.ok) done();
      return answer;
    },
  };
}

/** @param {() => void} done */
export function newAsk(done) {
  const fields = [
    { name: "account", label: t("Account"), kind: /** @type {"text"} */ ("text"), required: true },
    { name: "name", label: t("Name, as the record writes it"), kind: /** @type {"text"} */ ("text"), required: true },
    rolesField(),
    secret(t("First password"), true),
    { name: "badge", label: t("Badge number"), kind: /** @type {"text"} */ ("text") },
    secret(t("PIN for shared screens"), false, "pin"),
  ];
  return ask(t("New account"), "", fields, { go: t("Add") }, (filled) => post("accounts", { badge: "", pin: "", ...filled }), done);
}

/**
 * @param {Account} account
 * @param {object} change
 */
const patch = (account, change) => post(`accounts/${encodeURIComponent(account.account)}`, change, "PATCH");

/** @param {Account} account */
const whose = (account) => `${account.name} (${account.account})`;

/** @param {Account} account @param {() => void} done */
export function nameAsk(account, done) {
  /** @type {Field} */
  const field = { name: "name", label: t("Name, as the record writes it"), kind: "text", required: true, value: account.name };
  return ask(t("Change the name"), whose(account), [field], {}, (filled) => patch(account, filled), done);
}

/** @param {Account} account @param {() => void} done */
export function rolesAsk(account, done) {
  return ask(t("Change roles"), whose(account), [rolesField(account.roles.join(","))],
    { hint: t("Their sessions end, and they sign in again.") }, (filled) => patch(account, filled), done);
}

/** @param {Account} account @param {() => void} done */
export function passwordAsk(account, done) {
  return ask(t("New password"), whose(account), [secret(t("New password"), true)],
    { hint: t("Their sessions end, and they sign in again.") }, (filled) => patch(account, filled), done);
}

/** @param {Account} account @param {() => void} done */
export function pinAsk(account, done) {
  return ask(t("New PIN"), whose(account), [secret(t("PIN for shared screens"), false, "pin")],
    { hint: t("Left empty, the PIN is taken away.") }, (filled) => patch(account, { pin: filled["pin"] ?? "" }), done);
}

/** @param {Account} account @param {() => void} done */
export function badgeAsk(account, done) {
  return ask(t("New badge"), whose(account), [{ name: "badge", label: t("Badge number"), kind: "text" }],
    { hint: t("Left empty, the badge is taken away.") }, (filled) => patch(account, { badge: filled["badge"] ?? "" }), done);
}

/** @param {Account} account @param {() => void} done */
export function disableAsk(account, done) {
  const title = account.disabled ? t("Enable") : t("Disable");
  const hint = account.disabled ? "" : t("Nobody can sign in with it any more, and its sessions end. It can be enabled again.");
  return ask(title, whose(account), [], { hint, go: title }, () => patch(account, { disabled: !account.disabled }), done);
}

/** @param {Account} account @param {() => void} done */
export function removeAsk(account, done) {
  return ask(t("Remove"), whose(account), [], { hint: t("For good. The record keeps the name, which is never given to another person."), go: t("Remove") },
    () => post(`accounts/${encodeURIComponent(account.account)}`, {}, "DELETE"), done);
}

/** @param {(made: {token: string, name: string}) => void} told */
export function tokenAsk(told) {
  /** @type {Field[]} */
  const fields = [
    { name: "name", label: t("What uses it"), kind: "text", required: true },
    { name: "permissions", label: t("What it may"), kind: "checks", options: options(PERMISSIONS) },
    { name: "identity", label: t("Patients' names"), kind: "choice", required: true, value: "none", options: options(IDENTITIES) },
    { name: "days", label: t("Expires after days"), kind: "number", value: "365", hint: t("Left empty, it does not expire.") },
  ];
  /** @type {Ask} */
  const made = ask(t("New token"), "", fields, { go: t("Add"), hint: t("Just what the program needs. The token is told once, here.") }, async (filled) => {
    const answer = await post("tokens", { ...filled, days: filled["days"] ? Number(filled["days"]) : null });
    if (answer.ok) setTimeout(() => told(answer.body));
    return answer;
  }, () => {});
  return made;
}

/** @param {import("./accounts-view.js").Token} token @param {() => void} done */
export function revokeAsk(token, done) {
  return ask(t("Revoke"), token.name, [], { hint: t("It opens nothing any more, at once."), go: t("Revoke") },
    () => post(`tokens/${encodeURIComponent(token.id)}`, {}, "DELETE"), done);
}

/** @param {import("./accounts-view.js").SessionRow} one @param {() => void} done */
export function endAsk(one, done) {
  return ask(t("End the session"), `${one.name} (${one.account}), ${one.address}`, [], { hint: t("Its screens go to the sign-in page, at once."), go: t("End the session") },
    () => post(`sessions/${encodeURIComponent(one.session)}`, {}, "DELETE"), done);
}
