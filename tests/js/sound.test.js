// The pure parts of the alarm sound: what is played, and when.

import assert from "node:assert/strict";
import { test } from "node:test";
import { begun, ends_s, forgetting, isCut, plan } from "../../pumpd/dashboard/js/sound-plan.js";
import { LEAST_VOLUME, NOTES_HZ, PARTIALS, PULSE, RANGES, SOUNDS, length_s, starts_s } from "../../pumpd/dashboard/js/sound-tables.js";
import { melodyOf, pausesOf, voicesOf } from "../../pumpd/dashboard/js/sound-voices.js";
import { samplesOf } from "../../pumpd/dashboard/js/sound-wave.js";

const NOTHING = { last: null, told: new Map() };
const voice = (sound = "high", more = {}) => ({ id: sound, sound, melody: "general", from_s: -Infinity, once: false, ...more });
const wanted = (...voices) => ({ voices, lost_s: Infinity, quiet_s: -Infinity });
const within = (value, [low, high], what) => assert.ok(value >= low - 1e-9 && value <= high + 1e-9, `${what}: ${value} not in ${low} to ${high}`);
const brief = (bursts) => bursts.map((burst) => `${burst.at_s} ${burst.name}`);
const at_ms = Date.parse("2026-01-15T10:00:00Z");
const iso = (s) => new Date(at_ms + s * 1000).toISOString();
const alarm = (more = {}) => ({ id: "a1", bed: "b1", device: null, condition: "spo2_low", priority: "high", kind: "physiological", state: "active", text: "", signals: ["spo2"], ...more });
const bed = (more = {}) => ({ id: "b1", label: "Bed 1", pumps: [], ...more });
const heard = (alarms, beds, pauses) => voicesOf(alarms, new Map(beds.map((one) => [one.id, one])), pauses, (text) => (Date.parse(text) - at_ms) / 1000);

test("each priority has the pulses, spacings and intervals of the standard", () => {
  for (const [name, range] of Object.entries(RANGES)) {
    const sound = SOUNDS[name];
    assert.ok(range.pulses.includes(sound.pulses), name);
    assert.equal(sound.spacings_s.length, sound.pulses - 1);
    within(sound.td_s, range.td_s, `${name} td`);
    within(sound.tb_s, range.tb_s, `${name} tb`);
    within(sound.tr_s / sound.td_s, PULSE.rise, `${name} rise`);
    for (const spacing of sound.spacings_s) assert.ok(sound.tf_s <= spacing - sound.tr_s, `${name} falls before the next rises`);
  }
  for (const spacing of [...SOUNDS.medium.spacings_s, ...SOUNDS.low.spacings_s]) within(spacing, RANGES.medium.y_s, "y");
});

test("a high burst is three and two, twice, with a gap as of a pulse left out", () => {
  const { spacings_s: gaps, td_s } = SOUNDS.high;
  const [x] = gaps;
  within(x, RANGES.high.x_s, "x");
  assert.deepEqual([0, 1, 3, 5, 6, 8].map((index) => gaps[index]), Array(6).fill(x));
  for (const index of [2, 7]) assert.ok(Math.abs(gaps[index] - (2 * x + td_s)) < 1e-9);
  within(gaps[4], RANGES.high.between_halves_s, "between the halves");
});

test("every note has four harmonics where they are heard, none too weak, and is in range", () => {
  for (const [note, hz] of Object.entries(NOTES_HZ)) {
    within(hz, PULSE.pitch_hz, note);
    const audible = PARTIALS.filter((_, index) => hz * (index + 1) >= PULSE.harmonics_hz[0] && hz * (index + 1) <= PULSE.harmonics_hz[1]);
    assert.ok(audible.length >= PULSE.harmonics, note);
  }
  for (const part of PARTIALS) within(20 * Math.log10(part / PARTIALS[0]), [-PULSE.harmonics_db, PULSE.harmonics_db], "harmonic");
});

