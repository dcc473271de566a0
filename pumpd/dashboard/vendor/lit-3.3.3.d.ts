// Types of the bundled lit, for the type check only.
export { html, svg, render, nothing, type TemplateResult } from "lit";
export { repeat } from "lit/directives/repeat.js";
export { classMap } from "lit/directives/class-map.js";
export { ref, createRef, type Ref } from "lit/directives/ref.js";
