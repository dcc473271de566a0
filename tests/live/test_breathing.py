"""What the wire says of breathing beyond the numbers: held, jump, source, oxygen, episodes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pumpd.device.facts import Quality
from pumpd.device.info import Origin
from pumpd.live.shape import bed_shape, value_shape
from pumpd.safety.view import BedView, OxygenView, ValueView
from tests.live.fakes import Ward, bed_view
from tests.live.test_shape import CLOCK, as_json, stamp


def shaped(view: ValueView) -> dict[str, object]:
    found: dict[str, object] = as_json(value_shape(view, stamp()))
    return found


def told(view: BedView) -> dict[str, object]:
    found: dict[str, object] = as_json(bed_shape(view, 60_000, CLOCK.wall_of))
    return found


@pytest.mark.req("RSP-05")
def test_a_held_value_has_no_digit_and_says_why_and_since_when() -> None:
    value = shaped(ValueView(None, "/min", Quality.STALE, 48_000, "b1-m1", Origin.CO2, "held"))
    assert (value["v"], value["q"], value["why"], value["origin"]) == (None, "stale", "held", "co2")
    assert value["t"] is not None


@pytest.mark.req("RSP-06")
def test_a_jump_keeps_its_digits_and_is_questionable_with_its_reason() -> None:
    value = shaped(ValueView(80_000, "%", Quality.QUESTIONABLE, 0, "b1-m1", None, "jump"))
    assert (value["v"], value["q"], value["why"]) == (80, "questionable", "jump")


def test_where_there_is_nothing_to_say_nothing_is_said() -> None:
    value = shaped(ValueView(14_000, "/min", Quality.OK, 0, "b1-m1"))
    assert value.keys() == {"v", "u", "q", "t", "age_ms", "source"}


@pytest.mark.req("RSP-02")
def test_asleep_is_said_as_s_and_withheld_with_its_value() -> None:
    view = ValueView(0, "", Quality.OK, 0, "RN-KL", text="S")
    assert (shaped(view)["v"], shaped(view)["text"], shaped(view)["source"]) == (0, "S", "RN-KL")
    assert "text" not in shaped(replace(view, value_milli=None, quality=Quality.STALE))


@pytest.mark.req("RSP-08", "RSP-09")
def test_a_bed_says_its_oxygen_and_its_episodes() -> None:
    view = bed_view("b1")
    assert (told(view)["oxygen"], told(view)["prodigy"]) == (None, {"episodes": 0})
    given = told(replace(view, oxygen=OxygenView(True, "RN-KL", 0), episodes=3))
    assert given["prodigy"] == {"episodes": 3}
    assert given["oxygen"] == {"on": True, "by": "RN-KL", "since": stamp().text(0)}
    assert told(replace(view, oxygen=OxygenView(True)))["oxygen"] == {"on": True, "by": None, "since": None}


@pytest.mark.req("RSP-09")
def test_a_new_episode_reaches_a_screen_that_is_watching() -> None:
    ward = Ward()
    client = ward.hub.join(2)
    client.next_frame(ward.hub, 0)
    ward.change("b1", episodes=1, oxygen=OxygenView(True))
    ward.hub.tick()
    frame = client.next_frame(ward.hub, 0)
    assert frame is not None
    changed = json.loads(frame)["set"]["b1"]
    assert (changed["prodigy"], changed["oxygen"]["on"]) == ({"episodes": 1}, True)
