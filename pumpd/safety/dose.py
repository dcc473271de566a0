"""Delivered dose as a pair (at least, at most) that encloses the truth (DOS). Pure, exact integers.

Theory. Between two status reports there are two witnesses: the pump's own counter and rate x time.
`at most` adds, interval by interval, the greater of the two (rounded up), with the highest rate that any
report or unresolved command allows, and once per counter run one counter step. A counter moves in jumps: what the
rate has already told of the present step (at most one) does not count again when the counter shows it. `at least`
takes, over a whole counter run, the smaller of the two (rounded down) less one counter step; taking it per interval
would lose a slow infusion, whose counter moves in jumps. A counter that falls was reset or wrapped: its run is closed
and the interval rests on the rate alone. The step is the pump's own (PumpCapabilities.counter_step_nl); a pump without
a counter has only the other witness, and a rate that is shown coarsely stands for all that it may be. An interval that
reaches over a mark, a change of concentration or of patient counts in `at most` only: nobody knows on which side it
flowed. A gap counts as delivery at the highest known rate up to the syringe's volume; a gap of uncertain length counts
as the whole syringe.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec.structs import replace

from pumpd.device.facts import Outcome
from pumpd.device.info import PumpCapabilities
from pumpd.safety.policy import PumpPolicy
from pumpd.safety.state import Command, Dose, PumpState, Report

NL_PER_UL = 1000
FASTEST_UL_H = 1_200_000  # of all pumps on record here (Asena, Graseby); for one that is only read and declares none
UL_H_MS_PER_NL = 3600  # rate_ul_h x ms / 3600 is nanolitres


class CommandKind(StrEnum):
    INCREASE = "increase"
    DECREASE = "decrease"
    BOLUS = "bolus"
    STOP = "stop"


def possible_rates(before_ul_h: int, after_ul_h: int, outcome: Outcome) -> tuple[int, int]:
    """(lowest, highest) rate a pump may run at after a command from `before` to `after` until a status read tells.

    The truth table of DOS-03. A refusal leaves the rate; `done` and `unknown` alike leave both possible, since an
    acknowledgement is not a reading. A stop is after = 0; a bolus is the bolus rate on top.
    """
    if outcome is Outcome.REFUSED:
        return before_ul_h, before_ul_h
    return min(before_ul_h, after_ul_h), max(before_ul_h, after_ul_h)


def possible_bolus_nl(volume_nl: int, outcome: Outcome) -> tuple[int, int]:
    """(lowest, highest) extra volume after a bolus command until the counter tells (DOS-03)."""
    return (0, 0) if outcome is Outcome.REFUSED else (0, volume_nl)


def after_command(
    kind: CommandKind, before_ul_h: int, commanded_ul_h: int, bolus_nl: int, outcome: Outcome
) -> tuple[tuple[int, int], tuple[int, int]]:
    """((rate low, high), (extra volume low, high) in nl) for each of increase, decrease, bolus, stop."""
    if kind is CommandKind.BOLUS:
        return (before_ul_h, before_ul_h), possible_bolus_nl(bolus_nl, outcome)
    after_ul_h = 0 if kind is CommandKind.STOP else commanded_ul_h
    return possible_rates(before_ul_h, after_ul_h, outcome), (0, 0)


def report_high_ul_h(report: Report | None, pump: PumpCapabilities) -> int:
    """The highest rate the pump may run at by its report; an unread rate is the pump's greatest, or any pump's."""
    if report is None or report.infusing is False:
        return 0
    if report.rate_ul_h is None:
        return pump.rate_max_ul_h or FASTEST_UL_H
    return report.rate_ul_h + pump.shown_rate_step_ul_h


def report_low_ul_h(report: Report, pump: PumpCapabilities) -> int:
    """The lowest rate: 0 unless the pump says that it infuses, and how fast."""
    known = report.infusing is True and report.rate_ul_h is not None
    return max(0, (report.rate_ul_h or 0) - pump.shown_rate_step_ul_h) if known else 0


def high_ul_h(pump: PumpPolicy, report: Report | None, commands: tuple[Command, ...]) -> int:
    """The highest rate by report and unresolved commands (a command cannot start a pump that says it holds)."""
    rate = report_high_ul_h(report, pump.capabilities)
    if commands and report is not None and report.infusing is not False:
        for command in commands:
            rate = max(rate, possible_rates(rate, command.rate_ul_h, command.outcome or Outcome.UNKNOWN)[1])
    return rate


def low_ul_h(pump: PumpPolicy, old: Report, new: Report, commands: tuple[Command, ...]) -> int:
    """The lowest rate between two reports: a command may have lowered it and another raised it again."""
    rate = min(report_low_ul_h(old, pump.capabilities), report_low_ul_h(new, pump.capabilities))
    for command in commands:
        rate = min(rate, possible_rates(rate, command.rate_ul_h, command.outcome or Outcome.UNKNOWN)[0])
    return rate


def ceil_nl(rate_ul_h: int, dt_ms: int) -> int:
    return -(-rate_ul_h * dt_ms // UL_H_MS_PER_NL)


def undocumented_nl(pump: PumpPolicy, p: PumpState, now: int) -> int:
    """What may have been delivered since the last report (at most), bounded by the syringe."""
    if p.report is None:
        return 0
    syringe_nl = pump.syringe_volume_ul * NL_PER_UL
    rate = high_ul_h(pump, p.report, p.commands)
    if rate and p.dose.unsure:
        return syringe_nl
    return min(ceil_nl(rate, max(0, now - p.report.at_ms)), syringe_nl)


def run_low_nl(dose: Dose) -> int:
    """At least, of the present counter run: the smaller witness less one counter step."""
    if dose.anchor_ul is None or dose.count_ul is None:
        return 0
    counted = (dose.count_ul - dose.anchor_ul) * NL_PER_UL
    return max(0, min(counted, dose.run_rate_nl) - dose.step_nl)


def close_run(dose: Dose, anchor_ul: int | None) -> Dose:
    """End the counter run; a new one starts at anchor_ul and costs `at most` one counter step."""
    high_nl = dose.high_nl + (dose.step_nl if anchor_ul is not None else 0)
    return replace(
        dose,
        low_nl=dose.low_nl + run_low_nl(dose),
        high_nl=high_nl,
        anchor_ul=anchor_ul,
        count_ul=anchor_ul,
        run_rate_nl=0,
        slack_nl=0,
    )


def marked(dose: Dose, straddles: bool) -> tuple[Dose, int]:
    """(the dose, whose `at least` starts a new run, and the `at most` in nl from which differences are true).

    The counter goes on through a mark: what it shows later may lie a step, and what `at most` already holds of the
    present one, above the differences of `at most` itself. straddles: some of what the next report counts may have
    flowed before the mark.
    """
    counts = dose.count_ul is not None
    from_nl = dose.high_nl - (dose.step_nl + dose.slack_nl if counts else 0)
    low_nl = dose.low_nl + run_low_nl(dose)
    closed = replace(dose, low_nl=low_nl, anchor_ul=dose.count_ul, run_rate_nl=0, straddles=straddles or dose.straddles)
    return closed, from_nl


def advance(dose: Dose, pump: PumpPolicy, p: PumpState, new: Report, gap: bool) -> Dose:
    """The dose after the report `new`, which follows p.report; gap: nobody watched in between."""
    old, step_nl = p.report, pump.capabilities.counter_step_nl
    if dose.step_nl != step_nl:
        dose = other_counter(dose, step_nl)
    if old is None:
        return replace(close_run(dose, new.volume_ul), straddles=False)
    dt_ms = max(0, new.at_ms - old.at_ms)
    rate = max(high_ul_h(pump, old, p.commands), high_ul_h(pump, new, p.commands))
    by_rate_nl = ceil_nl(rate, dt_ms)
    if gap:
        syringe_nl = pump.syringe_volume_ul * NL_PER_UL
        by_rate_nl = syringe_nl if dose.unsure and rate else min(by_rate_nl, syringe_nl)
    low_rate_nl = 0 if gap or dose.straddles else low_ul_h(pump, old, new, p.commands) * dt_ms // UL_H_MS_PER_NL
    same = old.serial == new.serial and dose.count_ul is not None
    if new.volume_ul is None or not same:
        return uncounted(dose, new.volume_ul, by_rate_nl, low_rate_nl)
    if new.volume_ul < (dose.count_ul or 0):
        return uncounted(dose, new.volume_ul, max(by_rate_nl, new.volume_ul * NL_PER_UL), low_rate_nl)
    return counted(dose, new.volume_ul, by_rate_nl, low_rate_nl, gap)


def other_counter(dose: Dose, step_nl: int) -> Dose:
    """From now on a counter with that step: the run of the one before is over."""
    return replace(close_run(dose, None), step_nl=step_nl)


def counted(dose: Dose, volume_ul: int, by_rate_nl: int, low_rate_nl: int, gap: bool) -> Dose:
    """The counter went on."""
    delta_nl = (volume_ul - (dose.count_ul or 0)) * NL_PER_UL
    ahead_nl = dose.slack_nl + by_rate_nl - delta_nl
    high_nl = dose.high_nl + (by_rate_nl if ahead_nl >= 0 else delta_nl - dose.slack_nl)
    low_nl, anchor_ul, run_rate_nl = dose.low_nl, dose.anchor_ul, dose.run_rate_nl + (delta_nl if gap else low_rate_nl)
    if dose.straddles:
        low_nl, anchor_ul, run_rate_nl = low_nl + run_low_nl(dose), volume_ul, 0
    return Dose(
        dose.low_ng,
        dose.high_ng,
        low_nl,
        high_nl,
        anchor_ul,
        volume_ul,
        run_rate_nl,
        False,
        dose.conc_ug_ml,
        0 if ahead_nl <= 0 else ahead_nl if ahead_nl < dose.step_nl else dose.step_nl,  # min() takes longer
        False,
        dose.step_nl,
    )


def uncounted(dose: Dose, volume_ul: int | None, by_rate_nl: int, low_rate_nl: int) -> Dose:
    """No counter, a counter that fell, or another pump: the rate alone tells, and a new run begins.

    A counter that fell counts again from 0, so the caller lets `at most` take at least what it shows now.
    """
    closed = close_run(dose, volume_ul)
    low_nl = closed.low_nl + (low_rate_nl if volume_ul is None else 0)
    return replace(closed, low_nl=low_nl, high_nl=closed.high_nl + by_rate_nl, unsure=False, straddles=False)


def to_ng(volume_nl: int, conc_ug_ml: int, up: bool) -> int:
    """volume x concentration, rounded away from hope."""
    product = volume_nl * conc_ug_ml
    return -(-product // NL_PER_UL) if up else product // NL_PER_UL


def at_concentration(dose: Dose, conc_ug_ml: int | None, undocumented: int, straddles: bool = False) -> Dose:
    """From now on this concentration flows; straddles: the last report was earlier.

    What was given at the old one is fixed as mass, with the flow since the last report (it may have been either).
    A volume given while nobody had named a concentration takes the first one that is named in `at most`, and counts
    nowhere in `at least`: the marks that were taken meanwhile hold none of its mass.
    """
    if dose.conc_ug_ml is None:
        closed = close_run(dose, dose.count_ul)
        return replace(closed, low_nl=0, conc_ug_ml=conc_ug_ml, straddles=straddles or dose.straddles)
    done = close_run(dose, dose.count_ul)
    return replace(
        done,
        low_ng=done.low_ng + to_ng(done.low_nl, dose.conc_ug_ml, up=False),
        high_ng=done.high_ng + to_ng(dose.high_nl + undocumented, dose.conc_ug_ml, up=True),
        low_nl=0,
        high_nl=done.high_nl - dose.high_nl,
        conc_ug_ml=conc_ug_ml,
        straddles=straddles or done.straddles,
    )


def zeroed(dose: Dose, straddles: bool = False) -> Dose:
    """A new patient: nothing given yet; the counter goes on from where it stands."""
    return close_run(Dose(conc_ug_ml=dose.conc_ug_ml, straddles=straddles, step_nl=dose.step_nl), dose.count_ul)


def widened(dose: Dose, straddles: bool = False) -> Dose:
    """What was given before the first patient was bound may have gone into this one: at most stays, at least is 0."""
    return replace(close_run(dose, dose.count_ul), low_ng=0, low_nl=0, straddles=straddles or dose.straddles)


def between_reports(p: PumpState, now: int) -> bool:
    """Is the pump's last report older than now, so that something may have flowed since?"""
    return p.report is not None and p.report.at_ms < now


def delivered_ng(dose: Dose, conc_ug_ml: int, undocumented: int) -> tuple[int, int]:
    """(at least, at most) in nanograms, counting what may have flowed since the last report."""
    low_nl = dose.low_nl + run_low_nl(dose)
    low = dose.low_ng + to_ng(low_nl, conc_ug_ml, up=False)
    high = dose.high_ng + to_ng(dose.high_nl + undocumented, conc_ug_ml, up=True)
    return low, max(low, high)
