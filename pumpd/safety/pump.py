"""What a pump's facts change, and how one pump is judged after every event. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.device.facts import CommandOutcome, Control, ControlState, Outcome, PumpStatus
from pumpd.safety import breathing, caps, ceiling, channels, dose, infusions, interlock, resume, start
from pumpd.safety.decisions import InterlockState, Resume
from pumpd.safety.given import is_tracked
from pumpd.safety.policy import PumpPolicy
from pumpd.safety.quality import is_refused
from pumpd.safety.state import Command, Dose, Draft, Lock, PumpState, Report, refreshed
from pumpd.units import format_rate_ml_h


def hear_status(d: Draft, pump: PumpPolicy, status: PumpStatus) -> None:
    """A status report: the only fact by which a pump counts as heard."""
    device = d.devices[pump.device]
    serial = device.serial if status.serial is None else status.serial
    d.devices[pump.device] = refreshed(device, d.now, serial)
    if is_refused(pump, d.devices[pump.device]):
        forget(d, pump)
        return
    p = d.pumps[pump.device]
    report = Report(
        status.infusing,
        believed(status.rate_ul_h),
        believed(status.volume_ul),
        d.now,
        status.requested_ms,
        status.integrity,
        serial,
    )
    if report.infusing is not False and p.report is not None and p.report.infusing is False and is_tracked(d.policy):
        infusions.before_report(d, pump, p, report)
        p = d.pumps[pump.device]
    changed = spontaneous(p, report) or p.changed
    given = dose.advance(p.dose, pump, p, report, gap=not p.live)
    commands = tuple(c for c in p.commands if not resolved(c, report)) if p.commands else ()
    p = PumpState(
        p.lock,
        report,
        True,
        p.control,
        p.over_ms,
        p.over_sure,
        p.reduce_ms,
        p.override,
        commands,
        changed,
        p.refused,
        given,
    )
    d.pumps[pump.device] = interlock.heard(d, pump, p, status)


def believed(number: int | None) -> int | None:
    """A rate or volume below zero is no number (QUA-01)."""
    return None if number is None or number < 0 else number


def forget(d: Draft, pump: PumpPolicy) -> None:
    """The device on the line is not the configured one: nothing that it says is used (QUA-05).

    The configured pump may infuse on, off the line: like a lost one it counts by its own last report.
    """
    p = d.pumps[pump.device]
    if p.live:
        d.pumps[pump.device] = replace(p, live=False)


def resolved(command: Command, report: Report) -> bool:
    """A status requested after the command's end tells what became of it (INT-04)."""
    return command.done_ms is not None and report.requested_ms is not None and report.requested_ms > command.done_ms


def spontaneous(p: PumpState, new: Report) -> str | None:
    """What changed at the pump without our command, in words (INT-05)."""
    old = p.report
    if old is None or (old.infusing is new.infusing and old.rate_ul_h == new.rate_ul_h):
        return None
    if old.infusing is not new.infusing and None not in (old.infusing, new.infusing):
        return mode_change(p, new)
    if new.infusing is False or old.rate_ul_h is None or new.rate_ul_h is None or old.rate_ul_h == new.rate_ul_h:
        return None
    if any(c.rate_ul_h == new.rate_ul_h and c.outcome is not Outcome.REFUSED for c in p.commands):
        return None
    return f"changed at the pump: {format_rate_ml_h(old.rate_ul_h)} -> {format_rate_ml_h(new.rate_ul_h)}"


def mode_change(p: PumpState, new: Report) -> str | None:
    if new.infusing:
        rate = "rate unknown" if new.rate_ul_h is None else format_rate_ml_h(new.rate_ul_h)
        allowed = p.lock.resume is not Resume.NEEDED and p.lock.state is not InterlockState.STOP_VERIFIED
        return f"started at the pump: {rate}{'' if allowed else ', without resume'}"
    ours = p.lock.state in interlock.STOPPING
    return None if ours else "stopped at the pump"


def hear_outcome(d: Draft, pump: PumpPolicy, fact: CommandOutcome) -> None:
    """How an order ended: a stop's ack moves the interlock, a rate command's outcome is kept until resolved."""
    p = interlock.acked(d, pump, d.pumps[pump.device], fact)
    if any(c.order_id == fact.order_id for c in p.commands):
        p = replace(p, commands=tuple(concluded(c, fact, d.now) for c in p.commands))
        if fact.outcome is Outcome.REFUSED:
            p = replace(p, refused=f"the pump refused the rate command {fact.detail}".rstrip())
    d.pumps[pump.device] = p


