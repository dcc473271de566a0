// The one place that names the vendored uPlot. Its version is in the file's name: a screen can never keep an old one.
export { default } from "../vendor/uplot-1.6.32.js";
