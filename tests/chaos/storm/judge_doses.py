"""Delivered doses: at every status report the pair encloses what had truly left the syringe (DOS-01, DOS-02)."""

from __future__ import annotations

from tests.chaos.storm.court import DRIFT_MS, UNASKED_MS, Court
from tests.chaos.storm.ghost import PumpTruth
from tests.chaos.storm.story import BedStory, Stay, Told

NL_PER_ML = 1_000_000
ROUNDED_NL = 1  # of a float; a screen's `at least` is rounded down
CHANGING_MS = 6_000  # so long a screen may still show the patient before
MARGIN_MS = 8_000
UL_H_MS_PER_NL = 3600
HISTORY = 900  # so much of what happened before is printed


def judge_doses(court: Court, pump: PumpTruth, story: BedStory) -> None:
    """All volumes are of 1 mg/mL: a nanolitre is a nanogram."""
    reports = story.told.get(pump.id, [])
    if not reports:
        court.say(pump.bed, court.ghost.begun_ms, "never heard", "it was plugged in", "no report in the journal")
        return
    first = _truth(pump, reports[0])
    begins = [first, *((_begin(pump, stay, first)) for stay in story.stays)]
    _shown(court, pump, story, begins)
    for report in reports:
        if report.low_ng is None or report.high_ng is None:
            court.counts["reports without a dose"] += 1
            continue
        court.counts["doses compared"] += 1
        least, most = _truth(pump, report)
        before_low, before_high = begins[story.stay_at(report.seq) + 1]
        least, most = least - before_high, most - before_low
        if report.high_ng < least or report.low_ng > most:
            _say(court, pump, report, least, most)
            return  # what follows would only repeat it
    _next_patients(court, pump, story, reports)


def _begin(pump: PumpTruth, stay: Stay, first: tuple[int, int]) -> tuple[int, int]:
    """What had left the syringe when somebody else came: at least, at most."""
    least, most = pump.pushed_at_least(stay.from_ms - DRIFT_MS), pump.pushed_at_most(stay.until_ms + DRIFT_MS)
    return max(least, first[0]), max(most, first[1])


def _next_patients(court: Court, pump: PumpTruth, story: BedStory, reports: list[Told]) -> None:
    """What the patient before was given is not the next one's: not even in `at most`, once somebody had left."""
    for index, stay in enumerate(story.stays):
        if index == 0 or story.stays[index - 1].mrn is None:
            continue  # whoever comes to an empty bed may have been given what flowed into it: `at most` stays
        after = next((at for at, report in enumerate(reports) if report.seq > stay.seq), 0)
        before, report = reports[after - 1], reports[after]
        whole = (pump.line, court.ghost.daemon, court.ghost.disk)
        if after and all(spans.clear(before.at_ms - MARGIN_MS, report.at_ms) for spans in whole):
            court.counts["changes of patient whose dose was compared"] += 1
            _not_the_former(court, pump, stay, before, report)


def _not_the_former(court: Court, pump: PumpTruth, stay: Stay, before: Told, report: Told) -> None:
    flowed = _truth(pump, report)[1] - _truth(pump, before)[0]
    window = pump.between(before.at_ms - MARGIN_MS, report.at_ms)
    doubt = max(row.rate_ul_h for row in window) * (report.at_ms - before.at_ms + MARGIN_MS) / UL_H_MS_PER_NL
    limit = flowed + doubt + 2 * pump.step_nl
    if report.high_ng is not None and report.high_ng > limit:
        truly = f"{stay.mrn} came; at most {limit / NL_PER_ML:.4f} mL flowed about that time"
        told = f"at most {report.high_ng / NL_PER_ML:.4f} mg at step {report.seq}"
        court.say(pump.bed, report.at_ms, f"dose: a former patient's counted ({pump.driver})", truly, told)


def _shown(court: Court, pump: PumpTruth, story: BedStory, begins: list[tuple[int, int]]) -> None:
    """No screen ever showed more as certainly given than there was. (Its `at most` lags behind a key nobody heard.)"""
    for from_ms, until_ms, name, least_mg, _ in court.outcome.notes.pairs:
        changing = [stay for stay in story.stays if from_ms - CHANGING_MS < stay.until_ms and stay.from_ms < until_ms]
        if name != pump.id or changing:
            continue
        court.counts["doses seen on a screen"] += 1
        stay = sum(stay.until_ms <= from_ms for stay in story.stays)
        most = max(0, pump.pushed_at_most(until_ms + DRIFT_MS) - begins[stay][0])
        if least_mg * NL_PER_ML > most + ROUNDED_NL:
            truly = f"at most {most / NL_PER_ML:.4f} mL since first heard, or since the patient came"
            court.say(pump.bed, until_ms, "dose: a screen overstates", truly, f"at least {least_mg} mg was shown")
            return


def _truth(pump: PumpTruth, report: Told) -> tuple[int, int]:
    """What had left the syringe when this was asked at the earliest, and when it was heard at the latest."""
    asked_ms = report.at_ms - UNASKED_MS if report.requested_ms is None else report.requested_ms
    return pump.pushed_at_least(asked_ms - DRIFT_MS), pump.pushed_at_most(report.at_ms + DRIFT_MS)


def _say(court: Court, pump: PumpTruth, report: Told, least: int, most: int) -> None:
    low, high = report.low_ng or 0, report.high_ng or 0
    which = "at most understates" if high < least else "at least overstates"
    before = (event for event in pump.events if event.at_ms <= report.at_ms)
    history = "; ".join(f"{court.s(event.at_ms)} s {event.what} by {event.by}" for event in before)
    troubles = ", ".join(pump.line.names(report.at_ms - 30_000, report.at_ms))
    truly = f"{least / NL_PER_ML:.4f} to {most / NL_PER_ML:.4f} mL since first heard; line: {troubles}; "
    told = f"{low / NL_PER_ML:.4f} to {high / NL_PER_ML:.4f} mg at step {report.seq}"
    court.say(pump.bed, report.at_ms, f"dose: {which} ({pump.driver})", truly + history[-HISTORY:], told)
