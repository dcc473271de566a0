"""A bed's dose accounting, in its order: totals, infusions, flows, caps, two channels, marks (CEI-09, CEI-11). Pure.

Only a bed with a protocol or a cap pays for it; and a report that changes nothing is passed over at a glance.
"""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.safety import caps, channels, flow, infusions
from pumpd.safety.alarm_table import Condition, reconcile
from pumpd.safety.ceiling import is_governed
from pumpd.safety.course_state import Flow, Given, Mark
from pumpd.safety.dose import between_reports, ceil_nl, delivered_ng, zeroed
from pumpd.safety.given import MARK_MS, Pair, is_tracked, pruned, take_mark
from pumpd.safety.policy import AlarmKind, BedPolicy, Priority, PumpPolicy
from pumpd.safety.pump import at_concentration
from pumpd.safety.state import Draft, PumpState, pump_policy
from pumpd.units import MS_PER_H

SCOPE = "d"
TECHNICAL = AlarmKind.TECHNICAL
DAY_MS = 24 * MS_PER_H  # marks are kept for a sliding day even where no cap has a window
LARGEST_NL = 50_000_000  # a pump that left while nobody knew its rate: the largest syringe of config/times.toml


def is_passed_over(d: Draft, pump: PumpPolicy) -> bool:
    """Does this pump's newest report, with nothing else due, change nothing that is accounted for?"""
    if is_tracked(d.policy):
        return flow.is_quiet(d, pump)
    return len(d.policy.pumps) == 1 and not d.given.flows


def settle(d: Draft) -> None:
    """Account for everything that is known now; before the pumps are judged, which ask `caps.stop_cause`."""
    if is_tracked(d.policy):
        account(d)
    elif d.given.flows:
        give_up(d)
    if len(d.policy.pumps) > 1 and not is_tracked(d.policy):
        channels.judge(d)
        if channels.due_ms(d) != d.given.due_ms:
            d.given = replace(d.given, due_ms=channels.due_ms(d))
        reconcile(d, SCOPE, channels.conditions(d))


def account(d: Draft) -> None:
    """In the order in which each rests on what is before it."""
    for pump in d.policy.pumps:
        p = d.pumps[pump.device]
        if p.dose.conc_ug_ml != pump.concentration_ug_ml:
            d.pumps[pump.device] = replace(p, dose=at_concentration(d, pump, p))
    if not d.given.marks:
        first_mark(d)
        if not d.given.flows:
            infusions.take_over(d, d.given.marks[0])
    ran = is_running(d)
    infusions.settle(d)
    flow.settle(d)
    found = caps.judge(d)
    channels.judge(d)
    keep_marks(d, ran)
    look_again(d, found)
    reconcile(d, SCOPE, conditions(d))


def is_running(d: Draft) -> bool:
    current = infusions.running_infusion(d)
    return current is not None and current.paused_ms is None


def give_up(d: Draft) -> None:
    """The bed has neither a protocol nor a cap any more: nothing of this stays behind."""
    infusions.close_course(d, "pumpd", "doses are no longer accounted for at this bed")
    d.given = Given()
    reconcile(d, SCOPE, {})


# --- marks


def first_mark(d: Draft) -> None:
    """Whatever was given to this patient before accounting began may have been given just now."""
    mark = take_mark(d)
    d.given = replace(d.given, marks=(Mark(mark.at_ms, mark.low_ng, 0),))


def keep_marks(d: Draft, ran: bool) -> None:
    """A mark each quarter of an hour while something flows, and one when nothing flows any more."""
    runs, newest_ms = is_running(d), d.given.marks[-1].at_ms
    due = runs and d.now - newest_ms >= MARK_MS and all_heard(d)
    if due or (ran and not runs and newest_ms < d.now):
        mark = take_mark(d)
        d.given = trimmed(d, replace(d.given, marks=(*d.given.marks, mark)))
        for pump in infusions.flowing(d):
            flow.tell(d, pump)


def all_heard(d: Draft) -> bool:
    """No pump was lost while it infused: after a mark in its silence nobody would know on which side it gave what."""
    return all(d.pumps[pump.device].live for pump in caps.running(d))


