// What the devices page knows and asks for: devices every two seconds, an opened line with them, all else when its part
// is opened.

import { t } from "../i18n.js";
import { capturesView } from "./captures-view.js";
import { devicesView } from "./devices-view.js";
import { driversView } from "./drivers-view.js";
import { configurationView } from "./configuration-view.js";
import { limitsView, profilesView } from "./limits-view.js";

/** @typedef {import("./bench-types.js").AllDevices} AllDevices */
/** @typedef {import("./bench-types.js").Frames} Frames */
/** @typedef {import("./bench-types.js").Limits} Limits */

const ASK_MS = 2_000;

export class Bench {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {AllDevices|null} */
    this.devices = null;
    /** The last bytes of each line that is open on the page. @type {Map<string, Frames|null>} */
    this.frames = new Map();
    /** @type {Limits[]|null} */
    this.limits = null;
    /** @type {import("./bench-types.js").Driver[]|null} */
    this.drivers = null;
    /** @type {import("./bench-types.js").Captures|null} */
    this.captures = null;
    /** @type {import("./bench-types.js").Configuration|null} */
    this.configuration = null;
    /** @type {import("./bench-types.js").Check|null} */
    this.check = null;
    this.checking = false;
    this.asking = false;
    this.started = false;
  }

  /**
   * @param {import("./desk.js").Desk} desk
   * @returns {import("./desk.js").Part[]}
   */
  parts(desk) {
    const start = () => this.start(desk);
    return [
      { id: "devices", words: t("Devices"), view: () => devicesView(this.devices, this.frames, (id, open) => this.look(desk, id, open)), open: start },
      { id: "limits", words: t("Limits"), view: () => limitsView(this.devices, this.limits), open: () => { start(); void this.readLimits(desk); } },
      { id: "profiles", words: t("Alarm profiles"), view: () => profilesView(this.devices, this.limits, this.check, this.checking, () => void this.runCheck(desk)), open: () => { start(); void this.readLimits(desk); } },
      { id: "drivers", words: t("Drivers"), view: () => driversView(this.drivers), open: () => { start(); void this.fill(desk, "drivers", async (said) => { this.drivers = said.drivers; }); } },
      { id: "captures", words: t("Captures"), view: () => capturesView(this.captures), open: () => { start(); void this.fill(desk, "captures", async (said) => { this.captures = said; }); } },
      { id: "files", words: t("Configuration"), view: () => configurationView(this.configuration), open: () => { start(); void this.fill(desk, "configuration", async (said) => { this.configuration = said; }); } },
    ];
  }

  /** @param {import("./desk.js").Desk} desk */
  start(desk) {
    if (this.started) return;
    this.started = true;
    setInterval(() => void this.turn(desk), ASK_MS);
    void this.turn(desk);
  }

  /** @param {import("./desk.js").Desk} desk */
  async turn(desk) {
    if (this.asking) return;
    this.asking = true;
    this.devices = (await desk.ask("devices", true)) ?? this.devices;
    await Promise.all([...this.frames.keys()].map((id) => this.readFrames(desk, id)));
    this.asking = false;
    this.changed();
  }

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {string} id
   * @param {boolean} open
   */
  look(desk, id, open) {
    if (!open) this.frames.delete(id);
    else if (!this.frames.has(id)) {
      this.frames.set(id, null);
      void this.readFrames(desk, id).then(this.changed);
    }
  }

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {string} id
   */
  async readFrames(desk, id) {
    const said = await desk.ask(`devices/${encodeURIComponent(id)}/frames`, true);
    if (said && this.frames.has(id)) this.frames.set(id, said);
  }

  /** @param {import("./desk.js").Desk} desk */
  async readLimits(desk) {
    const all = this.devices ?? (await desk.ask("devices"));
    if (!all) return;
    this.devices = all;
    const found = await Promise.all(this.devices?.beds.map((bed) => desk.ask(`beds/${encodeURIComponent(bed.bed)}/limits`)) ?? []);
    this.limits = found.filter(Boolean);
    this.changed();
  }

  /** @param {import("./desk.js").Desk} desk */
  async runCheck(desk) {
    this.checking = true;
    this.changed();
    this.check = await desk.ask("configuration/check");
    this.checking = false;
    this.changed();
  }

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {string} path
   * @param {(said: any) => Promise<void>} take
   */
  async fill(desk, path, take) {
    const said = await desk.ask(path);
    if (said) await take(said);
    this.changed();
  }
}
