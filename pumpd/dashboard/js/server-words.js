// The server's sentences (alarms, reasons, what to do) in the screen's language, where that is sure. The server speaks
// English; a sentence is said in another language only where a pattern fits the whole of it, with every number and
// name taken over as it stands. What fits no pattern is shown in the server's own words. Pure.

import { figure, language } from "./i18n.js";
import { GERMAN_BED_PATTERNS } from "./server-words-bed-de.js";
import { GERMAN_ACTIONS, GERMAN_LABELS, GERMAN_PATTERNS, GERMAN_RULES } from "./server-words-de.js";

/** "{n}" is a number, "{@x}" a sentence of its own, "{x}" any words, taken over. */
const PLACE = /\{(@?)(\w+)\}/g;

/** @param {string} words */
const escaped = (words) => words.replace(/[.*+?^$()|[\]\\]/g, "\\$&");

/**
 * @param {string} english
 * @returns {RegExp}
 */
function compiled(english) {
  const source = escaped(english).replace(PLACE, (_, __, name) => (/^n\d?$/.test(name) ? `(?<${name}>[\\d.,]+)` : `(?<${name}>.+?)`));
  return new RegExp(`^${source}$`);
}

/** @type {{shape: RegExp, nested: string[], said: string}[]} */
const PATTERNS = [...GERMAN_PATTERNS, ...GERMAN_BED_PATTERNS].map(([english, german]) => ({
  shape: compiled(english),
  nested: [...english.matchAll(PLACE)].filter((found) => found[1]).map((found) => String(found[2])),
  said: german,
}));

/** What follows the words of a rule: the facts that broke it, and its delay: ": SpO2 88 < 90 % for 15 s". */
const BROKEN = /^(?:: (?<facts>.+?)| \((?<own>monitor's alarm(?:; now missing)?)\))(?: for (?<s>\d+) s)?$/;
const FACT = /^(?<label>[A-Za-z0-9 ]+?) (?<value>-?[\d.,]+|missing)(?<limit>(?: (?:<|<=|>|>=|==|=) ?-?[\d.,]+)?(?: (?:\/min|%|mmHg|s))?)$/;
const FLAG = /^(?<label>No breath) \(monitor's alarm(?<gone>, now missing)?\)$/;
/** The longest first: one may begin like another. */
const RULES = Object.keys(GERMAN_RULES).sort((a, b) => b.length - a.length);
const MILDER = /^(?<now>.+) \(was (?<level>HIGH|MEDIUM|LOW): (?<was>.+)\)$/;

/** @type {Record<string, string>} */
const LEVELS = { HIGH: "HOCH", MEDIUM: "MITTEL", LOW: "NIEDRIG" };

/** @param {string} words */
function fact(words) {
  const flag = FLAG.exec(words)?.groups;
  if (flag) return `Keine Atmung (Monitoralarm${flag["gone"] ? ", jetzt fehlend" : ""})`;
  const found = FACT.exec(words)?.groups;
  const label = GERMAN_LABELS[found?.["label"] ?? ""];
  if (!found || !label) return null;
  return `${label} ${found["value"] === "missing" ? "fehlt" : found["value"]}${found["limit"]}`;
}

/** @param {string} text */
function ruleWords(text) {
  const english = RULES.find((one) => text.startsWith(one));
  const found = english === undefined ? undefined : BROKEN.exec(text.slice(english.length))?.groups;
  if (!english || !found) return null;
  const rule = GERMAN_RULES[english];
  const since = found["s"] ? `, seit ${found["s"]} s` : "";
  if (found["own"]) return `${rule} (Monitoralarm${found["own"].includes("missing") ? "; jetzt fehlend" : ""})${since}`;
  const facts = (found["facts"] ?? "").split("; ").map(fact);
  return facts.includes(null) ? null : `${rule}: ${facts.join("; ")}${since}`;
}

/**
 * @param {string} text
 * @returns {string|null} null: no pattern fits
 */
function inGerman(text) {
  const milder = MILDER.exec(text)?.groups;
  if (milder) return `${german(milder["now"])} (war ${LEVELS[milder["level"] ?? ""]}: ${german(milder["was"])})`;
  return GERMAN_RULES[text] ?? GERMAN_ACTIONS[text] ?? ruleWords(text) ?? patterned(text) ?? listed(text);
}

/** @param {string} text */
function patterned(text) {
  for (const { shape, nested, said } of PATTERNS) {
    const fits = shape.exec(text);
    if (!fits) continue;
    const found = fits.groups ?? {};
    return said.replace(PLACE, (_, __, name) => (nested.includes(name) ? german(found[name]) : (found[name] ?? "")));
  }
  return null;
}

/**
 * Several reasons in a row.
 * @param {string} text
 */
function listed(text) {
  const parts = text.split("; ");
  return parts.length > 1 ? parts.map(german).join("; ") : null;
}

/** @param {string|undefined} text */
const german = (text) => inGerman(text ?? "") ?? text ?? "";

/** @type {Map<string, string>} */
const known = new Map();
const MOST_KNOWN = 2_000;

/**
 * @param {string} text
 * @returns {string}
 */
export function serverWords(text) {
  if (language() === "en") return text;
  let said = known.get(text);
  if (said === undefined) {
    if (known.size >= MOST_KNOWN) known.clear();
    said = figure(german(text));
    known.set(text, said);
  }
  return said;
}
