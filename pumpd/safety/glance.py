"""The shortcut of a quiet frame: values and times move on, and nothing else can have changed.

Nearly every frame is such a one. `step` judges a bed in hundreds of small operations; where a bed is calm (no rule
runs, nothing is held, doubted, stale, lost or alarmed of what the frame concerns, nothing is due) and every value of
the frame stays where no rule, no limit and no cap can catch it, the bed after the step is known: it is made here, the
same to the last field (tests/safety/test_glance.py and every bed of the model, of the properties and of the simulated
day hold it against the long way). Whenever anything makes that less than certain the answer is None, and the long way
is gone.

A state that a glance has made is as calm as the one before it, but for the frame: so what was found calm of the first
of such a chain need not be asked of the next. Which state that was, and what was found, is remembered with what is calm
of the policy (pumpd.safety.calm_policy); it saves time and never changes an answer. Pure.
"""

from __future__ import annotations

from pumpd.device.facts import DeviceAlarms, PumpStatus, Vitals
from pumpd.safety.alarm_table import due_ms
from pumpd.safety.calm_policy import KNOWN, NEVER_MS, Calm, calm_of
from pumpd.safety.events import Event, Heard
from pumpd.safety.policy import BedPolicy
from pumpd.safety.quiet_frame import after_alarms
from pumpd.safety.quiet_status import after_status
from pumpd.safety.quiet_vitals import after_vitals
from pumpd.safety.state import BedState, PumpState


def glance(state: BedState, event: Event, now: int, policy: BedPolicy) -> BedState | None:
    """The bed after `event`, where that is a frame that decides nothing; None: `step` has to tell.

    Arguments as for `step`.
    """
    if type(event) is not Heard:
        return None
    calm, fact = KNOWN.get(id(policy)), event.fact
    if calm is None or calm.policy is not policy:
        calm = calm_of(policy)
    if type(fact) is PumpStatus and not goes_on(state.pumps.get(event.device), fact):
        return None  # before all else: a stop may be due
    if state is not calm.last and not begins(state, calm):
        return None
    if not state.now_ms <= now < calm.due_ms:
        return None
    if type(fact) is Vitals:
        monitor = calm.monitors.get(event.device)
        return None if monitor is None else after_vitals(state, calm, monitor, fact, now)
    if type(fact) is PumpStatus:
        pump = calm.pumps.get(event.device)
        return None if pump is None else after_status(state, calm, pump, fact, now)
    if type(fact) is DeviceAlarms:
        return after_alarms(state, calm, event.device, fact, now)
    return None


def goes_on(p: PumpState | None, status: PumpStatus) -> bool:
    """Does the pump run as it did at its last report?"""
    if p is None or p.report is None or p.report.rate_ul_h is None:
        return False
    return p.report.rate_ul_h == status.rate_ul_h and p.report.infusing is status.infusing


def begins(state: BedState, calm: Calm) -> bool:
    """Can a chain of quiet frames begin with this state? Then it does: nothing of what was found before holds."""
    if state.due_ms is None or state.stop_rule is not None or state.blind_ms is not None or not state.started:
        return False
    if state.devices.keys() != calm.devices or state.pumps.keys() != calm.pumps.keys():
        return False
    calm.last, calm.chain, calm.due_ms = state, calm.chain + 1, state.due_ms
    calm.vitals_due_ms, calm.pumps_due_ms = ahead(state, state.vitals_due_ms), ahead(state, state.pumps_due_ms)
    calm.other_due_ms = other_due(state, calm.policy)
    return True


def ahead(state: BedState, at: int | None) -> int:
    """A time that is still to come, or never."""
    return NEVER_MS if at is None or at <= state.now_ms else at


def other_due(state: BedState, policy: BedPolicy) -> int:
    """When something happens by itself that no quiet frame moves."""
    times = [state.audio_until_ms, state.given.due_ms, state.course.due_ms]
    times += [due_ms(policy.profile, alarm) for alarm in state.alarms.values()]
    return min(ahead(state, at) for at in times)
