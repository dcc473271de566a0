// My account: everybody's own password and PIN.

import { t } from "./js/i18n.js";
import { Desk } from "./js/office/desk.js";
import { OwnAccount } from "./js/office/own-account.js";

const own = new OwnAccount(() => desk.draw());
const desk = new Desk({ here: "account", title: () => t("My account"), permission: null, parts: () => [{ id: "own", words: t("My account"), view: () => own.view() }] });
void desk.start();
