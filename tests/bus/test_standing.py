"""The alarms that stand: each change is told once, and what is as it was told costs next to nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from msgspec.structs import replace as changed

from pumpd.bus.live import Counts, Present
from pumpd.bus.names import Names
from pumpd.bus.port import BusPort
from pumpd.bus.topics import Topics
from pumpd.bus.wire import Link
from pumpd.live.shape import empty_bed
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.events import Patient, Sex
from pumpd.safety.policy import AlarmKind, Priority
from pumpd.safety.view import BedView

KELLER = Patient("MRN77", "Keller", "Rosa", "1949-07-23", Sex.FEMALE, 61_000)


def alarm(number: int, text: str = "SpO2 low") -> Alarm:
    bed, kind = f"b{number}", AlarmKind.PHYSIOLOGICAL
    return Alarm(f"a{number}", bed, "m1", "low", Priority.HIGH, kind, AlarmState.ACTIVE, text, "86", "< 90 %", 0, True)


class Ward:
    """Beds in alarm; it counts how often it is asked for a whole bed, which takes long."""

    def __init__(self) -> None:
        self.standing = [alarm(number) for number in range(3)]
        self.views = 0
        self.beds = ("b0", "b1", "b2")

    def alarms(self) -> Sequence[Alarm]:
        return self.standing

    def view(self, bed: str) -> BedView:
        self.views += 1
        return empty_bed(bed)

    def now_ms(self) -> int:
        return 5_000

    def wall_of(self, now_ms: int) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=now_ms)


class Said(list[tuple[str, bytes]]):
    async def publish(self, topic: str, payload: bytes, **_: object) -> None:
        self.append((topic.rpartition("/")[2], payload))


@pytest.fixture
def ward() -> Ward:
    return Ward()


@pytest.fixture
def present(ward: Ward) -> Present:
    found = Present(cast(BusPort, ward), Topics("site", "ward"), Counts(), Names())
    found.begin("s1")
    return found


async def told(present: Present) -> Said:
    said = Said()
    await present.sync_alarms(cast(Link, said))
    return said


@pytest.mark.req("INT-02")
async def test_alarms_that_stand_as_they_were_told_cost_no_look_at_their_beds(ward: Ward, present: Present) -> None:
    assert [topic for topic, _ in await told(present)] == ["a0", "a1", "a2"]
    ward.views = 0
    assert await told(present) == []
    ward.standing[1] = changed(ward.standing[1], text="SpO2 very low")
    assert [topic for topic, _ in await told(present)] == ["a1"]
    assert ward.views == 1


async def test_what_has_ended_is_cleared_and_after_a_new_connection_all_is_told_again(
    ward: Ward, present: Present
) -> None:
    await told(present)
    del ward.standing[0]
    assert await told(present) == [("a0", b"")]
    present.begin("s2")
    assert [topic for topic, _ in await told(present)] == ["a1", "a2"]


async def test_a_name_that_becomes_known_is_taken_out_of_what_was_told(ward: Ward, present: Present) -> None:
    ward.standing[2] = alarm(2, "asked for by Keller")
    assert b"Keller" in (await told(present))[2][1]
    present.names.note("b2", KELLER)
    again = dict(await told(present))
    assert list(again) == ["a2"]
    assert "Keller" not in json.loads(again["a2"])["text"]
