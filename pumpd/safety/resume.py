"""Starting again after a stop: who may, when, and for how long (INT-03). Pure; nothing here can start a pump.

Resetting a trip re-arms the interlock and no more: the pump may be started only after a named person has asked for it,
with a reason, while breathing is watched and has been in limits for a while. A granted resume is a permission for a
person at the pump; it ends with its time, with a trip, with another patient, and when the pump infuses. A pump that is
found infusing without one is stopped again. Pumps whose drug does not depress breathing need none of this.
"""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.device.signals import SIGNALS
from pumpd.safety import breathing, caps, ceiling, channels, interlock, start
from pumpd.safety.answers import refuse, unexplained, unnamed
from pumpd.safety.decisions import InterlockState, Permitted, Resume
from pumpd.safety.events import ResumeRequested
from pumpd.safety.policy import AlarmKind, PumpPolicy, Rule, Term
from pumpd.safety.quality import is_refused, live_values
from pumpd.safety.requests import NO_PUMP, programmed_over
from pumpd.safety.rules import Live, plan_of
from pumpd.safety.state import Draft, PumpState, pump_policy

WITHOUT_RESUME = "started without resume"


def note_steady(d: Draft, live: Live) -> None:
    """Remember since when every required vital sign is live and in limits; call once the rules are up to date."""
    if not is_steady(d, live):
        d.steady_ms = None
    elif d.steady_ms is None:
        d.steady_ms = d.now


def is_steady(d: Draft, live: Live) -> bool:
    for name in d.policy.resume_vitals:
        if name not in live:
            return False
    return not d.rules or not broken_rules(d)


def broken_rules(d: Draft) -> list[Rule]:
    """The rules, pending or active, that are about a required vital sign or could stop a pump."""
    by_id, required = plan_of(d.policy.profile).by_id, d.policy.resume_vitals
    known = (by_id[name] for name in d.rules if name in by_id)
    return [rule for rule in known if rule.interlock or any(term.signal in required for term in terms_of(rule))]


def terms_of(rule: Rule) -> tuple[Term, ...]:
    return (*rule.all_of, *rule.any_of)


def shown(pump: PumpPolicy, p: PumpState) -> Resume:
    """What a screen says: a pump that is still stopped needs a resume as well as one that was reset."""
    if p.lock.state in (InterlockState.ARMED, InterlockState.ALARM_ONLY):
        return p.lock.resume
    return Resume.NEEDED if interlock.needs_resume(pump) else Resume.NOT_NEEDED


def reasons(d: Draft, pump: PumpPolicy, p: PumpState) -> list[str]:
    """ALL reasons why a person may not start this pump now."""
    found = lock_reasons(pump, p)
    if is_refused(pump, d.devices[pump.device]):
        found.append("the device on the line is not the configured one")
    if not p.live:
        found.append("the pump's status is not live")
    found += vital_reasons(d)
    found += ceiling.unverifiable(d, pump)
    found += caps.forbids(d, pump)
    found += start.forbids(d, pump)
    if programmed_over(d, pump, p):
        found.append("the pump's rate is still above the hard ceiling")
    elif together_over(d, pump, p):
        found.append("the pump's rate with what runs at the bed's other pumps is above the hard ceiling")
    if "journal_failing" in d.faults:
        found.append("the journal is failing: the permission could not be recorded")
    return found


def together_over(d: Draft, pump: PumpPolicy, p: PumpState) -> bool:
    """Would starting it at its programmed rate bring the sum of the bed's pumps above the hard ceiling (CEI-11)?"""
    rate = None if p.report is None else p.report.rate_ul_h
    if len(d.policy.pumps) < 2 or pump.drug is None or not pump.drug.governed or rate is None:
        return False
    return channels.others_ng_h(d, pump) > 0 and channels.above_with(d, pump, rate, pump.drug.hard)