def trimmed(d: Draft, given: Given) -> Given:
    """Without the marks and the doses by hand that count nowhere any more."""
    found = caps.caps_of(d.policy)
    from_ms = d.now - (DAY_MS if found is None else max(DAY_MS, found[1].window_ms))
    oldest_ms = from_ms if d.course.opened_ms is None else min(from_ms, d.course.opened_ms)
    manual = tuple(dose for dose in given.manual if dose.at_ms >= oldest_ms)
    return replace(given, marks=pruned(given.marks, from_ms), manual=manual)


# --- when to look again


def look_again(d: Draft, found: list[caps.Span]) -> None:
    """The next time at which something happens by itself, and the levels up to which a report is passed over."""
    caps_ms, levels = caps.next_look(d, found)
    flows = {name: replace(known, level_nl=levels.get(name, flow.NEVER)) for name, known in d.given.flows.items()}
    current = infusions.running_infusion(d)
    paused_ms = None if current is None else current.paused_ms
    due = (
        caps_ms,
        channels.due_ms(d),
        None if paused_ms is None else paused_ms + infusions.ends_ms(d),
        d.given.marks[-1].at_ms + MARK_MS if is_running(d) and all_heard(d) else None,
    )
    d.given = replace(d.given, flows=flows, due_ms=min((at for at in due if at is not None), default=None))


# --- pumps that come and go


def change_pumps(d: Draft, policy: BedPolicy) -> None:
    """Before that policy is taken up: what pumps gave that leave the bed, or get another kind of drug, is kept."""
    flows = dict(d.given.flows)
    for name, known in d.given.flows.items():
        p, after = d.pumps.get(name), pump_policy(policy, name)
        if p is None or (after is not None and is_governed(after) == known.governed):
            continue
        if known.governed:
            low, high = last_mass(d, p)
            gone_low, gone_high = d.given.gone_low_ng + low, d.given.gone_high_ng + high
            d.given = replace(d.given, gone_low_ng=gone_low, gone_high_ng=gone_high)
        d.pumps[name] = replace(p, dose=zeroed(p.dose, between_reports(p, d.now)))
        del flows[name]
    d.given = replace(d.given, flows=flows)


def last_mass(d: Draft, p: PumpState) -> Pair:
    """Given by a pump that leaves: its policy may be gone already, so nothing but its own state is asked."""
    conc, report = p.dose.conc_ug_ml or 0, p.report
    waiting = 0
    if report is not None and report.infusing is not False:
        known = report.rate_ul_h is not None and not p.dose.unsure
        waiting = ceil_nl(report.rate_ul_h or 0, d.now - report.at_ms) if known else LARGEST_NL
    return delivered_ng(p.dose, conc, waiting)


# --- alarms


def conditions(d: Draft) -> dict[str, Condition]:
    found = channels.conditions(d)
    if d.given.stop is not None:
        text = f"{d.given.stop}{channels.by_hand(d, caps.running(d))}"
        found["d/cap_reached"] = Condition("cap_reached", None, Priority.HIGH, TECHNICAL, text)
    for span, percent, text in d.given.near:
        name = "plan_given" if span == caps.PLAN else f"cap_near:{span}"
        found[f"d/{name}"] = Condition(
            name, None, Priority.MEDIUM, TECHNICAL, text, f"{percent} %", worst_milli=percent, low=False
        )
    for name, known in d.given.flows.items():
        if known.over or known.under or known.free:
            found |= error_conditions(name, known)
    return found


def error_conditions(name: str, known: Flow) -> dict[str, Condition]:
    """DOS-04: what a pump gives is not what it says."""
    high, medium = Priority.HIGH, Priority.MEDIUM
    words = (
        ("free_flow", high, known.free and f"Free flow: {name} says that it stands still, and {known.free}"),
        ("over_infusion", medium, known.over and f"Over-infusion by {name}: {known.over}"),
        ("under_infusion", medium, known.under and f"Under-infusion by {name}: {known.under}"),
    )
    return {
        f"{SCOPE}/{what}:{name}": Condition(f"{what}:{name}", name, priority, TECHNICAL, text)
        for what, priority, text in words
        if text
    }
