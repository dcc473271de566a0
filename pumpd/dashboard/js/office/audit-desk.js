// What the audit page asks for: one page of entries after the other, and whether their chain is unbroken.

import { t } from "../i18n.js";
import { auditView } from "./audit-view.js";

/** @typedef {import("./audit-view.js").Entry} Entry */
/** @typedef {import("./audit-view.js").Wanted} Wanted */

export class AuditDesk {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {Wanted} */
    this.wanted = { from: "", to: "", who: "", what: "", bed: "", text: "" };
    /** @type {Entry[]|null} */
    this.entries = null;
    /** What to ask as `before` for the page after; null: this was the last. @type {number|null} */
    this.next = null;
    this.busy = false;
    this.failed = false;
    /** @type {{ok: boolean, rows: number, problem: string|null}|null} */
    this.verdict = null;
    this.verifying = false;
  }

  /**
   * @param {import("./desk.js").Desk} desk
   * @returns {import("./desk.js").Part[]}
   */
  parts(desk) {
    const acts = {
      search: (/** @type {Wanted} */ wanted) => { this.wanted = wanted; void this.search(desk); },
      more: () => void this.read(desk, this.next),
      verify: () => void this.verify(desk),
    };
    return [{ id: "audit", words: t("Audit"), view: () => auditView(this, acts), open: () => void this.search(desk) }];
  }

  /** @param {import("./desk.js").Desk} desk */
  async search(desk) {
    this.entries = null;
    await this.read(desk, null);
  }

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {number|null} before
   */
  async read(desk, before) {
    if (this.busy) return;
    this.busy = true;
    this.changed();
    const said = await desk.ask(`audit?${asked(this.wanted, before)}`);
    this.busy = false;
    this.failed = said === null;
    if (said) {
      this.entries = before === null ? said.entries : [...(this.entries ?? []), ...said.entries];
      this.next = said.next;
    }
    this.changed();
  }

  /** @param {import("./desk.js").Desk} desk */
  async verify(desk) {
    this.verifying = true;
    this.verdict = null;
    this.changed();
    this.verdict = await desk.ask("audit/verify");
    this.verifying = false;
    this.changed();
  }
}

/**
 * The question as the server reads it. Times are of this screen's zone.
 * @param {Wanted} wanted
 * @param {number|null} before
 */
export function asked(wanted, before) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted)) {
    if (value) query.set(name, name === "from" || name === "to" ? new Date(value).toISOString() : value);
  }
  if (before !== null) query.set("before", String(before));
  return query.toString();
}
