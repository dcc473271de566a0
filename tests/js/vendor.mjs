// Rebuilds pumpd/dashboard/vendor/ from the pinned npm packages of this folder: `npm ci && npm run vendor`.
// The page itself has no build step; what this script writes is committed and re-hashed by a test.
// Versions are in the files' names, because browsers keep these files for days. After an upgrade name the new
// files in pumpd/dashboard/js/lit.js, js/uplot.js, css/*.css and bed.html, and take the old ones out.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const MODULES = join(HERE, "node_modules");
const VENDOR = join(HERE, "..", "..", "pumpd", "dashboard", "vendor");

/** The parts of lit that the page uses, as one ES module. */
const LIT_ENTRY = `
export { html, svg, render, nothing } from "lit";
export { repeat } from "lit/directives/repeat.js";
export { classMap } from "lit/directives/class-map.js";
export { ref, createRef } from "lit/directives/ref.js";
`;

/** The same for the type check. */
const LIT_TYPES = `// Types of the bundled lit, for the type check only.
export { html, svg, render, nothing, type TemplateResult } from "lit";
export { repeat } from "lit/directives/repeat.js";
export { classMap } from "lit/directives/class-map.js";
export { ref, createRef, type Ref } from "lit/directives/ref.js";
`;

/** Its package's own types say all; the page gets the class alone. */
const UPLOT_TYPES = `// Types of the vendored uPlot, for the type check only.
export { default } from "uplot";
`;

const FONT = "@fontsource-variable/inter";

/** @param {string} name */
const version = (name) => JSON.parse(readFileSync(join(MODULES, name, "package.json"), "utf8")).version;

/** @param {string} file */
const sha384 = (file) => "sha384-" + createHash("sha384").update(readFileSync(join(VENDOR, file))).digest("base64");

const LIT = `lit-${version("lit")}.js`;
await build({
  stdin: { contents: LIT_ENTRY, resolveDir: HERE, loader: "js" },
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "inline",
  outfile: join(VENDOR, LIT),
});
copyFileSync(join(MODULES, "lit", "LICENSE"), join(VENDOR, "lit.LICENSE"));
const UPLOT = `uplot-${version("uplot")}`;
await build({
  entryPoints: [join(MODULES, "uplot", "dist", "uPlot.esm.js")],
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "inline",
  outfile: join(VENDOR, `${UPLOT}.js`),
});
copyFileSync(join(MODULES, "uplot", "dist", "uPlot.min.css"), join(VENDOR, `${UPLOT}.css`));
copyFileSync(join(MODULES, "uplot", "LICENSE"), join(VENDOR, "uplot.LICENSE"));
copyFileSync(join(MODULES, FONT, "LICENSE"), join(VENDOR, "inter.LICENSE"));
const fonts = ["inter-latin-wght-normal", "inter-latin-ext-wght-normal"].map((stem) => {
  const file = `${stem}-${version(FONT)}.woff2`;
  copyFileSync(join(MODULES, FONT, "files", `${stem}.woff2`), join(VENDOR, file));
  return file;
});

const rows = [
  { file: LIT, package: "lit", licence: "BSD-3-Clause", made: `bundled with esbuild ${version("esbuild")}` },
  { file: `${UPLOT}.js`, package: "uplot", licence: "MIT", made: `bundled with esbuild ${version("esbuild")}` },
  { file: `${UPLOT}.css`, package: "uplot", licence: "MIT", made: "copied" },
  ...fonts.map((file) => ({ file, package: FONT, licence: "OFL-1.1", made: "copied" })),
].map((row) => ({ ...row, version: version(row.package), sha384: sha384(row.file) }));
writeFileSync(join(VENDOR, LIT.replace(/js$/, "d.ts")), LIT_TYPES);
writeFileSync(join(VENDOR, `${UPLOT}.d.ts`), UPLOT_TYPES);
writeFileSync(join(VENDOR, "vendor.json"), JSON.stringify({ files: rows }, null, 2) + "\n");
