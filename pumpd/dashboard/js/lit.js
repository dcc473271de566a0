// The one place that names the vendored lit. Its version is in the file's name: a screen can never keep an old one.
export * from "../vendor/lit-3.3.3.js";
