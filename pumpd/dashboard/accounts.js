// The accounts page: people's accounts, programs' tokens and the sessions that stand now.

import { t } from "./js/i18n.js";
import { Desk } from "./js/office/desk.js";
import { AccountDesk } from "./js/office/account-desk.js";

const accounts = new AccountDesk(() => desk.draw());
const desk = new Desk({ here: "accounts", title: () => t("Accounts"), permission: "accounts", parts: () => accounts.parts(desk) });
void desk.start();