test("a higher priority is never quieter than a lower one, and every melody has a note for each pulse", () => {
  assert.ok(SOUNDS.high.level > SOUNDS.medium.level && SOUNDS.medium.level > SOUNDS.low.level);
  assert.ok(LEAST_VOLUME >= 0.5);
  for (const sound of Object.values(SOUNDS)) for (const notes of Object.values(sound.melodies)) {
    assert.equal(notes.length, sound.pulses);
    for (const note of notes) assert.ok(note in NOTES_HZ, note);
  }
});

test("samples are silent between pulses, never clip and reach the level of the sound", () => {
  for (const [name, sound] of Object.entries(SOUNDS)) {
    const rate = 8000;
    const samples = samplesOf(name, "oxygenation", rate);
    assert.ok(samples.every((value) => Math.abs(value) <= sound.level + 1e-6), name);
    assert.ok(samples.some((value) => Math.abs(value) > sound.level * 0.9), name);
    const gap = samples.slice(Math.round((starts_s(sound)[1] - 0.01) * rate), Math.round(starts_s(sound)[1] * rate));
    assert.ok(gap.every((value) => value === 0), name);
  }
});

test("silence is planned where nothing alarms", () => {
  assert.deepEqual(plan(NOTHING, wanted(), 0, 60), []);
});

test("bursts follow each other at the interval of their priority", () => {
  const each = length_s(SOUNDS.high) + SOUNDS.high.tb_s;
  const bursts = plan(NOTHING, wanted(voice()), 0, 30);
  assert.equal(bursts.length, Math.ceil(30 / each));
  bursts.forEach((burst, index) => assert.ok(Math.abs(burst.at_s - index * each) < 1e-9));
});

test("the highest priority sounds alone", () => {
  assert.deepEqual([...new Set(plan(NOTHING, wanted(voice("low"), voice("medium"), voice("high")), 0, 60).map((burst) => burst.name))], ["high"]);
});

test("planning again in the middle changes nothing of what was planned", () => {
  const first = plan(NOTHING, wanted(voice("medium")), 0, 60);
  const memory = begun(NOTHING, first[0]);
  assert.deepEqual(plan(memory, wanted(voice("medium")), 5, 60), first.slice(1));
});

test("a higher alarm cuts the burst of a lower one and starts at once", () => {
  const low = plan(NOTHING, wanted(voice("low")), 0, 10)[0];
  const memory = begun(NOTHING, low);
  const both = wanted(voice("low"), voice("high"));
  assert.equal(isCut(memory, both, 0.2), true);
  const next = plan({ ...memory, last: { ...low, cut_s: 0.2 } }, both, 0.2, 10)[0];
  assert.equal(next?.name, "high");
  within(next.at_s, [0.2, 0.5], "start of the higher");
});

test("a second alarm of the same priority is heard when the running burst is over, not an interval later", () => {
  const first = plan(NOTHING, wanted(voice()), 0, 10)[0];
  const next = plan(begun(NOTHING, first), wanted(voice(), voice("high", { id: "other", melody: "ventilation" })), 1, 20)[0];
  within(next.at_s, [ends_s(first), ends_s(first) + 0.5], "start of the second");
  assert.equal(next.melody, "ventilation");
});

test("a burst whose alarm was acknowledged ends at once", () => {
  const memory = begun(NOTHING, plan(NOTHING, wanted(voice()), 0, 10)[0]);
  assert.equal(isCut(memory, wanted(voice()), 1), false);
  assert.equal(isCut(memory, wanted(), 1), true);
  assert.deepEqual(plan(memory, wanted(), 1, 60), []);
});

test("an alarm whose bed is paused sounds from the end of the pause by itself", () => {
  assert.deepEqual(brief(plan(NOTHING, wanted(voice("high", { from_s: 40 })), 0, 45)), ["40 high"]);
});

test("a standing low advisory is heard once, and again after it was gone", () => {
  const told = wanted(voice("low", { once: true }));
  const bursts = plan(NOTHING, told, 0, 600);
  assert.deepEqual(brief(bursts), ["0 low"]);
  const memory = begun(NOTHING, bursts[0]);
  assert.deepEqual(plan(memory, told, 100, 600), []);
  assert.deepEqual(brief(plan(forgetting(memory, []), told, 100, 600)), ["100 low"]);
});