def lock_reasons(pump: PumpPolicy, p: PumpState) -> list[str]:
    """The stop must be verified and reset by a person, and there must be something to resume."""
    if shown(pump, p) is Resume.NOT_NEEDED:
        return ["no resume is needed: this pump was not stopped"]
    state = p.lock.state
    if state in (InterlockState.ARMED, InterlockState.ALARM_ONLY):
        return []
    if state is InterlockState.STOP_VERIFIED:
        return ["the stop is verified, but the interlock is not reset"]
    return ["the stop is not verified, and the interlock is not reset"]


def vital_reasons(d: Draft) -> list[str]:
    """Each required vital that is missing, each limit that is broken, each alarm about the patient; else the wait."""
    live, broken = live_values(d), broken_rules(d)
    found = [f"{label(name)} is missing or not live" for name in d.policy.resume_vitals if name not in live]
    found += dict.fromkeys(f"not in limits: {rule.text}" for rule in broken)
    told = {rule.condition for rule in broken}
    found += [
        f"an alarm is present: {alarm.text}"
        for alarm in d.alarms.values()
        if alarm.present and alarm.kind is AlarmKind.PHYSIOLOGICAL and alarm.condition not in told
    ]
    steady_ms = 0 if d.steady_ms is None else d.now - d.steady_ms
    wanted_ms = d.policy.times.resume_steady_ms
    if not found and d.policy.resume_vitals and steady_ms < wanted_ms:
        found.append(f"the vital signs have been in limits for {steady_ms // 1000} s of {wanted_ms // 1000} s")
    return found


def label(signal: str) -> str:
    return SIGNALS[signal].label if signal in SIGNALS else signal


def resume_requested(d: Draft, event: ResumeRequested) -> None:
    """Permit a person to start the pump, for a while; refused with ALL reasons."""
    pump = pump_policy(d.policy, event.pump)
    found = unnamed(event.by) + unexplained(event.reason)
    if pump is None:
        refuse(d, "resume", event.pump, (*found, NO_PUMP), event.by, event.reason)
        return
    p = d.pumps[pump.device]
    found += reasons(d, pump, p)
    if found:
        refuse(d, "resume", event.pump, found, event.by, event.reason)
        return
    why = interlock.cannot_stop(pump, p)
    note = "" if why is None else f"ALARM ONLY ({why}): pumpd could not stop it again"
    d.out.append(Permitted("resume", event.pump, event.by, note))
    until_ms = d.now + d.policy.times.resume_valid_ms
    lock = replace(p.lock, resume=Resume.ALLOWED, resume_until_ms=until_ms, resume_by=event.by)
    d.pumps[pump.device] = replace(p, lock=lock)


def settle(d: Draft, pump: PumpPolicy, p: PumpState) -> PumpState:
    """What time, breathing and the pump's report make of a needed or granted resume."""
    lock = p.lock
    if lock.resume is Resume.ALLOWED and is_over(d, pump, p):
        lock = interlock.without_permission(lock)
    infusing = p.report.infusing if p.live and p.report is not None else False
    if infusing and lock.resume is Resume.ALLOWED:  # one that only may infuse leaves the permission to its time
        lock = replace(lock, resume=Resume.NOT_NEEDED, resume_until_ms=None, resume_by=None)
    p = p if lock is p.lock else replace(p, lock=lock)
    if infusing is not False and lock.resume is Resume.NEEDED and lock.state is InterlockState.ARMED:
        return interlock.trip(d, pump, p, WITHOUT_RESUME)
    return p


def is_over(d: Draft, pump: PumpPolicy, p: PumpState) -> bool:
    """A permission ends with its time, and when what it rested on is gone: breathing, its monitoring, the device."""
    until_ms = p.lock.resume_until_ms
    timed_out = until_ms is None or until_ms <= d.now
    refused = is_refused(pump, d.devices[pump.device])
    return timed_out or refused or d.stop_rule is not None or breathing.is_unwatched(d)
