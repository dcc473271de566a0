"""The script of a five-day course of low-dose ketamine, like a case report's, as data. The patient is invented.

Times are minutes after admission (`HOUR`, `DAY`); the first infusion starts at FIRST, the next 48 and 96 hours later.
What the numbers come to (cdc-2022 factors; oral mg, patch mcg/h):
* before: fentanyl patches 75 + 12 (208.8), oxycodone 2 x 60 (180), hydromorphone 3 x 4 (60), morphine 10 (10) = 458.8;
* the last 24 h: oxycodone 2 x 80 (240), hydromorphone 5 x 2 (50), morphine 2 x 10 (20) = 310.0 MME/day, no fentanyl.
Infusions 1 and 3 end at the cap of 0.5 mg/kg, infusion 2 by hand at the 0.48 mg/kg that were planned for it. Three acts
are mistakes that pumpd has to refuse: a step too big, a step too early, a fourth infusion.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pumpd.sim.script import At, Step

HOUR = 60.0
DAY = 24 * HOUR
FIRST = 0.5 * HOUR
STARTS = (FIRST, FIRST + 2 * DAY, FIRST + 4 * DAY)
END = FIRST + 5 * DAY - 10
BASELINE_MME = "458.8"
WEIGHT_KG = 70
START_UL_H = 7_000  # 0.1 mg/kg/h for 70 kg at 1 mg/mL
AGE_YEARS = 55

CHECKED = (
    "pregnancy",
    "active psychosis",
    "poorly controlled cardiovascular disease",
    "severe hepatic impairment",
    "raised intracranial or intraocular pressure",
    "hypersensitivity to ketamine",
)
# every 4 h, the first at admission: 9 before, 5 at the end
NRS = (9, 8, 8, 9, 8, 8, 8, 7, 8, 8, 7, 7, 7, 6, 6, 7, 7, 6, 6, 6, 7, 6, 6, 6, 6, 5, 5, 5, 5, 5, 5)
SATISFACTION = (3, 4, 6, 7, 8)  # each evening


def charted(at_min: float, what: str, **body: Any) -> Step:
    return Step(at_min, what, body)


def admission(year: int) -> Iterator[Step]:
    """year: of the simulated admission, so that the patient is 55."""
    patient = {
        "mrn": "DEMO-LDK-1",
        "family_name": "Alder",
        "given_name": "Ari",
        "birth_date": f"{year - AGE_YEARS}-01-01",
        "sex": "male",
        "weight_kg": WEIGHT_KG,
    }
    yield Step(2, "patient", patient, method="PUT", tell="admission: the patient is bound, nothing is known of him yet")
    yield charted(3, "assessments", poss=1, oxygen=False)
    for drug, sedating in (("atorvastatin", False), ("bisacodyl", False), ("gabapentin", True)):
        yield charted(4, "comedications", drug=drug, sedating=sedating)
    yield charted(4, "comedications", drug="metoprolol", sedating=False, note="the heart rate may not rise with pain")
    yield from before()
    yield charted(9, "assessments", nrs=NRS[0], pain=["neuropathic", "bone", "allodynia"], mood="exhausted by pain")
    yield charted(15, "course", baseline_mme=BASELINE_MME, context="palliative: cancer with bone metastases")
    yield charted(16, "checklist", answers=dict.fromkeys(CHECKED, False))
    yield charted(17, "adjuncts", drug="haloperidol", amount_mg="1")


def before() -> Iterator[Step]:
    """The last day before the course, as the ward that referred him wrote it down."""
    yield Step(6, "opioids", {"drug": "fentanyl", "patch_mcg_h": 75}, ago_h=30, keep="patch 75")
    yield Step(6, "opioids", {"drug": "fentanyl", "patch_mcg_h": 12}, ago_h=30, keep="patch 12")
    for ago_h in (14, 2):
        yield given("oxycodone", "60", 6, ago_h)
    for ago_h in (20, 12, 4):
        yield given("hydromorphone", "4", 6, ago_h)
    yield given("morphine", "10", 6, 8)


def given(drug: str, mg: str, at_min: float, ago_h: float | None = None) -> Step:
    return Step(at_min, "opioids", {"drug": drug, "route": "oral", "amount_mg": mg}, ago_h=ago_h)


def opioids() -> Iterator[Step]:
    """Day by day: fentanyl is taken down and stopped, a little more of the others at first, then less."""
    for at_h in (10.5, 22.5, 34.5):
        yield given("oxycodone", "60", at_h * HOUR)
    for at_h in (46.5, 58.5, 70.5, 82.5, 94.5, 106.5, 118.5):
        yield given("oxycodone", "80", at_h * HOUR)
    for at_h in (4.5, 12.5, 20.5, 28.5, 36.5, 44.5, 52.5, 60.5, 68.5):
        yield given("hydromorphone", "4", at_h * HOUR)
    for at_h in (74.5, 79.5, 84.5, 88.5, 93.5, 98.5, 102.5, 107.5, 112.5, 117.5):
        yield given("hydromorphone", "2", at_h * HOUR)
    for at_h in (16.5, 40.5, 64.5, 77.5, 90.5, 101.5, 113.5):
        yield given("morphine", "10", at_h * HOUR)
    yield Step(36 * HOUR, "opioids", {"patch_off": "$patch 75"}, tell="fentanyl patch 75 mcg/h off, 50 mcg/h on")
    yield Step(36 * HOUR, "opioids", {"drug": "fentanyl", "patch_mcg_h": 50}, keep="patch 50")
    yield Step(60 * HOUR, "opioids", {"patch_off": "$patch 12"})
    yield Step(
        84 * HOUR, "opioids", {"patch_off": "$patch 50"}, tell="the last fentanyl patch is off: fentanyl has ended"
    )


def pain() -> Iterator[Step]:
    for number, nrs in enumerate(NRS[1:], 1):
        if 9 + number * 4 * HOUR < END:
            yield charted(9 + number * 4 * HOUR, "assessments", nrs=nrs)
    for day, satisfaction in enumerate(SATISFACTION):
        mood = "in better spirits, talks with his family" if day >= 3 else ""
        yield charted(day * DAY + 11 * HOUR, "assessments", satisfaction=satisfaction, mood=mood)


def infusion(number: int, at_min: float, mg_kg: str = "0.5") -> Iterator[Step]:
    """Plan and start."""
    plan = {"dose_mg_kg": mg_kg, "start_mg_kg_h": "0.1"}
    yield Step(at_min - 10, "course/infusions", plan, tell=f"infusion {number} is planned: {mg_kg} mg/kg")
    yield Step(at_min - 8, "new-syringe", where=At.PUMP)
    yield Step(at_min - 8, "rate", {"rate_ul_h": START_UL_H}, where=At.PUMP)
    yield Step(at_min, "start", where=At.PUMP, tell=f"infusion {number} starts at the pump: 0.1 mg/kg/h")


def rate(at_min: float, mg_kg_h: str, refused: bool = False, reason: str = "titration by the protocol") -> Step:
    body = {"rate": mg_kg_h, "unit": "mg/kg/h", "reason": reason}
    tell = f"a step to {mg_kg_h} mg/kg/h is asked for" if refused else f"rate {mg_kg_h} mg/kg/h"
    return Step(at_min, "pumps/{pump}/rate", body, refused=refused, tell=tell)


def observed(start_min: float) -> Iterator[Step]:
    """Every 15 min for an hour, every 30 min to the end of the third, whether or not the infusion still runs.

    61 and 181, because a look just before the end of a stage would be due again by that stage.
    """
    for after in (15, 30, 45, 61, 90, 120, 150, 181):
        yield charted(start_min + after, "assessments", poss=2 if after in (90, 120) else 1)


def infusions() -> Iterator[Step]:
    one, two, three = STARTS
    yield from infusion(1, one)
    yield from observed(one)
    yield rate(one + 31, "0.4", refused=True, reason="pain 9/10")
    yield from (rate(one + 32, "0.2"), rate(one + 63, "0.3"), rate(one + 94, "0.4"))
    yield charted(one + 150, "assessments", nrs=7, poss=1, side_effects=[{"name": "dissociation", "severity": 0}])
    yield from infusion(2, two, "0.48")
    yield Step(two - 4, "pumps/{pump}/resume", {"reason": "second infusion of the course, patient seen"})
    yield from observed(two)
    yield rate(two + 31, "0.2")
    yield Step(two + 62, "rate", {"rate_ul_h": 3 * START_UL_H}, where=At.PUMP, tell="rate 0.3 mg/kg/h, at the panel")
    felt = [{"name": "dissociation", "severity": 1}, {"name": "dizziness", "severity": 1}]
    yield Step(two + 80, "assessments", {"poss": 2, "side_effects": felt}, tell="he feels far away: mild dissociation")
    yield rate(two + 82, "0.2", reason="mild dissociation")
    yield charted(two + 110, "assessments", poss=1, side_effects=[{"name": "dissociation", "severity": 0}])
    yield Step(two + 152, "stop", where=At.PUMP, tell="infusion 2 is stopped by hand: given as planned")
    yield charted(two + 180, "assessments", nrs=6, poss=1, tolerance="good, after a mild dissociation")
    yield from infusion(3, three)
    yield from observed(three)
    yield rate(three + 15, "0.2", refused=True)
    yield from (rate(three + 31, "0.2"), rate(three + 62, "0.3"), rate(three + 93, "0.4"))
    yield charted(three + 150, "assessments", nrs=5, poss=1, tolerance="good")


def ending() -> Iterator[Step]:
    fourth = {"dose_mg_kg": "0.5", "start_mg_kg_h": "0.1"}
    yield Step(
        STARTS[2] + 20 * HOUR,
        "course/infusions",
        fourth,
        refused=True,
        tell="a fourth infusion is asked for, by mistake",
    )
    reason = "three infusions given; pain 5/10, fentanyl stopped"
    yield Step(END, "course/end", {"reason": reason}, tell=f"the course is ended: {reason}")


def ldk_course(year: int) -> tuple[Step, ...]:
    """The whole course, in order of time."""
    parts = (admission(year), opioids(), pain(), infusions(), ending())
    return tuple(sorted((step for part in parts for step in part), key=lambda step: step.at_min))


def first_infusion(year: int) -> tuple[Step, ...]:
    """The course as far as it goes in its first hours, then ended: admission, and one infusion up to its cap."""
    until = FIRST + 2.2 * HOUR
    steps = [step for step in ldk_course(year) if step.at_min <= until]
    return (*steps, Step(until + 1, "course/end", {"reason": "shortened: one infusion was given"}))
