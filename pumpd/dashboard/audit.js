// The audit page: who did or saw what, searched, taken away as a file, and verified. It asks when somebody asks.

import { t } from "./js/i18n.js";
import { Desk } from "./js/office/desk.js";
import { AuditDesk } from "./js/office/audit-desk.js";

const audit = new AuditDesk(() => desk.draw());
const desk = new Desk({ here: "audit", title: () => t("Audit"), permission: "audit", parts: () => audit.parts(desk) });
void desk.start();
