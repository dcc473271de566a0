// Figures of the desk pages in words. Pure.

import { locale, t, word } from "../i18n.js";

/**
 * An age of milliseconds, to a tenth of a second where it is young.
 * @param {number|null} ms
 */
export function age(ms) {
  if (ms === null) return "–";
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`;
  return `${Math.floor(ms / 3_600_000)} h`;
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/**
 * Date and time to the second, of this screen's zone.
 * @param {string|null|undefined} iso
 */
export function stamp(iso) {
  if (!iso) return "–";
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : new Intl.DateTimeFormat(locale(), { dateStyle: "short", timeStyle: "medium" }).format(at);
}

/**
 * The time of day with thousandths.
 * @param {string} iso
 */
export function instant(iso) {
  const at = new Date(iso);
  return new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 }).format(at);
}

/** @type {Record<string, string>} */
export const ROLES = {
  display: word("shared screen"), nurse: word("nurse"), charge: word("charge nurse"), biomed: word("biomedical engineer"),
  auditor: word("auditor"), admin: word("administrator"), machine: word("program"),
};

/** @type {Record<string, string>} */
const QUALITIES = { simulated: word("simulated"), "bench-tested": word("bench-tested"), unverified: word("UNVERIFIED"), verified: word("verified on hardware") };

/** @param {string} quality */
export const qualityWords = (quality) => (QUALITIES[quality] ? t(/** @type {string} */ (QUALITIES[quality])) : quality);
