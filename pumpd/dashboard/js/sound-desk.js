// The sound of a page: what it plays, what it says of itself, its test, and the screen that stays awake for it.

import { html, nothing } from "./lit.js";
import { t } from "./i18n.js";
import { AlarmSound } from "./sound.js";
import { SoundTest } from "./sound-test.js";
import { keepAwake } from "./sound-wake.js";
import { STATE_WORDS, soundBanner, soundMenu } from "./sound-view.js";

/** @typedef {import("./dialog.js").ActDialog} ActDialog */
/** @typedef {import("./store.js").Ward} Ward */

export class SoundDesk {
  /**
   * @param {ActDialog} dialog
   * @param {() => void} changed asks for a new rendering
   * @param {(state: import("./sound.js").SoundState) => void} tell what the server is told of this screen
   */
  constructor(dialog, changed, tell) {
    this.dialog = dialog;
    this.sound = new AlarmSound(() => {
      tell(this.sound.state);
      changed();
    });
    this.test = new SoundTest(this.sound, changed);
    tell(this.sound.state);
    keepAwake();
  }

  /**
   * @param {Ward|null} ward
   * @param {number} now_ms of this page
   * @param {number} server_ms now on the server's clock
   * @param {number} loss_ms until the connection counts as lost
   */
  hear(ward, now_ms, server_ms, loss_ms) {
    this.sound.check(now_ms);
    this.sound.hear(ward, server_ms, loss_ms);
  }

  open() {
    this.test.stop();
    this.dialog.show(() => soundMenu(this.sound, this.test, () => this.dialog.close()));
  }

  /** Stands above everything as long as this screen is not heard. */
  banner() {
    return soundBanner(this.sound, () => this.open());
  }

  /** For the head line. */
  control() {
    const state = this.sound.state;
    return html`<button type="button" class="quiet sound" data-sound=${state} @click=${() => this.open()}>
      ${t("Sound: {state}", { state: t(STATE_WORDS[state]) })}${state === "on" && this.sound.volume < 1 ? html` ${Math.round(this.sound.volume * 100)} %` : nothing}</button>`;
  }
}
