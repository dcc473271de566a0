// What the accounts page asks for and does. Each act shows what the server answered, and the list is read again.

import { t } from "../i18n.js";
import { accountsView, sessionsView, tokensView } from "./accounts-view.js";
import { badgeAsk, disableAsk, endAsk, nameAsk, newAsk, passwordAsk, pinAsk, removeAsk, revokeAsk, rolesAsk, tokenAsk } from "./account-asks.js";
import { tokenTold } from "./accounts-view.js";

/** @typedef {import("./accounts-view.js").Account} Account */
/** @typedef {import("./accounts-view.js").Token} Token */
/** @typedef {import("./accounts-view.js").SessionRow} SessionRow */

const ASKS = { name: nameAsk, roles: rolesAsk, password: passwordAsk, pin: pinAsk, badge: badgeAsk, disable: disableAsk, remove: removeAsk };

export class AccountDesk {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {Account[]|null} */
    this.accounts = null;
    /** @type {Token[]|null} */
    this.tokens = null;
    /** @type {SessionRow[]|null} */
    this.sessions = null;
  }

  /**
   * @param {import("./desk.js").Desk} desk
   * @returns {import("./desk.js").Part[]}
   */
  parts(desk) {
    const again = () => void this.read(desk);
    /** @param {import("../asks.js").Ask} ask */
    const open = (ask) => desk.dialog.open(ask);
    /** @param {{token: string, name: string}} made */
    const told = (made) => { again(); desk.dialog.show(() => tokenTold(made, () => desk.dialog.close())); };
    return [
      { id: "accounts", words: t("Accounts"), open: again, view: () => accountsView(this.accounts, {
        add: () => open(newAsk(again)),
        change: (account, what) => open(ASKS[what](account, again)),
      }) },
      { id: "tokens", words: t("Programs' tokens"), open: again, view: () => tokensView(this.tokens, {
        add: () => open(tokenAsk(told)),
        revoke: (token) => open(revokeAsk(token, again)),
      }) },
      { id: "sessions", words: t("Sessions"), open: again, view: () => sessionsView(this.sessions, (one) => open(endAsk(one, again))) },
    ];
  }

  /** @param {import("./desk.js").Desk} desk */
  async read(desk) {
    const [accounts, tokens, sessions] = await Promise.all(["accounts", "tokens", "sessions"].map((path) => desk.ask(path)));
    this.accounts = accounts?.accounts ?? this.accounts;
    this.tokens = tokens?.tokens ?? this.tokens;
    this.sessions = sessions?.sessions ?? this.sessions;
    this.changed();
  }
}
