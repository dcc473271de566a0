// What a named person is asked before a refused message is sent again or discarded.

import { post } from "./acts.js";
import { t } from "./i18n.js";
import { kindWords } from "./integration-view.js";

/** @typedef {import("./asks.js").Ask} Ask */
/** @typedef {import("./integration-view.js").Letter} Letter */

/**
 * @param {Letter} letter
 * @param {boolean} replay
 * @param {() => void} done
 * @returns {Ask}
 */
export function letterAsk(letter, replay, done) {
  const act = replay ? "replay" : "discard";
  return {
    title: replay ? t("Send again") : t("Discard message"),
    tone: "medium",
    strong: t("{kind} to {destination}", { kind: kindWords(letter.kind), destination: letter.destination }),
    about: letter.why,
    hint: replay
      ? t("It is sent as it was, with the same message id. It goes behind what waits already.")
      : t("The receiver will never get it. It stays in the record with your name."),
    choices: false,
    reasonLabel: null,
    go: replay ? t("Send again") : t("Discard"),
    send: async (said) => {
      const answer = await post(`integrations/dead-letters/${letter.number}/${act}`, { by: said.by });
      done();
      return answer;
    },
  };
}
