// What this screen prefers: theme and how names are shown (kept on the screen), and who acts (this session only).

const THEMES = /** @type {const} */ (["dark", "light", "auto"]);
const NAMES = /** @type {const} */ (["initials", "full", "off"]);

/** @typedef {typeof THEMES[number]} Theme */
/** @typedef {typeof NAMES[number]} Names */

/**
 * The first of: the address's parameter, what was kept, the default (the list's first).
 * @template {string} T
 * @param {readonly T[]} allowed
 * @param {string} key
 * @param {URLSearchParams} address
 * @returns {T}
 */
function choose(allowed, key, address) {
  const wanted = [address.get(key), localStorage.getItem(`pumpd.${key}`)];
  return allowed.find((value) => wanted[0] === value) ?? allowed.find((value) => wanted[1] === value) ?? first(allowed);
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
    const address = new URLSearchParams(location.search);
    this.theme = choose(THEMES, "theme", address);
    this.names = choose(NAMES, "names", address);
    this.light = matchMedia("(prefers-color-scheme: light)");
    this.light.addEventListener("change", () => this.paint());
    this.paint();
  }

  /** Put the theme on the document; the style sheets do the rest. */
  paint() {
    const light = this.theme === "light" || (this.theme === "auto" && this.light.matches);
    document.documentElement.dataset["theme"] = light ? "light" : "dark";
  }

  nextTheme() {
    this.theme = after(THEMES, this.theme);
    localStorage.setItem("pumpd.theme", this.theme);
    this.paint();
  }

  nextNames() {
    this.names = after(NAMES, this.names);
    localStorage.setItem("pumpd.names", this.names);
  }

  /** Who acts at this screen; forgotten when the browser closes. */
  get user() {
    return sessionStorage.getItem("pumpd.user") ?? "";
  }

  set user(name) {
    sessionStorage.setItem("pumpd.user", name);
  }
}
