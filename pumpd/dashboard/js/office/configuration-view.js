// What the daemon runs by: version, files and their digests, and which have changed on the disk since. Pure.

import { html } from "../lit.js";
import { t } from "../i18n.js";

/** @typedef {import("./bench-types.js").Configuration} Configuration */

const DIGEST = "SHA-256";

/** @param {Configuration|null} said */
export function configurationView(said) {
  if (!said) return html`<p class="none">${t("Asking ...")}</p>`;
  const changed = said.files.filter((file) => file.changed).length;
  /** @type {[string, unknown][]} */
  const rows = [
    [t("Version"), `pumpd ${said.version}, Python ${said.python}`],
    [t("Ward"), `${said.ward}, ${said.timezone}`],
    [t("Ward file"), html`<code>${said.path}</code>`],
    [t("Drug library"), said.library],
    [t("Journal"), html`<code>${said.journal}</code>`],
    [t("Digest of all files"), html`<code>${said.sha256}</code>`],
  ];
  return html`
    <section class="card">
      <dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
    </section>
    <section>
      <h2>${t("Files that were read at the start")}</h2>
      ${changed ? html`<p class="bad"><span aria-hidden="true">⚠</span> ${t("{n} changed on the disk since: they count from the next start on.", { n: changed })}</p>` : html`<p class="good">${t("None has changed on the disk since.")}</p>`}
      <div class="scroll"><table class="stack"><thead><tr><th>${t("File")}</th><th>${DIGEST}</th><th>${t("On the disk now")}</th></tr></thead>
        <tbody>${said.files.map((file) => html`<tr><th scope="row"><code>${file.path}</code></th><td data-label=${DIGEST}><code>${file.sha256}</code></td>
          <td class=${file.changed ? "bad" : ""} data-label=${t("On the disk now")}>${file.changed ? t("changed") : t("the same")}</td></tr>`)}</tbody></table></div>
    </section>
`;
}
