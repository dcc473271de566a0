// The devices page: lines, last bytes, limits, drivers, captures and files, for who looks after devices.

import { t } from "./js/i18n.js";
import { Desk } from "./js/office/desk.js";
import { Bench } from "./js/office/bench.js";

const bench = new Bench(() => desk.draw());
const desk = new Desk({ here: "devices", title: () => t("Devices"), permission: "devices", parts: () => bench.parts(desk) });
desk.polls = true;
void desk.start();
