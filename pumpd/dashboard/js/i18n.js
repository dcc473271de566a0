// The page's words in the language of the screen. Keys are the English words themselves, so that nothing is ever
// blank: what has no translation is shown in English. A test finds every key without German, and every German without a
// key: so a key is written as a literal inside t(...) or word(...), never put together.

import { GERMAN } from "./words-de.js";

/** @typedef {"en"|"de"} Language */

export const LANGUAGES = /** @type {const} */ (["en", "de"]);

/** Each language in its own word, for the switch. @type {Record<Language, string>} */
export const LANGUAGE_NAMES = { en: "English", de: "Deutsch" };

/** The form of dates and times. @type {Record<Language, string>} */
const LOCALES = { en: "en-GB", de: "de-DE" };

/** @type {Record<Language, Record<string, string>>} */
const WORDS = { en: {}, de: GERMAN };

/** @type {Language} */
let spoken = "en";

/** @returns {Language} */
export const language = () => spoken;

export const locale = () => LOCALES[spoken];

/** @param {Language} wanted */
export function speak(wanted) {
  spoken = wanted;
  document.documentElement.lang = wanted;
}

/**
 * A text in the screen's language. `{name}` in it is replaced.
 * @param {string} english
 * @param {Record<string, string|number>} [values]
 * @returns {string}
 */
export function t(english, values) {
  const text = WORDS[spoken][english] ?? english;
  return values ? text.replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all)) : text;
}

/**
 * Marks a key that stands in a table; t() is called where it is shown.
 * @param {string} english
 * @returns {string} the same
 */
export const word = (english) => english;

/**
 * A figure that the server wrote, for a reader of the screen's language: "1,000 mL" says one litre in English and one
 * millilitre in German. So in German thousands are set apart by a narrow space; the decimal point stays, as the pumps'
 * own displays and the record have it. Digits are never touched, and no comma is left that could be read as a decimal.
 * @template {string|null|undefined} T
 * @param {T} text
 * @returns {T}
 */
export function figure(text) {
  if (spoken === "en" || !text) return text;
  return /** @type {T} */ (text.replace(/(?<=\d),(?=\d{3}(?!\d))/g, "\u202f"));
}
