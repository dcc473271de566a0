"""The shortcut of a quiet frame: values and times move on, and nothing else can have changed.

Nearly every frame is such a one. `step` judges a bed in hundreds of small operations; where a bed is calm (no rule
runs, nothing is held, doubted, stale, lost or alarmed of what the frame concerns, nothing is due) and every value of
the frame stays where no rule, no limit and no cap can catch it, the bed after the step is known, to the last field
(tests/safety/test_glance.py and every bed of the model, of the properties and of the simulated day hold it against the
long way). Whenever anything makes that less than certain the frame is not passed over, and the long way is gone.

A bed after a quiet frame is as calm as before it, but for the frame: so what was found calm at the first of a chain of
them need not be asked of the next. And of such a chain only the newest values count: they are kept (in the bed's Calm,
pumpd.safety.calm_policy, which its shell owns), and the state is made of them when somebody looks. Pure but for that
one argument.
"""

from __future__ import annotations

from pumpd.device.facts import DeviceAlarms, PumpStatus, Vitals
from pumpd.safety.alarm_table import due_ms
from pumpd.safety.calm_policy import NEVER_MS, Calm, CalmPump, calm_of
from pumpd.safety.events import Event, Heard
from pumpd.safety.policy import BedPolicy
from pumpd.safety.quiet_frame import pass_over_alarms, settled, take
from pumpd.safety.quiet_status import pass_over_status
from pumpd.safety.quiet_vitals import pass_over_vitals
from pumpd.safety.state import BedState, Report


def glance(state: BedState, event: Event, now: int, policy: BedPolicy) -> BedState | None:
    """The bed after `event`, where that is a frame that decides nothing; None: `step` has to tell.

    Arguments as for `step`. (A chain is remembered by policy here; that saves time and never changes an answer.)
    """
    if type(event) is not Heard:
        return None
    calm = calm_of(policy)
    if settled(calm) is not state:
        take(calm, state)
    return settled(calm) if passes_over(calm, event, now) else None


def passes_over(calm: Calm, event: Heard, now: int) -> bool:
    """Does this frame decide nothing? Then it is in `settled(calm)` from now on. Else nothing has moved."""
    fact = event.fact
    kind = type(fact)
    if kind is PumpStatus:
        pump, status = calm.pumps.get(event.device), fact
        report = None if pump is None else pump.report if pump.chain == calm.chain else last_report(calm, pump)
        if report is None or report.rate_ul_h is None:
            return False
        if report.rate_ul_h != status.rate_ul_h or report.infusing is not status.infusing:  # type: ignore[union-attr]
            return False  # before all else: a stop may be due
    if not (calm.begun or begins(calm)) or not calm.now_ms <= now < calm.due_ms:
        return False  # something is due before or at this frame
    if kind is Vitals:
        monitor = calm.monitors.get(event.device)
        return monitor is not None and pass_over_vitals(calm, monitor, fact, now)  # type: ignore[arg-type]
    if kind is PumpStatus:
        return pass_over_status(calm, pump, fact, now)  # type: ignore[arg-type]
    return kind is DeviceAlarms and pass_over_alarms(calm, event.device, fact, now)  # type: ignore[arg-type]


def last_report(calm: Calm, pump: CalmPump) -> Report | None:
    """Of a pump that was not heard in the chain yet."""
    assert calm.state is not None
    p = calm.state.pumps.get(pump.device)
    return None if p is None else p.report


def begins(calm: Calm) -> bool:
    """Can a chain of quiet frames begin with this state? Then it does: nothing of what was found before holds."""
    state = calm.state
    assert state is not None
    if state.due_ms is None or state.stop_rule is not None or state.blind_ms is not None or not state.started:
        return False
    if state.devices.keys() != calm.devices or state.pumps.keys() != calm.pumps.keys():
        return False
    calm.begun, calm.now_ms, calm.due_ms = True, state.now_ms, state.due_ms
    calm.said_vitals_due_ms, calm.said_pumps_due_ms = state.vitals_due_ms, state.pumps_due_ms
    calm.vitals_due_ms, calm.pumps_due_ms = ahead(state, state.vitals_due_ms), ahead(state, state.pumps_due_ms)
    calm.other_due_ms, calm.steady_ms = other_due(state, calm.policy), state.steady_ms
    return True


def ahead(state: BedState, at: int | None) -> int:
    """A time that is still to come, or never."""
    return NEVER_MS if at is None or at <= state.now_ms else at


def other_due(state: BedState, policy: BedPolicy) -> int:
    """When something happens by itself that no quiet frame moves."""
    times = [state.audio_until_ms, state.given.due_ms, state.course.due_ms]
    times += [due_ms(policy.profile, alarm) for alarm in state.alarms.values()]
    return min(ahead(state, at) for at in times)
