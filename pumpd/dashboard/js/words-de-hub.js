// German for the hospital page. Pure.

/** @type {Record<string, string>} */
export const GERMAN_HUB = {
  "Hospital": "Krankenhaus",
  "The hub does not reach the broker: no ward is live here. The wards' own pages are.": "Der Hub erreicht den Broker nicht: keine Station ist hier aktuell. Die eigenen Seiten der Stationen sind es.",
  "Wards": "Stationen",
  "STALE": "VERALTET",
  "SILENT": "STUMM",
  "The bridge to the ward is down.": "Die Verbindung zur Station ist unterbrochen.",
  "Nothing was ever heard of this ward.": "Von dieser Station war noch nie etwas zu hören.",
  "The ward's daemon was stopped.": "Der Dienst der Station wurde beendet.",
  "The ward's daemon is lost.": "Der Dienst der Station ist verschwunden.",
  "Nothing was heard of the bed.": "Vom Bett war noch nichts zu hören.",
  "Waiting for values.": "Wartet auf Werte.",
  "Nothing was heard for 5 s.": "Seit 5 s ist nichts zu hören.",
  "No ward has been heard yet.": "Noch keine Station war zu hören.",
  "Beds in alarm": "Betten im Alarm",
  "and {n} more": "und {n} weitere",
  "{live} of {all} live": "{live} von {all} aktuell",
  "{n} of {all} beds are not live.": "{n} von {all} Betten sind nicht aktuell.",
  "{live} of {all} beds live": "{live} von {all} Betten aktuell",
  "SIMULATED": "SIMULIERT",
  "The ward's own page": "Eigene Seite der Station",
  "unknown, it may be infusing": "unbekannt, läuft vielleicht",
  "not monitored": "nicht überwacht",
  "acknowledged": "quittiert",
  "Nobody knows here whether it still stands.": "Ob er noch besteht, ist hier nicht bekannt.",
};
