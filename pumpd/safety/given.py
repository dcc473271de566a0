"""What this patient has been given by the governed pumps of the bed: totals, marks, differences of them. Pure, exact.

Theory. A patient's total is the sum of every governed pump's dose (pumpd.safety.dose) and of what pumps that left the
bed have given. What was given since some moment is the difference of two totals, `at most` less `at most` and `at
least` less `at least`. That is true of `at least` only where no counter run reaches over the moment, so a mark closes
every run; and of `at most` only with a counter step to spare, so a mark takes that off its own `at most`. What flows
between a pump's last report and a mark counts after the mark in `at most`, and nowhere in `at least`
(Dose.straddles). Doses by hand have times of their own and are no part of a mark.
"""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.safety.ceiling import is_governed
from pumpd.safety.course_state import Earlier, Infusion, Mark
from pumpd.safety.dose import (
    between_reports,
    delivered_ng,
    marked,
    report_high_ul_h,
    run_low_nl,
    to_ng,
    undocumented_nl,
)
from pumpd.safety.policy import BedPolicy, PumpPolicy
from pumpd.safety.state import Draft, PumpState
from pumpd.units import MS_PER_MIN

MARK_MS = 15 * MS_PER_MIN  # how finely the sliding window slides, and the timeline of doses is told
REMEMBERED = 8  # patients who left the bed
Pair = tuple[int, int]  # (at least, at most) in nanograms


def is_tracked(policy: BedPolicy) -> bool:
    """Are doses of this bed accounted for: is there a protocol, or a cap?"""
    if policy.protocol is not None:
        return True
    for pump in policy.pumps:  # noqa: SIM110 - asked in every step, and a generator takes three times as long
        if pump.drug is not None and pump.drug.caps is not None:
            return True
    return False


def mass_ng(d: Draft, pump: PumpPolicy, p: PumpState) -> Pair | None:
    """Given by this pump to the present patient until now; None: volume flowed whose concentration nobody has named."""
    dose = p.dose
    if dose.conc_ug_ml is None or dose.conc_ug_ml <= 0:
        counts_nl = 0 if dose.count_ul is None else dose.step_nl  # what `at most` holds when a counter was just read
        flowed = dose.high_nl > counts_nl or report_high_ul_h(p.report, pump.capabilities) > 0
        return None if flowed else (dose.low_ng, dose.high_ng)
    return delivered_ng(dose, dose.conc_ug_ml, undocumented_nl(pump, p, d.now))


def patient_total(d: Draft) -> Pair:
    """(at least, at most) that governed pumps have given to this patient until now, in nanograms.

    Not in it: doses by hand (see `by_hand_ng`), and volume whose concentration nobody has named (see `untold`).
    """
    low, high = d.given.gone_low_ng, d.given.gone_high_ng
    for pump in d.policy.pumps:
        found = mass_ng(d, pump, d.pumps[pump.device]) if is_governed(pump) else None
        if found is not None:
            low, high = low + found[0], high + found[1]
    return low, high


def untold(d: Draft) -> list[str]:
    """Governed pumps that have given, or may give, what has no known mass."""
    return [p.device for p in d.policy.pumps if is_governed(p) and mass_ng(d, p, d.pumps[p.device]) is None]


def by_hand_ng(d: Draft, from_ms: int, until_ms: int | None = None) -> int:
    """Ketamine by hand that counts in the dose windows, given from that time on."""
    return sum(
        dose.ng for dose in d.given.manual if dose.at_ms >= from_ms and (until_ms is None or dose.at_ms <= until_ms)
    )


def take_mark(d: Draft, exact: str = "") -> Mark:
    """The totals at this moment, for differences (see the module's theory); every counter run is closed.

    exact: a pump of which it is known that nothing has flowed since its last report.
    """
    low, high = d.given.gone_low_ng, d.given.gone_high_ng
    for pump in d.policy.pumps:
        if not is_governed(pump):
            continue
        p = d.pumps[pump.device]
        closed, high_nl = marked(p.dose, pump.device != exact and between_reports(p, d.now))
        if closed is not p.dose:
            d.pumps[pump.device] = replace(p, dose=closed)
        conc = closed.conc_ug_ml or 0
        low += closed.low_ng + to_ng(closed.low_nl + run_low_nl(closed), conc, up=True)
        high += closed.high_ng + to_ng(high_nl, conc, up=False)
    return Mark(d.now, low, high)


