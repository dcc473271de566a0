// Times and spans in words, in the ward's zone and the screen's language. Pure: now is an argument.

import { locale, t } from "./i18n.js";

/**
 * Clock time of an instant, 24 h, in the ward's time zone where the server names it.
 * @param {string|null|undefined} iso
 * @param {string|undefined} zone
 * @returns {string}
 */
export function clock(iso, zone) {
  if (!iso) return "";
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? "" : clockFormat(zone).format(at);
}

/** So far apart a demo's time is not this screen's, however slowly its frames come. */
const FILM_MS = 60_000;

/**
 * Does the ward live in a simulated time of its own (a demo that runs faster)?
 * @param {number} server_ms
 * @param {number} wall_ms
 */
export function isFilm(server_ms, wall_ms) {
  return Math.abs(server_ms - wall_ms) > FILM_MS;
}

/**
 * The ward's own time, said to be simulated: "simulated Tue 24 Nov, 13:05".
 * @param {number} server_ms
 * @param {string|undefined} zone
 */
export function filmClock(server_ms, zone) {
  const day = new Intl.DateTimeFormat(locale(), { weekday: "short", day: "numeric", month: "short", timeZone: zone });
  return t("simulated {day}, {time}", { day: day.format(server_ms), time: clockFormat(zone).format(server_ms) });
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string|undefined} zone */
function clockFormat(zone) {
  const key = `${locale()} ${zone ?? ""}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit", timeZone: zone });
    formats.set(key, format);
  }
  return format;
}

/**
 * @param {number} ms
 * @returns {string} "38 min", "2 h 25 min", "3 days"; below a minute "< 1 min"
 */
export function span(ms) {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "< 1 min";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return t("{n} days", { n: Math.floor(hours / 24) });
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

/**
 * How long until an instant of the server's clock.
 * @param {string} iso
 * @param {number} server_ms now on the server's clock
 */
export function until(iso, server_ms) {
  return span(Math.max(0, Date.parse(iso) - server_ms));
}

/**
 * @param {string} iso
 * @param {number} server_ms now on the server's clock
 */
export function ago(iso, server_ms) {
  return t("{span} ago", { span: span(Math.max(0, server_ms - Date.parse(iso))) });
}

/**
 * What is left of a pause, to the second.
 * @param {string|null|undefined} iso
 * @param {number} server_ms now on the server's clock
 * @returns {string} "1:47"
 */
export function countdown(iso, server_ms) {
  const left_s = Math.max(0, Math.ceil((Date.parse(iso ?? "") - server_ms) / 1000));
  return Number.isNaN(left_s) ? "" : `${Math.floor(left_s / 60)}:${String(left_s % 60).padStart(2, "0")}`;
}
