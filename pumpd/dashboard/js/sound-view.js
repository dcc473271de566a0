// What is shown of the sound: the banner while this screen is not heard, and the dialog with volume and test. Pure.

import { html, nothing } from "./lit.js";
import { t, word } from "./i18n.js";
import { TESTED } from "./sound-test.js";
import { LEAST_VOLUME } from "./sound-tables.js";

/** @typedef {import("./sound.js").AlarmSound} AlarmSound */
/** @typedef {import("./sound-test.js").SoundTest} SoundTest */

/** @type {Record<import("./sound.js").SoundState, string>} */
export const STATE_WORDS = { on: word("on"), locked: word("off"), off: word("off"), none: word("none") };

/** @type {Record<typeof TESTED[number], string>} */
const HEARD = {
  high: word("HIGH: ten quick pulses, three and two, twice"),
  medium: word("MEDIUM: three pulses"),
  low: word("LOW: two pulses"),
};

/** @param {AlarmSound} sound */
function why(sound) {
  if (sound.state === "none") return t("This browser cannot make sound.");
  if (sound.failed) return t("Its sound test was not heard.");
  if (sound.state === "off") return t("The browser or the loudspeaker stopped playing.");
  return t("The browser plays nothing before somebody touches the page.");
}

/**
 * @param {AlarmSound} sound
 * @param {() => void} open
 */
export function soundBanner(sound, open) {
  const state = sound.state;
  if (state === "on") return sound.tellsLoss ? lossPause(sound) : nothing;
  return html`
    <div class="banner silent" role="alert" data-sound=${state}>
      <span><span aria-hidden="true">⚠</span> <strong>${t("SOUND IS OFF ON THIS SCREEN")}</strong> <span class="why">${why(sound)}</span></span>
      ${state === "none" ? nothing : sound.failed
        ? html`<button type="button" class="unlock" @click=${open}>${t("Test the sound")}</button>`
        : html`<button type="button" class="unlock" @click=${() => void sound.unlock()}>${t("Turn alarm sound on")}</button>`}
    </div>
  `;
}

/** @param {AlarmSound} sound */
function lossPause(sound) {
  return html`<p class="banner tone"><button type="button" class="quiet" @click=${() => sound.pauseLoss()}>${t("Pause the tone of the lost connection for 2 minutes")}</button></p>`;
}

/**
 * @param {AlarmSound} sound
 * @param {SoundTest} test
 * @param {() => void} close
 */
export function soundMenu(sound, test, close) {
  const on = sound.state === "on";
  return html`
    <div class="menu sound-menu">
      <h2 id="act-title">${t("Alarm sound of this screen")}</h2>
      <p class="about ${on ? "good" : "high"}"><strong>${on ? t("Sound is on.") : t("SOUND IS OFF ON THIS SCREEN")}</strong> ${on ? t("Alarms are heard here, whatever window is in front.") : why(sound)}</p>
      ${test.step === null ? volume(sound) : nothing}
      ${testView(test)}
      <div class="buttons">
        ${sound.state === "locked" ? html`<button type="button" class="main" @click=${() => void sound.unlock()}>${t("Turn alarm sound on")}</button>` : nothing}
        <button type="button" class="quiet" @click=${() => { test.stop(); close(); }}>${t("Close")}</button>
      </div>
    </div>
  `;
}

/** @param {AlarmSound} sound */
function volume(sound) {
  const percent = Math.round(sound.volume * 100);
  const change = (/** @type {Event} */ event) => {
    sound.setVolume(Number(/** @type {HTMLInputElement} */ (event.target).value) / 100);
    sound.changed();
  };
  return html`
    <label>${t("Volume: {percent} %", { percent })}
      <input type="range" name="volume" min=${LEAST_VOLUME * 100} max="100" step="10" .value=${String(percent)} @input=${change} @change=${() => sound.sample("medium")}>
    </label>
    <p class="hint">${t("It cannot be set lower, and there is no permanent off: alarms are acknowledged, or paused for two minutes.")}</p>
  `;
}

/** @param {SoundTest} test */
function testView(test) {
  if (test.step === null) {
    return html`
      ${test.finished ? outcome(test) : nothing}
      <button type="button" class="test" @click=${() => void test.start()}>${t("Test the sound")}</button>
    `;
  }
  const name = TESTED[test.step] ?? "high";
  return html`
    <div class="testing" data-step=${name}>
      <p class="about plain"><strong>${test.step + 1} / ${TESTED.length}</strong> ${t(HEARD[name])}</p>
      <p>${t("Did you hear it, where you work?")}</p>
      <div class="answers">
        <button type="button" class="main" @click=${() => test.answer(true)}>${t("Yes, heard")}</button>
        <button type="button" @click=${() => test.answer(false)}>${t("No")}</button>
        <button type="button" class="quiet" @click=${() => test.play()}>${t("Play again")}</button>
      </div>
    </div>
  `;
}

/** @param {SoundTest} test */
function outcome(test) {
  if (test.missed.length === 0) return html`<p role="status" class="passed">${t("Heard: all three. The test is passed.")}</p>`;
  const missed = test.missed.map((name) => t(HEARD[/** @type {typeof TESTED[number]} */ (name)])).join("; ");
  return html`<p role="alert" class="refused">${t("THE TEST FAILED. Not heard: {missed}. Look after loudspeaker and volume of this computer, then test again.", { missed })}</p>`;
}
