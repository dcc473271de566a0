// Types of the vendored uPlot, for the type check only.
export { default } from "uplot";
