// A rate while it is typed: conversions and limits, exactly as the server counts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { basisOf, checked, exactOf, exactUlH, floor, plain } from "../../pumpd/dashboard/js/rate.js";

const pump = (more = {}) => ({ id: "p1", concentration_mg_ml: 1, ceiling: { hard_mg_kg_h: 1, soft_mg_kg_h: 0.5, set_by: "library" }, override: null, ...more });

test("only a plain decimal number is a rate", () => {
  for (const text of ["", ".5", "0,5", "5e-1", "-1", "1.", "1 2", "NaN", "٣"]) assert.equal(exactOf(text), null, text);
  assert.deepEqual(exactOf(" 0.50 "), { n: 50n, d: 100n });
});

test("dose and volume are shown together, rounded down to the microlitre", () => {
  assert.deepEqual(checked("0.1", "mg/kg/h", pump(), 70), { verdict: "ok", missing: [], volume: "7 mL/h", dose: "0.1 mg/kg/h" });
  assert.deepEqual(checked("1.8", "mL/h", pump({ concentration_mg_ml: 4 }), 72), { verdict: "ok", missing: [], volume: "1.8 mL/h", dose: "0.1 mg/kg/h" });
  assert.equal(floor(exactUlH("0.1", "mg/kg/h", basisOf(pump({ concentration_mg_ml: 3 }), 70.001))), 2333n);
});

test("a limit is passed only above it, and by the least", () => {
  assert.equal(checked("0.5", "mg/kg/h", pump(), 70).verdict, "ok");
  assert.equal(checked("0.500001", "mg/kg/h", pump(), 70).verdict, "soft");
  assert.equal(checked("1", "mg/kg/h", pump(), 70).verdict, "soft");
  assert.equal(checked("1.000001", "mg/kg/h", pump(), 70).verdict, "hard");
  assert.equal(checked("70.001", "mL/h", pump(), 70).verdict, "hard");
  assert.equal(checked("0.6", "mg/kg/h", pump({ override: "Dr. A" }), 70).verdict, "ok", "confirmed above soft");
});

test("without weight or concentration nothing is computed, and it says what is missing", () => {
  assert.deepEqual(checked("0.1", "mg/kg/h", pump({ concentration_mg_ml: null }), null), { verdict: "missing", missing: ["concentration", "weight"], volume: null, dose: null });
  assert.deepEqual(checked("7", "mL/h", pump(), null), { verdict: "unknown", missing: ["weight"], volume: "7 mL/h", dose: null });
  assert.equal(checked("7", "mL/h", pump({ ceiling: null }), 70).verdict, "unknown");
  for (const weight of [0, -1, "x"]) assert.equal(checked("0.1", "mg/kg/h", pump(), weight).verdict, "missing");
});

test("a rate that rounds to nothing says so", () => {
  for (const text of ["0", "0.0001"]) assert.equal(checked(text, "mL/h", pump(), 70).verdict, "zero");
});

test("numbers are written as they may be read: no trailing zero, leading zero, comma from 1,000", () => {
  const of = (n, d) => plain({ n: BigInt(n), d: BigInt(d) });
  assert.deepEqual([of(1, 10), of(1, 1), of(5, 100), of(1000, 1), of(50, 3), of(1, 30), of(123456, 10), of(0, 1), of(1, 70000)], ["0.1", "1", "0.05", "1,000", "16.67", "0.03333", "12,345.6", "0", "0.00001429"]);
});
