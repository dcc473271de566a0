// The acts of a page that shows beds: which dialog each one opens, and the stop that needs none.

import { html, nothing } from "./lit.js";
import { read } from "./acts.js";
import { alarmAsk, interlockAsk, overrideAsk, pauseAsk, rateAsk, resumeAsk } from "./asks.js";
import { bindAsk, releaseAsk } from "./asks-patient.js";
import { nrsAsk } from "./chart-asks.js";
import { menuView } from "./chart-menu.js";
import { ActDialog } from "./dialog.js";
import { anotherPatient, subjectView } from "./dialog-subject.js";
import { t } from "./i18n.js";
import { signedName } from "./session.js";
import { StopDesk } from "./stop.js";
import { toldView } from "./told-view.js";

/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./store.js").Ward} Ward */
/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Pump} Pump */

export class ActDesk {
  /**
   * @param {Settings} settings
   * @param {() => Ward|null} ward as it is now
   * @param {() => void} changed asks for a new rendering
   */
  constructor(settings, ward, changed) {
    this.settings = settings;
    this.ward = ward;
    /** No figure may be shown: nothing is heard of the ward. */
    this.blank = true;
    this.stops = new StopDesk(() => this.dialog.signed() ?? settings.user, changed);
    this.dialog = new ActDialog(settings, changed);
    this.dialog.signed = signedName;
    this.dialog.live = (bed) => this.bed(bed.id) ?? bed;
    this.dialog.beside = (bed) => this.stops.beside(bed);
  }

  /** @param {string} id */
  bed(id) {
    return this.ward()?.beds.get(id);
  }

  acts() {
    const open = (/** @type {import("./asks.js").Ask} */ ask) => this.dialog.open(ask);
    return {
      openAlarm: (/** @type {Alarm} */ alarm) => open(alarmAsk(alarm, this.bed(alarm.bed))),
      pauseSound: (/** @type {string|null} */ bedId) => open(pauseAsk(bedId === null ? null : (this.bed(bedId) ?? null))),
      resetInterlock: (/** @type {Pump} */ pump, /** @type {Bed} */ bed) => open(interlockAsk(pump, bed)),
      resumePump: (/** @type {Pump} */ pump, /** @type {Bed} */ bed) => open(resumeAsk(pump, bed)),
      confirmSoft: (/** @type {Pump} */ pump, /** @type {Alarm} */ alarm) => open(overrideAsk(pump, alarm, this.bed(alarm.bed))),
      requestRate: (/** @type {Pump} */ pump, /** @type {Bed} */ bed) => open(rateAsk(pump, bed, this.now.bind(this))),
      bindPatient: (/** @type {Bed} */ bed) => open(bindAsk(bed)),
      releasePatient: (/** @type {Bed} */ bed) => open(releaseAsk(bed)),
      assess: (/** @type {Bed} */ bed) => open(nrsAsk(bed)),
      openChart: (/** @type {Bed} */ bed) => void this.openChart(bed.id),
      openTold: (/** @type {Bed} */ bed) => this.openTold(bed.id),
      stopControl: (/** @type {Pump} */ pump, /** @type {Bed} */ bed) => this.stops.control(pump, bed),
    };
  }

  /**
   * @param {Bed} bed
   * @param {Pump} pump
   */
  now(bed, pump) {
    const live = this.bed(bed.id) ?? bed;
    return { blank: this.blank, bed: live, pump: live.pumps.find((one) => one.id === pump.id) ?? pump };
  }

  /** @param {string} bedId */
  openTold(bedId) {
    this.dialog.show(() => {
      const ward = this.ward();
      const bed = ward?.beds.get(bedId);
      return ward && bed ? toldView(bed, ward.ward.timezone, (ask) => this.dialog.open(ask), () => this.dialog.close(), this.stops.beside(bed)) : nothing;
    });
  }

  /**
   * What was read of the former patient is nobody's who lies there now.
   * @param {Bed} bed
   */
  another(bed) {
    const whom = html`<div class="whom">${subjectView(bed, "", this.settings.names)}${this.stops.beside(bed)}</div>`;
    return html`<div class="menu">${whom}<h2 id="act-title">${t("Chart: {bed}", { bed: bed.label })}</h2>${anotherPatient(() => this.dialog.close())}</div>`;
  }

  /**
   * A chart that is read slowly does not take the place of what was opened meanwhile, such as another bed's.
   * @param {string} bedId
   */
  async openChart(bedId) {
    const asked = (this.dialog.asked += 1);
    const at = `beds/${encodeURIComponent(bedId)}`;
    const stay = this.bed(bedId)?.stay;
    const [words, chart] = await Promise.all([read(`${at}/vocabulary`), read(`${at}/chart`)]);
    if (asked !== this.dialog.asked) return;
    this.dialog.show(() => {
      const ward = this.ward();
      const bed = ward?.beds.get(bedId);
      if (!ward || !bed) return nothing;
      if (bed.stay !== stay) return this.another(bed);
      const alarms = [...ward.alarms.values()].filter((alarm) => alarm.bed === bedId);
      const known = { words, chart, zone: ward.ward.timezone, alarms, names: this.settings.names, now: this.now.bind(this) };
      return menuView(bed, known, (ask) => this.dialog.open(ask), () => this.dialog.close(), this.stops.beside(bed));
    });
  }
}
