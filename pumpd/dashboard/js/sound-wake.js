// Keeps the screen lit where the browser lets a page do that: on a secure address only. Elsewhere the kiosk must not blank.

export function keepAwake() {
  if (!isSecureContext || !("wakeLock" in navigator)) return;
  const ask = () => {
    if (document.visibilityState === "visible") navigator.wakeLock.request("screen").catch(() => { /* low battery: the browser decides */ });
  };
  document.addEventListener("visibilitychange", ask); // the browser takes it back from a hidden page
  ask();
}
