// Random beds through the page's own views: where does a digit stand, and may it? Run inside the page by test_no_digit.
// What a value may not show is a number that stands nowhere else, so that it would be found wherever it came through.
async ([seed, count]) => {
  const [{ render, html }, { tile }, { sector }, { speak }] = await Promise.all(
    ["lit", "tile", "sector", "i18n"].map((name) => import(`${location.origin}/js/${name}.js`)));
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const pick = (list) => list[Math.floor(random() * list.length)];
  const some = (chance, value) => (random() < chance ? value : undefined);
  const QUALITIES = ["ok", "questionable", "stale", "invalid", "off", "frozen", ""];
  const AGES = [0, 1, 4_999, 5_001, 14_999, 15_001, 60_000, 10 ** 9, null];
  const NOW_MS = 10 ** 7;
  const numbers = [];
  const number = () => { const found = 700_000 + numbers.length * 7 + 0.25 * Math.floor(random() * 2); numbers.push(found); return found; };
  const value = (more = {}) => ({
    v: random() < 0.15 ? null : number(), u: "u", q: pick(QUALITIES), t: some(0.9, "2026-01-15T10:00:00Z") ?? null, age_ms: pick(AGES),
    source: "m", received_ms: NOW_MS - pick([0, 0, 3_000, 20_000]), why: some(0.1, pick(["held", "jump"])), live_ms: some(0.2, 20_000), blank_ms: some(0.2, 40_000), ...more,
  });
  const signals = ["rr", "spo2", "etco2", "pulse", "hr", "no_breath_s", "poss", "rass", "nibp_sys", "nibp_dia", "temp"];
  const pump = (id) => {
    const rate = value({ u: "mL/h" });
    return { id, drug: "ketamine", rate_ml_h: rate, dose_mg_kg_h: value(), line: some(0.7, `${rate.v} mL/h`), rate_text: some(0.7, `${rate.v} mL/h`), dose_text: some(0.7, `${rate.v} mL/h`),
      infusing: pick([true, false, null]), enforcement: pick(["stop", "alarm"]), interlock: pick(["armed", "tripped", "stop_verified"]), delivered_mg: null, ceiling: null, line2: "" };
  };
  const bed = () => ({
    id: "b", label: "Bed", patient: null, monitored: random() < 0.9, devices: [{ id: "m", driver: "d", link: pick(["up", "down", "silent"]) }], oxygen: null,
    values: Object.fromEntries(signals.filter(() => random() < 0.9).map((name) => [name, value()])), pumps: Array.from({ length: Math.floor(random() * 3) }, (_, n) => pump(`p${n}`)),
  });
  const alarm = () => ({ id: "a", bed: "b", device: null, condition: "x", priority: pick(["high", "medium", "low"]), kind: "physiological", state: pick(["active", "acknowledged", "latched"]),
    text: "no number", onset: "2026-01-15T10:00:00Z", signals: [pick(signals)], present: true, acknowledged: null, action: "" });
  const ageOf = (one) => (one.age_ms === null ? Infinity : one.age_ms + Math.max(0, NOW_MS - one.received_ms));
  const good = (one) => one && one.v !== null && (one.q === "ok" || one.q === "questionable");
  const fresh = (one) => good(one) && ageOf(one) <= (one.blank_ms ?? 15_000);
  const acts = new Proxy({}, { get: () => () => "" });
  const wrong = [];
  let digits = 0;
  for (let n = 0; n < count; n += 1) {
    numbers.length = 0;
    speak(pick(["en", "de"]));
    const one = bed();
    const blank = random() < 0.1;
    const context = { now_ms: NOW_MS, server_ms: Date.parse("2026-01-15T10:00:05Z"), blank, zone: "UTC", names: "off", user: "", stops: new Map(), acts };
    for (const view of [tile, sector]) {
      const place = document.createElement("div");
      render(html`<main>${view(one, random() < 0.5 ? [alarm()] : [], context)}</main>`, place);
      const all = place.innerHTML;
      const allowed = new Set();
      for (const [name, each] of Object.entries(one.values)) if (!blank && (["poss", "rass", "nibp_sys", "nibp_dia", "temp"].includes(name) ? good(each) : fresh(each))) allowed.add(each.v);
      for (const each of one.pumps) if (!blank && good(each.rate_ml_h)) allowed.add(each.rate_ml_h.v);
      for (const each of numbers) if (!allowed.has(each) && all.includes(String(Math.floor(each)))) wrong.push([view.name, blank, each, JSON.stringify(one)]);
      for (const cell of place.querySelectorAll(".vital")) {
        const shown = /\d/.test(cell.querySelector(".digits").textContent);
        digits += Number(shown);
        if (shown && (blank || !fresh(one.values[cell.dataset.signal]))) wrong.push([view.name, blank, cell.dataset.signal, JSON.stringify(one.values[cell.dataset.signal])]);
        if (!shown && !blank && fresh(one.values[cell.dataset.signal])) wrong.push([view.name, "withheld", cell.dataset.signal, JSON.stringify(one.values[cell.dataset.signal])]);
      }
    }
  }
  speak("en");
  return { wrong: wrong.slice(0, 3), digits };
}
