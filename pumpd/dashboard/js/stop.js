// Stop pump: held down for a moment, or pressed twice in the same place. No name, no reason and no dialog stand before
// it: it is the safe direction. It works with finger, mouse and keyboard, and never waits for anything.

import { html, nothing } from "./lit.js";
import { stopPump } from "./acts.js";
import { t } from "./i18n.js";
import { isStoppable } from "./pump-acts.js";
import { serverWords } from "./server-words.js";

/** @typedef {import("./app-types.js").StopState} StopState */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Pump} Pump */

/** Held for so long it stops: longer than a tap, shorter than doubt. */
export const HOLD_MS = 700;
/** A pressed but unconfirmed stop, and a stop's answer, leave the screen after this. */
const SHOWN_MS = 15_000;
const NAMELESS = "ward page (no name given)";
const KEYS = new Set(["Enter", " "]);

export class StopDesk {
  /**
   * @param {() => string} who acts, as far as it is known
   * @param {() => void} changed asks for a new rendering
   */
  constructor(who, changed) {
    this.who = who;
    this.changed = changed;
    /** By pump. @type {Map<string, StopState>} */
    this.states = new Map();
    /** @type {{pumpId: string, by: "pointer"|"key", timer: number}|null} */
    this.held = null;
  }

  /**
   * @param {string} pumpId
   * @param {StopState} state
   */
  set(pumpId, state) {
    this.states.set(pumpId, state);
    setTimeout(() => {
      if (this.states.get(pumpId) !== state) return;
      this.states.delete(pumpId);
      this.changed();
    }, SHOWN_MS);
    this.changed();
  }

  /**
   * Finger, mouse or key goes down.
   * @param {string} bedId
   * @param {string} pumpId
   * @param {"pointer"|"key"} by
   */
  down(bedId, pumpId, by) {
    if (this.held) return;
    this.held = { pumpId, by, timer: setTimeout(() => { this.held = null; void this.stop(bedId, pumpId); }, HOLD_MS) };
    this.changed();
  }

  /**
   * It went up again, or away. A pointer that leaves because the button moved lets go of no key.
   * @param {"pointer"|"key"} by
   * @returns {boolean} whether it was held, and too short
   */
  up(by) {
    const held = this.held;
    if (held?.by !== by) return false;
    clearTimeout(held.timer);
    this.held = null;
    this.changed();
    return true;
  }

  /**
   * Pressed and let go: the first time it asks, the second time it stops.
   * @param {string} bedId
   * @param {string} pumpId
   */
  press(bedId, pumpId) {
    const phase = this.states.get(pumpId)?.phase;
    if (phase === "armed") void this.stop(bedId, pumpId);
    else if (phase !== "sent") this.set(pumpId, { bedId, phase: "armed", said: "", ok: true });
  }

  /** @param {string} pumpId */
  keep(pumpId) {
    this.states.delete(pumpId);
    this.changed();
  }

  /**
   * @param {string} bedId
   * @param {string} pumpId
   */
  async stop(bedId, pumpId) {
    this.set(pumpId, { bedId, phase: "sent", said: "", ok: true });
    const answer = await stopPump(bedId, pumpId, { by: this.who() || NAMELESS, reason: "stopped from the ward page" });
    const said = answer.ok ? t("Stop accepted: see the interlock for what the pump did.") : t("Stop refused: {why}", { why: answer.said.map(serverWords).join("; ") });
    this.set(pumpId, { bedId, phase: "answered", said, ok: answer.ok });
  }

  /**
   * The button of one pump. It stays the same element through both steps, so that a second press finds it.
   * @param {Pump} pump
   * @param {Bed} bed
   */
  control(pump, bed) {
    if (!isStoppable(pump)) return nothing;
    const phase = this.states.get(pump.id)?.phase;
    const [armed, sent, held] = [phase === "armed", phase === "sent", this.held?.pumpId === pump.id];
    const where = `${pump.id}, ${bed.label}`;
    return html`<span class="stop-control ${armed ? "armed" : ""}">
      <button type="button" class="stop ${armed ? "sure" : ""} ${held ? "held" : ""}" ?disabled=${sent} data-stop=${pump.id}
        aria-label=${armed ? t("STOP NOW: {where}", { where }) : t("Stop pump {where}", { where })}
        title=${t("Hold down to stop at once, or press twice")}
        @pointerdown=${(/** @type {PointerEvent} */ event) => this.pointerDown(event, pump, bed)}
        @pointerup=${() => this.up("pointer") && this.press(bed.id, pump.id)} @pointercancel=${() => this.up("pointer")} @pointerleave=${() => this.up("pointer")}
        @keydown=${(/** @type {KeyboardEvent} */ event) => this.key(event, () => this.down(bed.id, pump.id, "key"))}
        @keyup=${(/** @type {KeyboardEvent} */ event) => this.key(event, () => this.up("key") && this.press(bed.id, pump.id))}
        @blur=${() => this.up("key")} @contextmenu=${(/** @type {Event} */ event) => event.preventDefault()}
        @click=${(/** @type {MouseEvent} */ event) => this.click(event, pump, bed)}>
        ${sent ? t("asking ...") : armed ? t("STOP NOW") : t("Stop pump")}</button>
      ${armed ? html`<button type="button" class="quiet keep" @click=${() => this.keep(pump.id)}>${t("Keep")}</button>` : nothing}
    </span>`;
  }

  /**
   * @param {PointerEvent} event
   * @param {Pump} pump
   * @param {Bed} bed
   */
  pointerDown(event, pump, bed) {
    if (event.button !== 0) return;
    // a tile that moves under the finger, because an alarm came, takes no stop back
    /** @type {HTMLElement} */ (event.currentTarget).setPointerCapture(event.pointerId);
    this.down(bed.id, pump.id, "pointer");
  }

  /**
   * @param {KeyboardEvent} event
   * @param {() => void} act
   */
  key(event, act) {
    if (!KEYS.has(event.key)) return;
    event.preventDefault(); // no click of the browser's own beside it
    if (!event.repeat) act();
  }

  /**
   * A click that no finger and no key made: from a screen reader or a switch.
   * @param {MouseEvent} event
   * @param {Pump} pump
   * @param {Bed} bed
   */
  click(event, pump, bed) {
    if (event.detail === 0) this.press(bed.id, pump.id);
  }

  /**
   * What the server answered, where no tile of this pump shows it.
   * @param {Bed} bed
   */
  answers(bed) {
    return bed.pumps.map((pump) => {
      const state = this.states.get(pump.id);
      return state?.phase === "answered" ? html`<p class="answer ${state.ok ? "ok" : "refused"}" role="status">${state.said}</p>` : nothing;
    });
  }

  /**
   * For the head of a dialog: whatever else is asked there, the pumps of this bed can be stopped.
   * @param {Bed} bed
   */
  beside(bed) {
    return html`${bed.pumps.filter((pump) => pump.infusing !== false).map((pump) => this.control(pump, bed))}${this.answers(bed)}`;
  }
}
