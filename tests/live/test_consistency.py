"""Whatever is skipped, merged or delayed: snapshot plus frames is the ward's present state."""

from __future__ import annotations

import json

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace as changed

from pumpd.live.client import LiveClient
from pumpd.safety.alarms import AlarmState, Phase
from tests.live.fakes import Picture, Ward, alarm

BEDS = st.sampled_from(["b1", "b2", "b3"])


class Screen:
    """A client that reads and acks whenever the machine says so."""

    def __init__(self, ward: Ward) -> None:
        self.ward = ward
        self.client: LiveClient = ward.hub.join(2)
        self.picture = Picture()
        self.rendered = 0

    def read_one(self) -> bool:
        frame = self.client.next_frame(self.ward.hub, self.ward.clock.ms)
        if frame is None:
            return False
        self.client.sent(self.ward.clock.ms)
        message = self.picture.take(frame)
        if message["type"] in ("snapshot", "delta"):
            self.rendered = message["seq"]
        return True

    def ack(self) -> None:
        self.client.ack(self.rendered)


class LiveMachine(RuleBasedStateMachine):
    """Any interleaving of changes, alarms, time, ticks, reads and acks."""

    def __init__(self) -> None:
        super().__init__()
        self.ward = Ward()
        self.screens = [Screen(self.ward)]
        self.number = 0

    @rule(bed=BEDS, rr=st.integers(0, 40))
    def breathe(self, bed: str, rr: int) -> None:
        self.ward.breathe(bed, rr)

    @rule(bed=BEDS)
    def unbind(self, bed: str) -> None:
        self.ward.change(bed, patient=None)

    @rule(bed=BEDS)
    def alarm_starts(self, bed: str) -> None:
        self.number += 1
        one = alarm(bed, self.number, onset_ms=self.ward.clock.ms)
        self.ward.change(bed, alarms=(*self.ward.views[bed].alarms, one))
        self.ward.hub.alarm(one, Phase.START)

    @rule(bed=BEDS, state=st.sampled_from(list(AlarmState)), told=st.booleans())
    def alarm_changes(self, bed: str, state: AlarmState, told: bool) -> None:
        if not self.ward.views[bed].alarms:
            return
        first, *others = self.ward.views[bed].alarms
        one = changed(first, state=state)
        kept = tuple(others) if state is AlarmState.ENDED else (one, *others)
        self.ward.change(bed, alarms=kept)
        if told:
            self.ward.hub.alarm(one, Phase.UPDATE)

    @rule(bed=BEDS)
    def lose(self, bed: str) -> None:
        self.ward.hub.lost(bed)

    @rule(bed=BEDS)
    def find(self, bed: str) -> None:
        self.ward.hub.found(bed)

    @rule(ms=st.integers(1, 1500))
    def time_passes(self, ms: int) -> None:
        self.ward.clock.ms += ms

    @rule()
    def tick(self) -> None:
        self.ward.hub.tick()

    @rule()
    def someone_gets_the_ward(self) -> None:
        self.ward.hub.ward_json()

    @rule()
    def another_screen(self) -> None:
        if len(self.screens) < 3:
            self.screens.append(Screen(self.ward))

    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.screens)).read_one()

    @rule(data=st.data())
    def ack(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.screens)).ack()

    @invariant()
    def no_client_holds_more_than_its_window(self) -> None:
        assert all(len(screen.client.unacked) <= 2 for screen in self.screens)

    def teardown(self) -> None:
        truth = json.loads(self.ward.hub.ward_json())
        for screen in self.screens:
            if screen.client.close_code is None:
                self._catch_up(screen)
                assert list(screen.picture.beds.values()) == truth["beds"]
                assert screen.picture.alarms == {one["id"]: one for one in truth["alarms"]}
                assert screen.picture.seq == truth["seq"]

    def _catch_up(self, screen: Screen) -> None:
        screen.ack()
        while screen.read_one():
            screen.ack()


LiveMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestLive = LiveMachine.TestCase
