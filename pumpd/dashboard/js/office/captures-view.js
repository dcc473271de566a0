// Which raw bytes of the lines are kept, and the files themselves for who may have them. Pure.

import { html } from "../lit.js";
import { t } from "../i18n.js";
import { size, stamp } from "./say.js";

/** @typedef {import("./bench-types.js").Captures} Captures */

/** @param {Captures|null} captures */
export function capturesView(captures) {
  if (!captures) return html`<p class="none">${t("Asking ...")}</p>`;
  if (!captures.kept) return html`<p class="empty">${t("The ward file keeps no raw bytes of the lines.")}</p>`;
  return html`
    <p class="hint">${t("In {folder}: at most {n} files of {size} for each device, the oldest go.", { folder: captures.directory, n: captures.files_per_device, size: size(captures.bytes_per_file) })}
      ${captures.readable
        ? t("Each file that is taken away is noted in the audit with your name.")
        : t("They may hold what a device knows of its patient: only who may also see patients' names may take them from here.")}</p>
    <div class="cards">${captures.devices.map((one) => deviceView(one, captures.readable))}</div>`;
}

/**
 * @param {{device: string, files: import("./bench-types.js").CaptureFile[]}} one
 * @param {boolean} readable
 */
function deviceView(one, readable) {
  const all = one.files.reduce((sum, file) => sum + file.size, 0);
  return html`
    <section class="card" data-captures=${one.device}>
      <header><h2>${one.device}</h2><span class="sub">${one.files.length} · ${size(all)}</span></header>
      ${one.files.length === 0 ? html`<p class="none">${t("nothing was kept yet")}</p>` : html`
        <table><thead><tr><th>${t("Begins")}</th><th>${t("Size")}</th><th>${t("File")}</th></tr></thead><tbody>${one.files.map((file) => html`
          <tr><td class="nowrap">${stamp(file.begins)}</td><td class="nowrap">${size(file.size)}</td>
            <td>${readable ? html`<a href="api/v1/captures/${encodeURIComponent(one.device)}/${encodeURIComponent(file.name)}" download>${file.name}</a>` : file.name}</td></tr>`)}</tbody></table>`}
    </section>`;
}