def since(d: Draft, mark: Mark, total: Pair | None = None) -> Pair:
    """Given by pumps since the mark. total: `patient_total`, where it is known already."""
    return between(mark, mark, patient_total(d) if total is None else total)


def between(low_from: Mark, high_from: Mark, total: Pair) -> Pair:
    low, high = max(0, total[0] - low_from.low_ng), total[1] - high_from.high_ng
    return low, max(low, high)


def infusion_given(d: Draft, infusion: Infusion, total: Pair | None = None) -> Pair:
    """(at least, at most) given in this infusion, by pumps and by hand, in nanograms. total: see `since`."""
    if infusion.ended_ms is not None and infusion.low_ng is not None and infusion.high_ng is not None:
        low, high = infusion.low_ng, infusion.high_ng
    else:
        low, high = since(d, infusion.mark, total)
    hand = by_hand_ng(d, infusion.started_ms, infusion.ended_ms)
    return low + hand, high + hand


def course_given(d: Draft, total: Pair | None = None) -> Pair | None:
    """(at least, at most) given in the open course, by pumps and by hand; None: none is open. total: see `since`."""
    mark = d.given.course
    if mark is None:
        return None
    low, high = since(d, mark, total)
    hand = by_hand_ng(d, mark.at_ms if d.course.opened_ms is None else min(mark.at_ms, d.course.opened_ms))
    return low + hand, high + hand


def window_given(d: Draft, window_ms: int, total: Pair | None = None) -> Pair:
    """(at least, at most) given in the last window_ms, by pumps and by hand. total: see `since`.

    The bounds of a moment between two marks: `at most` from the one before it, `at least` from the one after it.
    """
    from_ms = d.now - window_ms
    before = [mark for mark in d.given.marks if mark.at_ms <= from_ms]
    after = [mark for mark in d.given.marks if mark.at_ms >= from_ms]
    total = patient_total(d) if total is None else total
    if before:
        high_from = before[-1]
    else:
        high_from = d.given.marks[0] if d.given.marks else Mark(d.now, *total)
    low_from = after[0] if after else Mark(d.now, *total)
    low, high = between(low_from, high_from, total)
    hand = by_hand_ng(d, from_ms)
    return low + hand, high + hand + earlier_ng(d, from_ms)


def earlier_ng(d: Draft, from_ms: int) -> int:
    """What this patient may have been given before leaving this bed and coming back, since that time."""
    if not d.given.earlier or d.patient is None:
        return 0
    return sum(one.high_ng for one in d.given.earlier if one.mrn == d.patient.mrn and one.at_ms >= from_ms)


def remembered(d: Draft) -> tuple[Earlier, ...]:
    """What to remember when the patient leaves, where doses are capped in a window; of no more than a few patients."""
    drugs = (pump.drug for pump in d.policy.pumps if pump.drug is not None and pump.drug.governed)
    window_ms = max((drug.caps.window_ms for drug in drugs if drug.caps is not None), default=None)
    if d.patient is None or window_ms is None:
        return ()
    mrn = d.patient.mrn
    others = (one for one in d.given.earlier if one.mrn != mrn and one.at_ms >= d.now - window_ms)
    return (*others, Earlier(mrn, d.now, window_given(d, window_ms)[1]))[-REMEMBERED:]


def pruned(marks: tuple[Mark, ...], from_ms: int) -> tuple[Mark, ...]:
    """Without the marks that no window needs any more: the newest one at or before its beginning stays."""
    start = 0
    while start + 1 < len(marks) and marks[start + 1].at_ms <= from_ms:
        start += 1
    return marks[start:] if start else marks
