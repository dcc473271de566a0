"""One bed under arbitrary events: the kernel, its twin that was restored from bytes, and what must hold of both.

What is checked speaks of events, decisions, deadlines and the view; the state is only ever compared, never read.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, ClassVar

from pumpd.device.facts import Integrity, PumpStatus, Vitals
from pumpd.safety import decisions as de
from pumpd.safety import events as ev
from pumpd.safety import kernel as real_kernel
from pumpd.safety import wire as real_wire
from pumpd.safety.alarms import Alarm, AlarmState, Phase
from pumpd.safety.policy import AlarmKind, BedPolicy, Enforcement, Priority
from pumpd.units import Ms
from tests.properties.stops import StopWatch

KNOWN = (
    *(de.StopPump, de.SetRate, de.ReadStatus, de.AlarmChanged, de.InterlockChanged),
    *(de.AudioChanged, de.Permitted, de.Refused, de.PatientClosed, de.EpisodeChanged),
    *(de.CourseChanged, de.InfusionChanged, de.FlowChanged),  # what was done, told for the record: they command nothing
)
PAUSE_MAX_MS = 120_000
MOST_TICKS = 300
CLOSING = (ev.PatientBound, ev.PatientReleased, ev.PolicyReplaced)


class ObservedBed:
    """`do` is the only way in; every broken property is an AssertionError that says what was wrong."""

    kernel: ClassVar[ModuleType] = real_kernel
    wire: ClassVar[ModuleType] = real_wire

    def __init__(self, policy: BedPolicy, now: int) -> None:
        self.policy = policy
        self.now = self.stepped_ms = now
        self.state = self.kernel.initial_state(policy)
        self.twin: Any = None
        self.orders: list[str] = []
        self.live: dict[str, Alarm] = {}
        self._infusing: dict[str, bool | None] = {}
        self._begun = False
        self._stops: dict[str, StopWatch] = {}
        self._refused: set[str] = set()

    # driving

    def restore(self) -> None:
        """From now on a twin lives beside the bed, made from the bytes that the journal would keep."""
        data = self.wire.state_to_bytes(self.state)
        self.twin = self.wire.state_from_bytes(data)
        assert self.twin == self.state, "the state is not the same after its bytes"
        assert self.wire.state_to_bytes(self.twin) == data, "the bytes are not the same after the state"

    def wait(self, until: int) -> None:
        """Ticks at the kernel's own deadlines, as the shell has them; each must move on.

        A very long wait for a stop that nobody verifies ends with one late tick, as of a machine that was busy.
        """
        for _ in range(MOST_TICKS):
            due = self.kernel.next_deadline(self.state, self.policy)
            if due is None or due > until:
                self.now = max(self.now, until)
                return
            assert due > self.now or not self._begun, "a deadline that has passed already"
            self.now = due
            self._step(ev.Tick())
            again = self.kernel.next_deadline(self.state, self.policy)
            assert again is None or again > due, "a deadline that fired does not move"
        self.now = max(self.now, until)
        self._step(ev.Tick())

    def do(self, event: ev.Event, after_ms: int = 0) -> tuple[de.Decision, ...]:
        self.wait(self.now + after_ms)
        return self._step(event)

    def die(self, gap_ms: int, certain: bool) -> None:
        """The daemon is killed and comes back: nobody ticks while nobody is there."""
        self.state = self.wire.state_from_bytes(self.wire.state_to_bytes(self.state))
        self.now += gap_ms
        self._step(ev.Restarted(gap_ms, certain))

    def _step(self, event: ev.Event) -> tuple[de.Decision, ...]:
        before, self.stepped_ms = dict(self.live), self.now
        policy = event.policy if isinstance(event, ev.PolicyReplaced) else self.policy
        new, out = self.kernel.step(self.state, event, Ms(self.now), policy)
        assert (new, out) == self.kernel.step_closely(self.state, event, Ms(self.now), policy), "the shortcut errs"
        if self.twin is not None:
            self.twin, twin_out = self.kernel.step(self.twin, event, Ms(self.now), policy)
            assert twin_out == out, "the restored bed decides otherwise"
            assert self.twin == new, "the restored bed remembers otherwise"
        self.state, self.policy, self._begun = new, policy, True
        self._hear(event)
        for decision in out:
            self._see(event, decision, out)
        self._alarms_follow_their_rules(event, before)
        self._patients_are_apart(before, out)
        self._news_is_heard(event, out)
        self._reset_is_true(event, out)
        self._stops_are_watched(event, out)
        self.check_standing()
        if isinstance(event, ev.Heard):
            self._danger_is_told(event.device, event.fact)
        return out

    def _hear(self, event: ev.Event) -> None:
        if isinstance(event, ev.Heard) and isinstance(event.fact, PumpStatus):
            self._infusing[event.device] = event.fact.infusing

    # one decision

    def _see(self, event: ev.Event, decision: de.Decision, out: tuple[de.Decision, ...]) -> None:
        assert type(decision) in KNOWN, f"a decision that nobody has judged: {decision}"
        assert self.wire.decision_from_wire(self.wire.decision_to_wire(decision)) == decision
        if isinstance(decision, de.AlarmChanged):
            self._see_alarm(decision.alarm)
        elif isinstance(decision, de.SetRate):
            self._see_rate(event, decision, out)
        elif isinstance(decision, de.Refused):
            assert decision.reasons, "a refusal without a reason"
            assert all(reason.strip() for reason in decision.reasons), "a refusal without a reason"
        if isinstance(decision, de.StopPump | de.SetRate | de.ReadStatus):
            assert decision.order_id not in self.orders, "an order id is used twice"
            self.orders.append(decision.order_id)

    def _see_alarm(self, alarm: Alarm) -> None:
        if alarm.state is AlarmState.ENDED:
            self.live.pop(alarm.id, None)
        else:
            self.live[alarm.id] = alarm

    def _see_rate(self, event: ev.Event, decision: de.SetRate, out: tuple[de.Decision, ...]) -> None:
        """There is no order that starts a pump; a rate is no such order in disguise."""
        pump = next(p for p in self.policy.pumps if p.device == decision.pump)
        asked = isinstance(event, ev.RateRequested) and any(isinstance(d, de.Permitted) for d in out)
        assert asked or pump.enforcement is Enforcement.REDUCE, "a rate that nobody asked for"
        assert 0 < decision.rate_ul_h <= decision.ceiling_ul_h, "a rate above its ceiling"
        if asked:
            assert self._infusing.get(decision.pump) is True, "a rate for a pump that does not infuse"
            assert not any(isinstance(d, de.StopPump) and d.pump == decision.pump for d in out)

    # alarms

    def _alarms_follow_their_rules(self, event: ev.Event, before: dict[str, Alarm]) -> None:
        named = event.alarm_id if isinstance(event, ev.Acknowledged | ev.AlarmReset) else None
        for alarm_id, old in before.items():
            new = self.live.get(alarm_id)
            if named is not None and alarm_id != named:
                assert new == old, f"{type(event).__name__} of {named} touched {alarm_id}"
            if new is None:
                self._may_end(event, old, named)
            elif old.state is AlarmState.LATCHED and new.state is not AlarmState.LATCHED:
                assert new.state is AlarmState.ACTIVE, "a latched alarm becomes active or stays"

    def _patients_are_apart(self, before: dict[str, Alarm], out: tuple[de.Decision, ...]) -> None:
        if any(isinstance(decision, de.PatientClosed) for decision in out):
            assert not before.keys() & self.live.keys(), "an alarm of the patient who left stays"

    def _news_is_heard(self, event: ev.Event, out: tuple[de.Decision, ...]) -> None:
        """A new alarm breaks a pause of the sound (one that is asked for in the same step begins after it)."""
        begun = any(isinstance(d, de.AlarmChanged) and d.phase is Phase.START for d in out)
        if begun and not isinstance(event, ev.AudioPaused):
            view = self.kernel.view(self.state, Ms(self.now), self.policy)
            assert view.audio_paused_until_ms is None, "a new alarm does not break the pause"

    def _reset_is_true(self, event: ev.Event, out: tuple[de.Decision, ...]) -> None:
        if isinstance(event, ev.AlarmReset) and any(isinstance(d, de.Permitted) for d in out):
            assert event.alarm_id not in self.live, "the reset of an alarm whose condition lasts is permitted"

    def _stops_are_watched(self, event: ev.Event, out: tuple[de.Decision, ...]) -> None:
        view = self.kernel.view(self.state, Ms(self.now), self.policy)
        refused = {device.id for device in view.devices if device.link is ev.LinkState.REFUSED}
        names = [pump.device for pump in self.policy.pumps]
        self._stops = {name: self._stops.get(name) or StopWatch(name, self.policy.times) for name in names}
        for pump in view.pumps:
            self._stops[pump.id].hear(self.now, event, out, pump.id in refused or pump.id in self._refused)
            weight_g = None if view.patient is None else view.patient.weight_g
            assert weight_g is not None or pump.dose_mg_kg_h is None, "a dose without a weight"
        self._refused = refused

    def _may_end(self, event: ev.Event, old: Alarm, named: str | None) -> None:
        """A latch never melts: what nobody has seen leaves by a person's act only."""
        if isinstance(event, ev.Acknowledged) and old.present and old.kind is not AlarmKind.ADVISORY:
            raise AssertionError(f"{old.condition} lasts, and its acknowledgement ended it")
        if isinstance(event, ev.AlarmReset):
            assert old.state is AlarmState.LATCHED, f"{old.condition} lasts, and was reset"
        latches = old.priority in self.policy.profile.latch
        seen = old.state is AlarmState.ACKNOWLEDGED
        if latches and not seen and not isinstance(event, CLOSING):
            assert named == old.id, f"{old.condition} ({old.priority}, {old.state}) left on {type(event).__name__}"

    def check_standing(self) -> None:
        """What must hold at every moment."""
        view = self.kernel.view(self.state, Ms(self.now), self.policy)
        shown = {a.id: a for a in view.alarms}
        assert shown.keys() == self.live.keys(), "the screen's alarms are not those that were told"
        until = view.audio_paused_until_ms
        if until is not None:
            assert self.now < until <= self.now + PAUSE_MAX_MS, f"a pause until {until} at {self.now} does not end"
        profile = self.policy.profile
        for alarm in shown.values():
            told = self.live[alarm.id]
            assert (alarm.state, alarm.priority, alarm.present) == (told.state, told.priority, told.present)
            if alarm.priority is Priority.HIGH and alarm.present:
                assert alarm.state in (AlarmState.ACTIVE, AlarmState.ACKNOWLEDGED), "a HIGH condition without a signal"
            if alarm.state is AlarmState.ACKNOWLEDGED:
                assert alarm.acknowledged is not None
                assert alarm.acknowledged.by.strip(), "acknowledged by nobody"
                if alarm.priority is Priority.HIGH:
                    assert self.now - alarm.acknowledged.at_ms < profile.realarm_high_ms, "acknowledged for ever"
            assert (alarm.state is AlarmState.LATCHED) is (not alarm.present), "latched and present"
            assert alarm.text.strip(), "an alarm without words"
            self._climbs(alarm)
        for pump in view.pumps:
            if pump.resume is de.Resume.ALLOWED:
                ends = pump.resume_until_ms
                assert ends is not None, "a permission without end"
                assert self.now < ends <= self.now + self.policy.times.resume_valid_ms, "a permission that is over"
                assert pump.interlock in (de.InterlockState.ARMED, de.InterlockState.ALARM_ONLY), (
                    "stopped and permitted"
                )

    def _climbs(self, alarm: Alarm) -> None:
        """A HIGH that nobody has seen stands no lower on the ladder than its time says; others stand on none."""
        if alarm.priority is not Priority.HIGH or alarm.state is AlarmState.ACKNOWLEDGED:
            assert alarm.escalation is None, f"{alarm.condition} ({alarm.priority}, {alarm.state}) climbs"
            return
        assert alarm.unseen_ms is not None, "an unseen HIGH that does not wait"
        waited = self.now - alarm.unseen_ms
        due = sum(step.after_ms <= waited for step in self.policy.profile.escalation)
        reached = 0 if alarm.escalation is None else alarm.escalation.level + 1
        assert reached >= due, f"an unseen HIGH stands on step {reached} of {due} after {waited} ms"

    def _danger_is_told(self, device: str, fact: object) -> None:
        """What is beyond doubt is an alarm in the very step in which it is heard."""
        if isinstance(fact, Vitals) and device == self.policy.monitors[0].device:
            breathless = any(r.signal == "no_breath" and r.value_milli == 1000 for r in fact.readings)
            assert not breathless or self._high("no_breath", None), "no breath, and no HIGH alarm says so"
        if isinstance(fact, PumpStatus) and self._is_surely_over(device, fact):
            assert self._high("over_hard", device), "over the hard ceiling, and no HIGH alarm says so"

    def _high(self, condition: str, device: str | None) -> bool:
        alarms = [a for a in self.live.values() if a.condition == condition and device in (None, a.device)]
        return any(a.priority is Priority.HIGH and a.present for a in alarms)

    def _is_surely_over(self, device: str, fact: PumpStatus) -> bool:
        view = self.kernel.view(self.state, Ms(self.now), self.policy)
        pump = next((p for p in self.policy.pumps if p.device == device), None)
        refused = any(d.id == device and d.link is ev.LinkState.REFUSED for d in view.devices)
        if pump is None or refused or fact.infusing is False or fact.integrity is not Integrity.CRC16:
            return False
        weight_g = None if view.patient is None else view.patient.weight_g
        weighed = weight_g is not None and self.policy.weight.min_g <= weight_g <= self.policy.weight.max_g
        drug, conc = pump.drug, pump.concentration_ug_ml
        if not weighed or weight_g is None or conc is None or drug is None or drug.hard is None:
            return False
        return fact.rate_ul_h is not None and fact.rate_ul_h * conc > drug.hard.ug_kg_h * weight_g

    # the journal's form

    def same_on_the_wire(self, event: ev.Event) -> None:
        assert self.wire.event_from_wire(self.wire.event_to_wire(event)) == event
