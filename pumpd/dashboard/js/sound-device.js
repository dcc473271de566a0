// Whether something is there that plays. Browsers tell on a secure address only, and go on "playing" into nothing when
// the last loudspeaker is unplugged. A machine that never named one is not judged: it may just not tell.

/** @param {(gone: boolean) => void} tell when the last output went, and when one is back */
export function watchOutputs(tell) {
  const devices = navigator.mediaDevices;
  if (!devices?.enumerateDevices) return;
  let had = false;
  const look = async () => {
    const found = (await devices.enumerateDevices()).some((device) => device.kind === "audiooutput");
    if (found !== had) tell(!found);
    had = found;
  };
  devices.addEventListener("devicechange", () => void look());
  void look();
}