def concluded(command: Command, fact: CommandOutcome, now: int) -> Command:
    if command.order_id != fact.order_id or command.outcome is not None:
        return command
    return replace(command, outcome=fact.outcome, done_ms=now)


def lose_commands(p: PumpState, now: int) -> PumpState:
    """The line or the daemon went away: commands without an outcome are unknown from now on."""
    if not any(c.outcome is None for c in p.commands):
        return p
    lost = tuple(c if c.outcome is not None else replace(c, outcome=Outcome.UNKNOWN, done_ms=now) for c in p.commands)
    return replace(p, commands=lost)


def hear_control(d: Draft, pump: PumpPolicy, fact: Control) -> None:
    d.pumps[pump.device] = replace(d.pumps[pump.device], control=fact.state)


def line_down(d: Draft, pump: PumpPolicy) -> None:
    """Nobody holds remote control over a line that is down."""
    p = lose_commands(d.pumps[pump.device], d.now)
    control = None if p.control in (ControlState.GRANTED, ControlState.REFUSED) else p.control
    d.pumps[pump.device] = replace(p, control=control)


def restart(d: Draft, pump: PumpPolicy, gap_certain: bool) -> None:
    """After a restart: nothing is live, doubt is widened, an outstanding stop goes out at once."""
    p = lose_commands(d.pumps[pump.device], d.now)
    lock = p.lock
    if lock.state in interlock.STOPPING:
        lock = replace(lock, stop_due_ms=d.now)
    doubt = replace(p.dose, unsure=p.dose.unsure or not gap_certain)
    d.pumps[pump.device] = replace(p, live=False, control=None, lock=lock, dose=doubt)


def at_concentration(d: Draft, pump: PumpPolicy, p: PumpState) -> Dose:
    """The dose at the configured concentration; see pumpd.safety.dose."""
    waiting, straddles = dose.undocumented_nl(pump, p, d.now), dose.between_reports(p, d.now)
    return dose.at_concentration(p.dose, pump.concentration_ug_ml, waiting, straddles)


def settle(d: Draft, pump: PumpPolicy) -> None:
    """Judge one pump on what is known now: resume, breathing, ceiling, and the stop under way.

    Breathing comes before the ceiling: a pump that has to stop is not told to run slower in the same step.
    """
    p = before = d.pumps[pump.device]
    if p.dose.conc_ug_ml != pump.concentration_ug_ml:
        p = replace(p, dose=at_concentration(d, pump, p))
    if p.lock.state in (InterlockState.ARMED, InterlockState.ALARM_ONLY):
        p = interlock.arm(d, pump, p)
    if p.lock.resume is not Resume.NOT_NEEDED:
        p = resume.settle(d, pump, p)
    if p.override is not None:
        p = ceiling.keep_override(d, pump, p, channels.above_soft(d))
    if (d.stop_rule is not None or d.blind_ms is not None) and p.lock.state is InterlockState.ARMED:
        cause = breathing.stop_cause(d, pump, p)
        p = p if cause is None else interlock.trip(d, pump, p, cause)
    if d.given.stop is not None or d.given.sum_stop is not None:
        cause = caps.stop_cause(d, pump, p)
        p = p if cause is None else interlock.trip(d, pump, p, cause)
    if d.course.extra and p.lock.state is InterlockState.ARMED:
        cause = start.stop_cause(d, pump, p)
        p = p if cause is None else interlock.trip(d, pump, p, cause)
    p = ceiling.judge_hard(d, pump, p)
    p = interlock.drive(d, pump, p)
    if p is not before:
        d.pumps[pump.device] = p


def due(d: Draft, pump: PumpPolicy) -> list[int | None]:
    """When time alone will next change something at this pump."""
    p = d.pumps[pump.device]
    times = interlock.due(d, p)
    if p.over_ms is not None and not p.over_sure:
        times.append(p.over_ms + pump.poll_ms)
    if p.reduce_ms is not None:
        times.append(p.reduce_ms + ceiling.reduce_wait_ms(d, pump))
    if p.override is not None:
        times.append(p.override.at_ms + d.policy.times.soft_override_max_ms)
    if p.lock.resume_until_ms is not None:
        times.append(p.lock.resume_until_ms)
    return times


def first_state(pump: PumpPolicy) -> PumpState:
    p = PumpState()
    reason = interlock.cannot_stop(pump, p)
    return p if reason is None else replace(p, lock=Lock(InterlockState.ALARM_ONLY, reason))
