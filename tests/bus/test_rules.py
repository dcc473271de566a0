"""The rules by which a reader believes a frame, with time as an argument."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.bus.payload import DevState, State
from pumpd.bus.rules import BedHeard, Delay, WardLink, waited_ms
from pumpd.bus.topics import Topics, read_topic
from pumpd.config.topic_id import is_topic_id, topic_id

UP = State(True, "up", "s1", "1", "", "")


def heard(at_ms: int = 0, session: str = "s1") -> BedHeard:
    bed = BedHeard()
    bed.hear(session, 1, at_ms, 0)
    return bed


def test_a_frame_is_live_for_five_seconds_and_not_for_one_more_millisecond() -> None:
    bed, link = heard(), WardLink(state=UP)
    assert bed.stale(link, 5_000) == ""
    assert bed.stale(link, 5_001)


@pytest.mark.parametrize(
    "link",
    [
        WardLink(),
        WardLink(state=State(False, "lost", "s1", "", "", "")),
        WardLink(state=State(False, "stopped", "s1", "", "", "")),
        WardLink(state=State(True, "up", "s2", "", "", "")),
        WardLink(state=UP, bridge=False),
    ],
    ids=["nothing said", "lost", "stopped", "another session", "bridge down"],
)
def test_each_rule_alone_makes_it_stale(link: WardLink) -> None:
    assert heard().stale(link, 0)


def test_what_was_on_its_way_for_long_is_old_when_it_comes() -> None:
    delay = Delay()
    assert delay.of("s1", 1_000, 50_000) == 0
    assert delay.of("s1", 2_000, 51_000) == 0
    assert delay.of("s1", 3_000, 60_000) == pytest.approx(8_000, abs=20)
    assert delay.of("s2", 9_000, 61_000) == 0


@given(st.lists(st.tuples(st.integers(0, 30_000), st.integers(1, 2_000)), min_size=1, max_size=40))
def test_no_frame_is_taken_for_younger_than_the_quickest_would_be(ways: list[tuple[int, int]]) -> None:
    """Beyond what two clocks may drift apart meanwhile."""
    delay, ward_ms, quickest = Delay(), 0, 1 << 60
    for way_ms, pause_ms in ways:
        ward_ms += pause_ms
        quickest = min(quickest, way_ms)
        said = delay.of("s", ward_ms, 1_000_000 + ward_ms + way_ms)
        assert said >= way_ms - quickest - (ward_ms + 30_000) // 1_000 - 1


def test_an_older_frame_never_takes_the_place_of_a_newer_one_and_missing_ones_are_noticed() -> None:
    bed = heard()
    assert bed.hear("s1", 2, 1_000, 0) is False
    assert bed.hear("s1", 5, 2_000, 0) is True
    assert bed.hear("s1", 3, 2_100, 0) is False
    assert (bed.seq, bed.gaps, bed.ignored) == (5, 1, 1)
    assert bed.hear("s2", 1, 3_000, 0) is False


def test_the_last_will_of_an_earlier_connection_says_nothing_of_the_present_one() -> None:
    link = WardLink(state=UP)
    assert not link.hear_state(State(False, "lost", "s0", "", "", ""))
    assert link.trouble() == ""
    assert link.hear_state(State(False, "lost", "s1", "", "", ""))
    assert link.trouble()


def test_a_value_of_a_device_that_is_offline_is_not_believed() -> None:
    link = WardLink(state=UP, devices={"m1": DevState("s1", "b1", "m1", "offline", None, "")})
    assert not link.device_online("m1")
    assert link.device_online("m2")
    assert link.device_online(None)


def test_what_a_broker_has_held_is_known_by_what_is_left_of_its_expiry() -> None:
    assert [waited_ms(left) for left in (None, 15, 14, 9, 0)] == [0, 0, 0, 5_000, 14_000]


@given(st.text(min_size=1))
def test_every_name_makes_a_level_that_any_broker_takes(name: str) -> None:
    assert is_topic_id(topic_id(name))


def test_topics_are_read_as_they_are_made() -> None:
    topics = Topics("h", "4b")
    made = {
        topics.state: "state",
        topics.birth: "birth",
        topics.health: "health",
        f"{topics.base}/bridge/state": "bridge",
        topics.device("P.1"): "device",
        topics.frame("B1"): "frame",
        topics.alarm("b1", "b1-a7"): "alarm",
        topics.event("b1"): "event",
        topics.event("b1", historical=True): "event",
        topics.vitals("b1"): "vitals",
    }
    for topic, kind in made.items():
        place = read_topic(topic)
        assert place is not None, topic
        assert (place.site, place.ward, place.kind) == ("h", "4b", kind)
        assert place.historical == ("/hist/" in topic)
    assert read_topic(topics.rebirth) is None
    assert read_topic("pumpd/v1/h/4b") is None
    assert read_topic("pumpd/v1/h/4b/bed/+/frame") is None


def test_there_is_no_topic_by_which_a_pump_could_be_commanded() -> None:
    made = [getattr(Topics("h", "4b"), name) for name in ("state", "birth", "health", "rebirth")]
    assert [topic for topic in made if "/cmd/" in topic] == ["pumpd/v1/h/4b/cmd/rebirth"]
