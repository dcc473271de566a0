"""pumpd's alarms about itself: judged in virtual time, then wired in a whole ward (ALA-08)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from pumpd.config.model import ShellTimes
from pumpd.daemon import self_watch
from pumpd.daemon.self_watch import Look, Outbox, SelfWatch
from pumpd.live.screens import Screens
from pumpd.safety.alarms import AlarmState
from pumpd.safety.events import Acknowledged, AckReason
from pumpd.safety.policy import Priority
from tests.daemon.house import House

TIMES = ShellTimes()
SEEN, HEARD, NOBODY = Screens(2, 0), Screens(2, 1), Screens(0, 0)


@dataclass
class StuckBox:
    """An outbox whose receiver takes nothing for a while."""

    name: str = "hl7"
    since_ms: int | None = None

    def waiting_since_ms(self) -> int | None:
        return self.since_ms


class Watched:
    """A SelfWatch looked at once a second."""

    def __init__(self) -> None:
        self.now = 1_000_000
        self.wall = 50_000_000
        self.watch = SelfWatch(TIMES, self.now, self.wall)

    def look(
        self, seconds: int, screens: Screens = HEARD, high: bool = False, outboxes: tuple[Outbox, ...] = ()
    ) -> list[tuple[int, str | None, str, bool]]:
        """(second, bed, code, active) of all that was told in so many seconds."""
        told = []
        for second in range(1, seconds + 1):
            self.now += 1_000
            self.wall += 1_000
            highs = {"b1": self.now - 500 if high else None, "b2": None}
            for bed, fault in self.watch.look(Look(self.now, self.wall, highs, screens, outboxes)):
                told.append((second, bed, fault.code, fault.active))
        return told


@pytest.mark.req("ALA-08")
def test_a_high_alarm_at_a_bed_that_nobody_watches_is_told_of_that_bed_after_its_time() -> None:
    ward = Watched()
    assert ward.look(9, NOBODY, high=True) == []
    assert ward.look(20, NOBODY, high=True) == [(1, "b1", "unwatched", True)]
    assert ward.look(5, HEARD, high=True) == [(1, "b1", "unwatched", False)]


@pytest.mark.req("ALA-08")
def test_without_a_high_alarm_nobody_need_watch_and_with_one_that_comes_later_it_is_told_at_once() -> None:
    ward = Watched()
    assert ward.look(3_600, NOBODY) == []
    assert ward.look(2, NOBODY, high=True) == [(1, "b1", "unwatched", True)]
    assert ward.look(1, NOBODY) == [(1, "b1", "unwatched", False)]


@pytest.mark.req("ALA-08")
def test_a_page_that_is_loaded_again_is_no_absence() -> None:
    ward = Watched()
    for _ in range(10):
        assert ward.look(5, NOBODY, high=True) == []
        assert ward.look(1, HEARD, high=True) == []


@pytest.mark.req("ALA-08")
def test_a_ward_in_which_no_screen_makes_a_sound_is_told_of_while_there_is_a_high_alarm() -> None:
    ward = Watched()
    assert ward.look(60, SEEN) == []
    assert ward.look(5, SEEN, high=True) == [(1, "b1", "no_sound", True)]
    assert ward.look(5, HEARD, high=True) == [(1, "b1", "no_sound", False)]
    assert ward.look(9, SEEN, high=True) == []
    assert ward.look(1, SEEN, high=True) == [(1, "b1", "no_sound", True)]


@pytest.mark.req("ALA-08")
def test_where_nobody_watches_it_is_not_told_as_well_that_nobody_hears() -> None:
    ward = Watched()
    assert [code for _, _, code, _ in ward.look(60, NOBODY, high=True)] == ["unwatched"]


@pytest.mark.req("ALA-08")
@pytest.mark.parametrize(("step_s", "words"), [(3_600, "forward by 3600.0 s"), (-2, "back by 2.0 s")])
def test_a_wall_clock_that_is_set_is_told_to_every_bed_for_its_time(step_s: int, words: str) -> None:
    ward = Watched()
    ward.look(5)
    ward.wall += step_s * 1000 + 1_000
    ward.now += 1_000
    (told,) = ward.watch.look(Look(ward.now, ward.wall, {}, HEARD))
    assert (told.bed, told.fault.code, told.fault.active) == (None, "clock_jump", True)
    assert words in told.fault.detail
    assert ward.look(599) == []
    assert ward.look(2) == [(1, None, "clock_jump", False)]


@pytest.mark.req("ALA-08")
def test_a_time_service_that_slews_the_clock_for_days_and_a_suspend_are_no_jump() -> None:
    ward = Watched()
    for _ in range(10_000):
        ward.wall += 1  # 1000 ppm, twice of what the kernel allows
        assert ward.look(1) == []
    ward.now += 8 * 3_600_000  # kernel time counts the time that the machine slept
    ward.wall += 8 * 3_600_000
    assert ward.look(1) == []


@pytest.mark.req("ALA-08")
def test_an_outbox_whose_oldest_message_waits_too_long_is_told_until_it_moves() -> None:
    ward, box = Watched(), StuckBox()
    assert ward.look(10, outboxes=(box,)) == []
    box.since_ms = ward.now
    assert ward.look(59, outboxes=(box,)) == []
    assert ward.look(30, outboxes=(box,)) == [(1, None, "outbox_stuck_hl7", True)]
    box.since_ms = ward.now  # that one was taken, the next waits
    assert ward.look(3, outboxes=(box,)) == [(1, None, "outbox_stuck_hl7", False)]


# in a whole ward


@pytest.fixture
async def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """A ward that looks after itself fifty times a second and whose patience is short."""
    monkeypatch.setattr(self_watch, "EVERY_S", 0.02)
    house = await House.open(tmp_path)
    await house.daemon.stop()
    shell = replace(house.config.shell, unwatched_ms=60, silent_ms=60, outbox_stuck_ms=60, clock_shown_ms=60)
    house.config = replace(house.config, shell=shell)
    yield house
    await house.close()


async def hear_alarm(socket: ClientConnection, condition: str) -> dict[str, Any]:
    """The alarm of this condition, from the snapshot or as it comes."""
    while True:
        message = json.loads(await socket.recv())
        found = [*message.get("alarms", []), *([message["alarm"]] if "alarm" in message else [])]
        for alarm in found:
            if alarm["condition"] == condition:
                return dict(alarm)


async def join(socket: ClientConnection, sound: str) -> None:
    await socket.send(json.dumps({"type": "hello", "proto": [1], "sound": sound}))


@pytest.mark.req("ALA-08")
async def test_the_first_screen_that_comes_learns_that_nobody_watched_and_that_none_is_heard(quick: House) -> None:
    await quick.start()
    quick.bed.act("pump-ignores-stop")
    quick.bed.act("tenfold-rate")
    await quick.until(lambda: quick.alarm("over_hard"))
    await quick.until(lambda: quick.alarm("unwatched"))
    alarm = quick.alarm("unwatched")
    assert alarm is not None
    assert (alarm.priority, alarm.state) == (Priority.HIGH, AlarmState.ACTIVE)
    assert "nobody watches" in alarm.text
    assert alarm.escalation is not None
    async with connect(f"ws://127.0.0.1:{quick.daemon.port}/ws/v1/live") as screen:
        await join(screen, "none")
        assert (await hear_alarm(screen, "unwatched"))["action"].startswith("Go to the patient")
        await quick.until(lambda: (a := quick.alarm("unwatched")) and a.state is AlarmState.LATCHED)
        assert "no screen makes a sound" in (await hear_alarm(screen, "no_sound"))["text"]
        await screen.send(json.dumps({"type": "status", "sound": "on"}))
        await quick.until(lambda: not quick.alarm("no_sound"))
    bed = quick.daemon.beds[quick.bed.id]
    bed.post(Acknowledged(alarm.id, "RN", AckReason.SEEN_ESCALATED))


@pytest.mark.req("ALA-08")
async def test_a_clock_that_was_set_is_an_alarm_of_every_bed_until_it_is_seen(quick: House) -> None:
    quick.config = replace(quick.config, shell=replace(quick.config.shell, clock_shown_ms=3_600_000))
    await quick.start()
    clock, wall_of = quick.daemon.clock, quick.daemon.clock.wall_of
    clock.wall_of = lambda now_ms: wall_of(now_ms) + timedelta(hours=1)  # type: ignore[method-assign]
    await quick.until(lambda: quick.alarm("clock_jump"))
    alarm = quick.alarm("clock_jump")
    assert alarm is not None
    assert (alarm.priority, alarm.kind) == ("low", "technical")
    assert "set forward by 36" in alarm.text
    quick.daemon.beds[quick.bed.id].post(Acknowledged(alarm.id, "RN", AckReason.SEEN_ESCALATED))
    assert quick.alarm("clock_jump") is None


@pytest.mark.req("ALA-08")
async def test_a_stuck_outbox_at_the_port_is_an_alarm_and_a_restart_forgets_no_alarm_but_what_is_over(
    quick: House,
) -> None:
    box = StuckBox()
    await quick.start()
    quick.daemon.outboxes.append(box)
    box.since_ms = quick.daemon.clock.now_ms()
    await quick.until(lambda: quick.alarm("outbox_stuck_hl7"))
    await quick.daemon.stop()
    await quick.start()  # a new daemon, whose outbox is empty
    assert quick.alarm("outbox_stuck_hl7") is None
