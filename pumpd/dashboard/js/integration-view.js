// What the integration page shows of other systems. Pure.

import { html, nothing } from "./lit.js";
import { ago } from "./words.js";

/**
 * @typedef {{id: string, direction: "in"|"out", connected: boolean, last: string|null, messages: number, depth: number,
 *   dead: number, problem: string}} Peer
 * @typedef {{number: number, destination: string, id: string, kind: string, bed: string, made: string, refused: string,
 *   why: string}} Letter
 * @typedef {{time: string, used: boolean, peers: Peer[], dead_letters: Letter[]}} Integrations
 * @typedef {{settle: (letter: Letter, replay: boolean) => void}} Acts
 */

/**
 * @param {Integrations} said
 * @param {Acts} acts
 */
export function integrationView(said, acts) {
  if (!said.used) return html`<p class="empty">The ward file names no other system: nothing is listened to and nothing is sent.</p>`;
  const now_ms = Date.parse(said.time);
  const [inbound, outbound] = ["in", "out"].map((way) => said.peers.filter((peer) => peer.direction === way));
  return html`
    ${peersView("Systems that send to us", inbound ?? [], now_ms)}
    ${peersView("Systems that we send to", outbound ?? [], now_ms)}
    ${lettersView(said.dead_letters, now_ms, acts)}
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
      ${peers.length === 0 ? html`<p class="none">none</p>` : nothing}
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
        ${peer.connected ? "connected" : "not connected"}</p>
      <dl>
        <div><dt>${out ? "Last answer" : "Last message"}</dt><dd>${peer.last ? ago(peer.last, now_ms) : "never"}</dd></div>
        <div><dt>Messages</dt><dd>${peer.messages}</dd></div>
        ${out ? html`
          <div><dt>Waiting</dt><dd>${peer.depth}</dd></div>
          <div class=${peer.dead ? "bad" : ""}><dt>Refused</dt><dd>${peer.dead}</dd></div>` : nothing}
      </dl>
      ${peer.problem ? html`<p class="problem"><span aria-hidden="true">⚠</span> ${peer.problem}</p>` : nothing}
    </li>
  `;
}

/**
 * @param {Letter[]} letters
 * @param {number} now_ms
 * @param {Acts} acts
 */
function lettersView(letters, now_ms, acts) {
  return html`
    <section>
      <h2>Refused messages <span class="count">(${letters.length})</span></h2>
      ${letters.length === 0
        ? html`<p class="none">none</p>`
        : html`<p class="hint">The receiver said no for good. Each waits here until a named person sends it again or discards it.</p>`}
      <ul class="letters">${letters.map((letter) => letterView(letter, now_ms, acts))}</ul>
    </section>
  `;
}

/**
 * @param {Letter} letter
 * @param {number} now_ms
 * @param {Acts} acts
 */
function letterView(letter, now_ms, acts) {
  return html`
    <li class="letter" data-letter=${letter.number}>
      <h3>${letter.kind} to ${letter.destination}${letter.bed ? html`, bed ${letter.bed}` : nothing}</h3>
      <p class="why">${letter.why}</p>
      <p class="when">refused ${ago(letter.refused, now_ms)}, made ${ago(letter.made, now_ms)}, message ${letter.id}</p>
      <p class="buttons">
        <button type="button" @click=${() => acts.settle(letter, true)}>Send again</button>
        <button type="button" class="quiet" @click=${() => acts.settle(letter, false)}>Discard</button>
      </p>
    </li>
  `;
}
