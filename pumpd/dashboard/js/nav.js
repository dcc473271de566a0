// The head line of every page: what page this is, whether it is live, the ways to the others, and what this screen
// prefers. A page that is added here must exist; a person is offered only what their roles permit.

import { html, nothing } from "./lit.js";
import { accountMenu } from "./account-menu.js";
import { LANGUAGE_NAMES, LANGUAGES, language, t, word } from "./i18n.js";
import { may, signed } from "./session.js";

/** @typedef {import("./settings.js").Settings} Settings */

/** @typedef {"ward"|"bed"|"integration"|"devices"|"audit"|"accounts"|"account"} PageId */

/** @type {readonly {id: PageId, href: string, words: string, permission: string}[]} */
const PAGES = [
  { id: "ward", href: "./", words: word("Ward"), permission: "view" },
  { id: "integration", href: "integration.html", words: word("Integration"), permission: "integration" },
  { id: "devices", href: "devices.html", words: word("Devices"), permission: "devices" },
  { id: "audit", href: "audit.html", words: word("Audit"), permission: "audit" },
  { id: "accounts", href: "accounts.html", words: word("Accounts"), permission: "accounts" },
];

/** The themes in words. @type {Record<string, string>} */
const THEME_WORDS = { dark: word("dark"), night: word("night"), light: word("light"), auto: word("as the device") };
/** @type {Record<string, string>} */
const NAME_WORDS = { initials: word("initials"), full: word("full"), off: word("none") };

/**
 * `without`: pages that this ward has no use for. `notes`: what else has to be said at the top. `names`: this page shows
 * patients' names.
 * @typedef {{here: PageId, title: string, live: boolean, state: string, connection: string,
 *   without?: readonly PageId[], notes?: unknown, time?: string, zone?: string, settings: Settings,
 *   names?: boolean, changed: () => void}} Head
 */

/** @param {Head} head */
export function headLine(head) {
  return html`
    <header class="ward">
      <h1>${head.title}</h1>
      ${ways(head)}
      <p class="connection ${head.state}" role="status"><span aria-hidden="true">${head.live ? "●" : "○"}</span> ${head.connection}</p>
      ${head.notes ?? nothing}
      <p class="time" title=${head.zone ?? ""}>${head.time ?? ""}</p>
      ${accountMenu(head.changed)}
      <div class="prefers">${preferences(head)}</div>
    </header>
  `;
}

/** @param {Head} head */
function ways(head) {
  const shown = PAGES.filter((page) => page.id === head.here || (signed() && may(page.permission) && !head.without?.includes(page.id)));
  if (shown.every((page) => page.id === head.here)) return nothing;
  return html`
    <nav class="ways" aria-label=${t("Pages")}>
      ${shown.map((page) => page.id === head.here
        ? html`<span aria-current="page">${t(page.words)}</span>`
        : html`<a href=${page.href}>${t(page.words)}</a>`)}
    </nav>
  `;
}

/** @param {Head} head */
function preferences({ settings, names, changed }) {
  const does = (/** @type {() => void} */ act) => () => { act(); changed(); };
  return html`
    ${names && settings.mayChooseNames
      ? html`<button type="button" class="quiet" @click=${does(() => settings.nextNames())}>${t("Names: {which}", { which: t(NAME_WORDS[settings.names] ?? "") })}</button>`
      : nothing}
    <button type="button" class="quiet" @click=${does(() => settings.nextTheme())}>${t("Theme: {which}", { which: t(THEME_WORDS[settings.theme] ?? "") })}</button>
    ${LANGUAGES.filter((one) => one !== language()).map((one) => html`<button type="button" class="quiet" lang=${one}
      @click=${does(() => settings.nextLanguage())}>${LANGUAGE_NAMES[one]}</button>`)}
  `;
}
