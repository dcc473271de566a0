"""Dose caps per infusion, per course and in a sliding window (CEI-09): how near, reached, what that forbids. Pure.

A cap counts everything that can have been given: what ran, boluses (the counter), doubt, and doses by hand. It is
reached when `at most` and what can still flow while a stop is in flight come to it, so that it is met and not passed.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from msgspec.structs import replace

from pumpd.safety import ceiling
from pumpd.safety.breathing import last_heard_running
from pumpd.safety.course_state import Infusion
from pumpd.safety.decisions import InfusionPhase
from pumpd.safety.dose import NL_PER_UL, high_ul_h, undocumented_nl
from pumpd.safety.flow import NEVER
from pumpd.safety.given import Pair, course_given, infusion_given, patient_total, untold, window_given
from pumpd.safety.infusions import INFUSION, may_follow, put, running_infusion, tell
from pumpd.safety.limits import Cap, DoseCaps
from pumpd.safety.policy import BedPolicy, PumpPolicy
from pumpd.safety.remembered import by_identity
from pumpd.safety.state import Draft, PumpState
from pumpd.safety.view import CapView
from pumpd.units import MS_PER_H, exact, format_mg, format_weight, plain

COURSE, WINDOW = "course", "window"
PLAN = "plan"  # not a cap: what the running infusion was planned to give


class Span(NamedTuple):
    """A cap that binds now, for this patient's weight, and what was given of it."""

    name: str
    cap: Cap
    cap_ng: int
    given: Pair
    drug: str
    words: str  # "per infusion"


@by_identity
def caps_of(policy: BedPolicy) -> tuple[str, DoseCaps] | None:
    """The drug's name and the tightest of what its entries at the bed's governed pumps say; None: no caps."""
    drugs = [p.drug for p in policy.pumps if p.drug is not None and p.drug.governed and p.drug.caps is not None]
    if not drugs:
        return None
    caps = [drug.caps for drug in drugs if drug.caps is not None]
    tightest = DoseCaps(
        least([one.per_infusion for one in caps]),
        least([one.per_course for one in caps]),
        least([one.per_window for one in caps]),
        max(one.window_ms for one in caps),
        min(one.warn_percent for one in caps),
    )
    return drugs[0].label, tightest


def least(caps: list[Cap | None]) -> Cap | None:
    return min((cap for cap in caps if cap is not None), key=lambda cap: cap.ug_kg, default=None)


def weight_g(d: Draft) -> int | None:
    """The weight that caps are judged by; None where it is missing or not believable."""
    return None if d.patient is None or ceiling.weight_reason(d) is not None else d.patient.weight_g


def spans(d: Draft) -> list[Span]:
    """The caps that bind now; empty where they cannot be judged."""
    found, weight = caps_of(d.policy), weight_g(d)
    if found is None or weight is None:
        return []
    label, caps = found
    current, total = running_infusion(d), patient_total(d)
    course, hours = course_given(d, total), hours_words(caps.window_ms)
    every = (
        (INFUSION, caps.per_infusion, None if current is None else infusion_given(d, current, total), "per infusion"),
        (COURSE, caps.per_course, course, "per course"),
        (WINDOW, caps.per_window, window_given(d, caps.window_ms, total) if caps.per_window else None, f"in {hours} h"),
    )
    return [
        Span(name, cap, cap.ug_kg * weight, given, label, words)
        for name, cap, given, words in every
        if cap is not None and given is not None
    ]


