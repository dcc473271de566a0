// What this screen prefers: theme, language and how names are shown (kept on the screen), and who acts (this session
// only). Every page makes one of these first, so that its words and colours are right from the start.

import { LANGUAGES, language, speak } from "./i18n.js";

export const THEMES = /** @type {const} */ (["dark", "night", "light", "auto"]);
const NAMES = /** @type {const} */ (["initials", "full", "off"]);

/** @typedef {typeof THEMES[number]} Theme */
/** @typedef {typeof NAMES[number]} Names */
/** How much of who lies in a bed the server lets this screen have. @typedef {"full"|"initials"|"none"} Identity */

/** @type {Record<Identity, readonly Names[]>} */
const NAMES_WITHIN = { full: NAMES, initials: ["initials", "off"], none: ["off"] };

/**
 * The first of: the address's parameter, what was kept, the one that the browser wants, the list's first.
 * @template {string} T
 * @param {readonly T[]} allowed
 * @param {string} key
 * @param {string} [wanted]
 * @returns {T}
 */
function choose(allowed, key, wanted) {
  const asked = [new URLSearchParams(location.search).get(key), localStorage.getItem(`pumpd.${key}`), wanted];
  return asked.map((one) => allowed.find((value) => value === one)).find(Boolean) ?? first(allowed);
}

/**
 * @template T
 * @param {readonly T[]} list
 * @returns {T}
 */
const first = (list) => /** @type {T} */ (list[0]);

/**
 * @template T
 * @param {readonly T[]} list
 * @param {T} value
 * @returns {T} the one after it, round and round
 */
const after = (list, value) => list[(list.indexOf(value) + 1) % list.length] ?? first(list);

export class Settings {
  constructor() {
    this.theme = choose(THEMES, "theme");
    this.wanted = choose(NAMES, "names");
    /** @type {Identity} the server's bound on names; it sends no more than that in any case */
    this.identity = "full";
    this.light = matchMedia("(prefers-color-scheme: light)");
    this.light.addEventListener("change", () => this.paint());
    speak(choose(LANGUAGES, "lang", navigator.language.slice(0, 2)));
    this.paint();
  }

  /** How names are shown: as this screen wants, within what the server lets it have. @returns {Names} */
  get names() {
    const allowed = NAMES_WITHIN[this.identity];
    return allowed.includes(this.wanted) ? this.wanted : first(allowed);
  }

  get mayChooseNames() {
    return NAMES_WITHIN[this.identity].length > 1;
  }

  /** Put the theme on the document; the style sheets do the rest. */
  paint() {
    const day = this.theme === "light" || (this.theme === "auto" && this.light.matches);
    document.documentElement.dataset["theme"] = this.theme === "night" ? "night" : day ? "light" : "dark";
  }

  nextTheme() {
    this.theme = after(THEMES, this.theme);
    localStorage.setItem("pumpd.theme", this.theme);
    this.paint();
  }

  nextNames() {
    this.wanted = after(NAMES_WITHIN[this.identity], this.names);
    localStorage.setItem("pumpd.names", this.wanted);
  }

  nextLanguage() {
    speak(after(LANGUAGES, language()));
    localStorage.setItem("pumpd.lang", language());
  }

  /** Who acts at this screen; forgotten when the browser closes. */
  get user() {
    return sessionStorage.getItem("pumpd.user") ?? "";
  }

  set user(name) {
    sessionStorage.setItem("pumpd.user", name);
  }
}