test("the tone of a lost connection stands ready from the missed heartbeat on", () => {
  const silent = { ...wanted(), lost_s: 3.25 };
  assert.equal(brief(plan(NOTHING, silent, 0, 60))[0], "3.25 lost");
  assert.deepEqual(plan(NOTHING, { ...silent, lost_s: 64.25 }, 61, 64), []);
});

test("after the loss a high alarm and the tone take turns, and the tone goes before what is lower", () => {
  const high = plan(NOTHING, { ...wanted(voice()), lost_s: 0 }, 0, 30).map((burst) => burst.name);
  assert.deepEqual(high.slice(0, 4), ["lost", "high", "lost", "high"]);
  const low = plan(NOTHING, { ...wanted(voice("medium")), lost_s: 0 }, 0, 30).map((burst) => burst.name);
  assert.deepEqual([...new Set(low)], ["lost"]);
});

test("the tone of a loss may be paused, alarms go on, and it comes back", () => {
  const names = plan(NOTHING, { ...wanted(voice("medium")), lost_s: 0, quiet_s: 30 }, 0, 60);
  assert.ok(names.filter((burst) => burst.at_s < 30).every((burst) => burst.name === "medium"));
  assert.ok(names.some((burst) => burst.at_s >= 30 && burst.name === "lost"));
});

test("only active alarms are heard: acknowledged and latched ones are silent", () => {
  for (const state of ["acknowledged", "latched", "ended"]) assert.deepEqual(heard([alarm({ state })], [bed()], new Map()), []);
  assert.equal(heard([alarm()], [bed()], new Map()).length, 1);
});

test("only a low advisory is heard but once", () => {
  const once = (more) => heard([alarm(more)], [bed()], new Map())[0].once;
  assert.equal(once({ priority: "low", kind: "advisory" }), true);
  assert.equal(once({ priority: "medium", kind: "advisory" }), false);
  assert.equal(once({ priority: "low", kind: "technical" }), false);
});

test("a pause silences what is there and is broken by what is new, higher, or comes back", () => {
  const beds = [bed({ audio_paused_until: iso(120) })];
  const medium = alarm({ priority: "medium" });
  const pauses = pausesOf(new Map(), beds, [medium]);
  assert.deepEqual(heard([medium], beds, pauses).map((one) => one.from_s), [120]);
  const fresh = alarm({ id: "a2", priority: "low" });
  const kept = pausesOf(pauses, beds, [medium, fresh]);
  assert.deepEqual(heard([medium, fresh], beds, kept).map((one) => one.from_s), [120, -Infinity]);
  assert.deepEqual(heard([alarm()], beds, kept).map((one) => one.from_s), [-Infinity], "it rose to high");
});

test("a pause of one bed is none of another, and a new pause silences what broke the old one", () => {
  const beds = [bed({ audio_paused_until: iso(60) }), bed({ id: "b2" })];
  const both = [alarm(), alarm({ id: "a2", bed: "b2" })];
  const pauses = pausesOf(new Map(), beds, both);
  assert.deepEqual(heard(both, beds, pauses).map((one) => one.from_s), [60, -Infinity]);
  const again = pausesOf(pauses, [bed({ audio_paused_until: iso(90) })], [...both, alarm({ id: "a3" })]);
  assert.deepEqual([...(again.get("b1")?.known.keys() ?? [])], ["a1", "a3"]);
  assert.equal(pausesOf(pauses, [bed()], both).size, 0);
});

test("the melody tells what the alarm is about", () => {
  const pumped = bed({ pumps: [{ id: "p1" }] });
  assert.equal(melodyOf(alarm({ device: "p1", kind: "technical" }), pumped), "infusion");
  assert.equal(melodyOf(alarm(), pumped), "oxygenation");
  assert.equal(melodyOf(alarm({ signals: ["rr"] }), pumped), "ventilation");
  assert.equal(melodyOf(alarm({ signals: ["pulse"] }), pumped), "cardiac");
  assert.equal(melodyOf(alarm({ signals: [] }), pumped), "general");
  assert.equal(melodyOf(alarm({ kind: "technical" }), pumped), "equipment");
});