@cache  # of the few windows that protocols have
def hours_words(window_ms: int) -> str:
    return plain(exact(window_ms * 1000 // MS_PER_H, 1000))


# --- what flows


def running(d: Draft) -> list[PumpPolicy]:
    """Governed pumps that were last heard infusing, or not understood."""
    return [p for p in d.policy.pumps if ceiling.is_governed(p) and last_heard_running(d.pumps[p.device])]


def flow_ng_h(pump: PumpPolicy, p: PumpState) -> int:
    """The greatest flow of mass by report and unresolved commands."""
    return high_ul_h(pump, p.report, p.commands) * (p.dose.conc_ug_ml or 0)


def growth_ng_h(d: Draft, pump: PumpPolicy, p: PumpState) -> int:
    """How fast `at most` grows while nothing is heard: not beyond the syringe."""
    full = undocumented_nl(pump, p, d.now) >= pump.syringe_volume_ul * NL_PER_UL
    return 0 if full else flow_ng_h(pump, p)


def in_flight_ng(d: Draft, flow: int) -> int:
    """What flows while a stop is in flight."""
    return -(-flow * d.policy.times.stop_flight_ms // MS_PER_H)


def total_flow(d: Draft, pumps: list[PumpPolicy]) -> int:
    return sum(flow_ng_h(pump, d.pumps[pump.device]) for pump in pumps)


# --- judging


def judge(d: Draft) -> list[Span]:
    """Remember why every governed pump has to stand still, and which caps are nearly reached; the caps, as judged."""
    pumps = running(d)
    if not pumps:
        if d.given.stop is not None or d.given.near:
            d.given = replace(d.given, stop=None, near=())
        return []
    found, flight = spans(d), in_flight_ng(d, total_flow(d, pumps))
    current = running_infusion(d)
    reached = next((span for span in found if span.given[1] + flight >= span.cap_ng), None)
    if current is not None and current.capped is None and reached is not None:
        stop_infusion(d, current, reached, pumps)
    stop = stopped_why(d) or (None if reached is None else reached_words(d, reached))
    near = () if stop is not None else (*near_caps(d, found), *beyond_plan(d))
    if stop != d.given.stop or near != d.given.near:
        d.given = replace(d.given, stop=stop, near=near)
    return found


def stopped_why(d: Draft) -> str | None:
    """In words, while an infusion that a cap stopped is not over."""
    current = running_infusion(d)
    return None if current is None or current.capped is None else current.why


def stop_infusion(d: Draft, current: Infusion, span: Span, pumps: list[PumpPolicy]) -> None:
    why = reached_words(d, span)
    put(d, replace(current, phase=InfusionPhase.STOPPED_BY_CAP, capped=span.name, why=why))
    tell(d, pumps[0].device, why)


def near_caps(d: Draft, found: list[Span]) -> tuple[tuple[str, int, str], ...]:
    """(span, percent given, words) of each cap from its warning on."""
    caps = caps_of(d.policy)
    percents = ((span, span.given[1] * 100 // span.cap_ng if span.cap_ng else 100) for span in found)
    return tuple(
        (span.name, percent, f"{span.drug} near its dose cap {span.words}: {percent} % of {limit_words(d, span)}")
        for span, percent in percents
        if caps is not None and percent >= caps[1].warn_percent
    )


def planned(d: Draft) -> tuple[int, int] | None:
    """(the planned dose of the running infusion, what was given of it at most) in nanograms; None without a plan."""
    current, weight = running_infusion(d), weight_g(d)
    if current is None or current.dose_ug_kg is None or weight is None:
        return None
    return current.dose_ug_kg * weight, infusion_given(d, current)[1]


def beyond_plan(d: Draft) -> tuple[tuple[str, int, str], ...]:
    """The planned dose is given and the pump still runs: nobody stops it for that, so somebody is told."""
    found = planned(d)
    if found is None or found[1] < found[0]:
        return ()
    words = f"the planned dose is given, the pump still runs: {format_mg(found[1])} of {format_mg(found[0])} planned"
    return ((PLAN, found[1] * 100 // found[0] if found[0] else 100, words),)


def limit_words(d: Draft, span: Span) -> str:
    """ "35 mg (0.5 mg/kg for 70 kg) set by source B"."""
    weight = format_weight(weight_g(d) or 0)
    return (
        f"{format_mg(span.cap_ng)} ({plain(exact(span.cap.ug_kg, 1000))} mg/kg for {weight}) set by {span.cap.set_by}"
    )


def reached_words(d: Draft, span: Span) -> str:
    """Cause, value, limit and whose it is."""
    return f"{span.drug} dose cap {span.words} reached: {format_mg(span.given[1])} of {limit_words(d, span)}"


def stop_cause(d: Draft, pump: PumpPolicy, p: PumpState) -> str | None:
    """Why this pump has to stand still by what was given, or by the sum of the bed's pumps; in words, or None."""
    given = d.given
    if (given.stop is None and given.sum_stop is None) or not ceiling.is_governed(pump) or not last_heard_running(p):
        return None
    return given.stop or given.sum_stop


def forbids(d: Draft, pump: PumpPolicy, rate_ul_h: int | None = None) -> list[str]:
    """Why caps forbid that this pump flows, at its programmed rate or the one that is asked for."""
    if not ceiling.is_governed(pump) or caps_of(d.policy) is None:
        return []
    last = d.given.infusions[-1] if d.given.infusions else None
    why = d.given.held if last is None else last.why if last.capped == INFUSION else ""
    if why and not may_follow(d):
        return [f"{why}; another infusion must be planned first"]
    p = d.pumps[pump.device]
    rate = (p.report.rate_ul_h if p.report is not None else 0) if rate_ul_h is None else rate_ul_h
    others = total_flow(d, [other for other in running(d) if other is not pump])
    flight = in_flight_ng(d, others + (rate or 0) * (p.dose.conc_ug_ml or 0))
    return [reached_words(d, span) for span in spans(d) if span.given[1] + flight >= span.cap_ng]


def unjudged(d: Draft, pump: PumpPolicy) -> str | None:
    """Why the caps of this pump's drug cannot be judged, in words, or None."""
    if pump.drug is None or pump.drug.caps is None or not pump.drug.governed:
        return None
    if weight_g(d) is None or untold(d):
        return "its dose caps cannot be judged"
    return None


# --- when to look again


def next_look(d: Draft, found: list[Span]) -> tuple[int | None, dict[str, int]]:
    """When time alone brings `at most` to the next warning or cap, and each pump's level of Dose.high_nl that does.

    found: the caps as `judge` has just found them.
    """
    pumps, caps = running(d), caps_of(d.policy)
    if not pumps or caps is None:
        return None, {}
    flight = in_flight_ng(d, total_flow(d, pumps))
    rooms = [room_ng(span, caps[1].warn_percent, flight) for span in found] if d.given.stop is None else []
    room = min(rooms, default=None)
    if room is None:
        return None, {}
    growth = sum(growth_ng_h(d, pump, d.pumps[pump.device]) for pump in pumps)
    due_ms = d.now + max(1, -(-room * MS_PER_H // growth)) if growth else None
    return due_ms, {pump.device: level_nl(d.pumps[pump.device], room // len(pumps)) for pump in pumps}


def room_ng(span: Span, warn_percent: int, flight: int) -> int:
    """How much may still be given until a warning changes or the cap is reached."""
    percent = max(warn_percent, span.given[1] * 100 // span.cap_ng + 1 if span.cap_ng else 0)
    return max(0, min(-(-span.cap_ng * percent // 100), span.cap_ng - flight) - span.given[1])


def level_nl(p: PumpState, room: int) -> int:
    conc = p.dose.conc_ug_ml
    return p.dose.high_nl + max(1, room * NL_PER_UL // conc) if conc else NEVER


# --- what a screen shows


def caps_view(d: Draft) -> tuple[CapView, ...]:
    """The caps that bind now, the nearest to being reached first; none where they cannot be judged."""
    if untold(d):
        return ()
    growth = sum(growth_ng_h(d, pump, d.pumps[pump.device]) for pump in running(d))
    shown = [
        CapView(span.name, span.cap_ng, span.cap.set_by, *span.given, reached_ms(d, span, growth)) for span in spans(d)
    ]
    return tuple(sorted(shown, key=lambda view: (view.limit_ng - view.high_ng, view.span)))


def reached_ms(d: Draft, span: Span, growth: int) -> int | None:
    """When `at most` reaches the cap at the present rate; None where nothing flows."""
    left = span.cap_ng - span.given[1]
    if left <= 0:
        return d.now
    return d.now + -(-left * MS_PER_H // growth) if growth else None
