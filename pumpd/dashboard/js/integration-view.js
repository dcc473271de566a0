// What the integration page shows of other systems. Pure.

import { html, nothing } from "./lit.js";
import { t } from "./i18n.js";
import { serverWords } from "./server-words.js";
import { clock } from "./times.js";
import { times } from "./told.js";
import { ago } from "./words.js";

/**
 * @typedef {{id: string, direction: "in"|"out", connected: boolean, last: string|null, messages: number, depth: number,
 *   dead: number, problem: string, last_problem: string, problem_at: string|null}} Peer
 * @typedef {{number: number, destination: string, id: string, kind: string, bed: string, made: string, refused: string,
 *   why: string}} Letter
 * @typedef {import("./types.js").Notice & {bed: string}} BedNotice
 * @typedef {{time: string, used: boolean, peers: Peer[], dead_letters: Letter[], notices?: BedNotice[]}} Integrations
 * @typedef {{maySettle: boolean, maySee: boolean, settle: (letter: Letter, replay: boolean) => void, seen: (notice: BedNotice) => void}} Acts
 */

/**
 * @param {Integrations} said
 * @param {Acts} acts
 */
export function integrationView(said, acts) {
  if (!said.used) return html`<p class="empty">${t("The ward file names no other system: nothing is listened to and nothing is sent.")}</p>`;
  const now_ms = Date.parse(said.time);
  const [inbound, outbound] = ["in", "out"].map((way) => said.peers.filter((peer) => peer.direction === way));
  return html`
    ${peersView(t("Systems that send to us"), inbound ?? [], now_ms)}
    ${peersView(t("Systems that we send to"), outbound ?? [], now_ms)}
    ${noticesView(said.notices ?? [], now_ms, acts)}
    ${lettersView(said.dead_letters, now_ms, acts)}
  `;
}

/**
 * What was received and not done as it says; nothing where there is none.
 * @param {BedNotice[]} notices
 * @param {number} now_ms
 * @param {Acts} acts
 */
function noticesView(notices, now_ms, acts) {
  if (notices.length === 0) return nothing;
  return html`
    <section>
      <h2>${t("Received and not applied")} <span class="count">(${notices.length})</span></h2>
      <ul class="letters">${notices.map((notice) => html`
        <li class="letter" data-notice=${notice.id}>
          <h3>${t("Bed {bed}", { bed: notice.bed })}, ${notice.source}</h3>
          <p class="why">${notice.text}${times(notice.count)}</p>
          <p class="when">${ago(notice.at, now_ms)}</p>
          ${acts.maySee ? html`<p class="buttons"><button type="button" @click=${() => acts.seen(notice)}>${t("Seen")}</button></p>` : nothing}
        </li>`)}</ul>
    </section>
  `;
}

/**
 * @param {string} title
 * @param {Peer[]} peers
 * @param {number} now_ms
 */
function peersView(title, peers, now_ms) {
  return html`
    <section>
      <h2>${title}</h2>
      ${peers.length === 0 ? html`<p class="none">${t("none")}</p>` : nothing}
      <ul class="peers">${peers.map((peer) => peerView(peer, now_ms))}</ul>
    </section>
  `;
}

/**
 * @param {Peer} peer
 * @param {number} now_ms
 */
function peerView(peer, now_ms) {
  const out = peer.direction === "out";
  return html`
    <li class="peer" data-peer=${peer.id}>
      <h3>${peer.id}</h3>
      <p class="state ${peer.connected ? "on" : "off"}"><span aria-hidden="true">${peer.connected ? "●" : "○"}</span>
        ${peer.connected ? t("connected") : t("not connected")}</p>
      <dl>
        <div><dt>${out ? t("Last answer") : t("Last message")}</dt><dd>${peer.last ? ago(peer.last, now_ms) : t("never")}</dd></div>
        <div><dt>${t("Messages")}</dt><dd>${peer.messages}</dd></div>
        ${out ? html`
          <div><dt>${t("Waiting")}</dt><dd>${peer.depth}</dd></div>
          <div class=${peer.dead ? "bad" : ""}><dt>${t("Refused")}</dt><dd>${peer.dead}</dd></div>` : nothing}
      </dl>
      ${problemView(peer, now_ms)}
    </li>
  `;
}

/**
 * What is wrong now, or what was wrong last and is over.
 *
 * @param {Peer} peer
 * @param {number} now_ms
 */
function problemView(peer, now_ms) {
  const when = peer.problem_at ? ago(peer.problem_at, now_ms) : "";
  if (peer.problem) return html`<p class="problem"><span aria-hidden="true">⚠</span> ${serverWords(peer.problem)}${when ? html` <span class="when">(${when})</span>` : nothing}</p>`;
  return peer.last_problem ? html`<p class="past">${t("Last problem {when}, good since: {what}", { when, what: serverWords(peer.last_problem) })}</p>` : nothing;
}

/**
 * @param {Letter[]} letters
 * @param {number} now_ms
 * @param {Acts} acts
 */
function lettersView(letters, now_ms, acts) {
  return html`
    <section>
      <h2>${t("Refused messages")} <span class="count">(${letters.length})</span></h2>
      ${letters.length === 0
        ? html`<p class="none">${t("none")}</p>`
        : html`<p class="hint">${t("The receiver said no for good. Each waits here until a named person sends it again or discards it.")}</p>`}
      <ul class="letters">${letters.map((letter) => letterView(letter, now_ms, acts))}</ul>
    </section>
  `;
}

/**
 * What a message is about, for who has to decide what becomes of it, and its kind for who reads the standards.
 *
 * @param {string} kind
 */
export function kindWords(kind) {
  /** @type {Record<string, string>} */
  const known = {
    "PCD-01": t("Values"),
    "PCD-04": t("Alarm"),
    "PCD-10": t("Event of a pump"),
    RAS: t("Administration"),
    MDM: t("Report of a course"),
    RRG: t("Answer to a request"),
  };
  return known[kind] ? `${known[kind]} (${kind})` : kind;
}

/**
 * @param {Letter} letter
 * @param {number} now_ms
 * @param {Acts} acts
 */
function letterView(letter, now_ms, acts) {
  return html`
    <li class="letter" data-letter=${letter.number}>
      <h3>${t("{kind} to {destination}", { kind: kindWords(letter.kind), destination: letter.destination })}${letter.bed ? `, ${t("bed {bed}", { bed: letter.bed })}` : nothing}</h3>
      <p class="why">${letter.why}</p>
      <p class="when">${t("refused {refused} ({at}), made {made}, message {id}", {
        refused: ago(letter.refused, now_ms), at: clock(letter.refused, undefined), made: ago(letter.made, now_ms), id: letter.id,
      })}</p>
      ${acts.maySettle ? html`<p class="buttons">
        <button type="button" @click=${() => acts.settle(letter, true)}>${t("Send again")}</button>
        <button type="button" class="quiet" @click=${() => acts.settle(letter, false)}>${t("Discard")}</button>
      </p>` : nothing}
    </li>
  `;
}
