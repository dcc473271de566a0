// German for the page's English words: one file for each part of the pages. Pure.

import { GERMAN_ACCOUNTS } from "./words-de-accounts.js";
import { GERMAN_ACTS } from "./words-de-acts.js";
import { GERMAN_AUDIT } from "./words-de-audit.js";
import { GERMAN_BED } from "./words-de-bed.js";
import { GERMAN_BENCH } from "./words-de-bench.js";
import { GERMAN_HUB } from "./words-de-hub.js";
import { GERMAN_INTEGRATION } from "./words-de-integration.js";
import { GERMAN_SESSION } from "./words-de-session.js";
import { GERMAN_TOLD } from "./words-de-told.js";
import { GERMAN_WARD } from "./words-de-ward.js";

/** @type {Record<string, string>} */
export const GERMAN = { ...GERMAN_SESSION, ...GERMAN_WARD, ...GERMAN_ACTS, ...GERMAN_TOLD, ...GERMAN_INTEGRATION, ...GERMAN_BED, ...GERMAN_BENCH,
  ...GERMAN_AUDIT, ...GERMAN_ACCOUNTS, ...GERMAN_HUB };
