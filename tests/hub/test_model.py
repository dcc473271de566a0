"""The hospital as a value: messages and times in, what is shown out."""

from __future__ import annotations

from pumpd.bus.payload import AlarmNow, BedBirth, Birth, DevState, Frame, PumpNow, State, Vital, encode
from pumpd.bus.topics import Topics
from pumpd.hub.hospital import Hospital

TOPICS = Topics("h", "4b")
UP = State(True, "up", "s1", "1", "", "")


def frame(seq: int, ms: int, session: str = "s1", age_ms: int = 100) -> Frame:
    vitals = {"rr": Vital(14, "ok", "/min", None, age_ms, "m1")}
    return Frame(
        session, seq, ms, "", "stay", True, vitals, (PumpNow("p1", "ketamine", True, 7.2, 0.1, "ok", 0, "armed"),)
    )


def alarm(name: str, priority: str, onset: str) -> AlarmNow:
    return AlarmNow(name, "b1", None, "x", priority, "technical", "active", name, None, None, onset, True, None)


class Ward:
    """Speaks for one ward to a hospital."""

    def __init__(self) -> None:
        self.hospital = Hospital("core", "St. Elsewhere")

    def says(
        self, topic: str, payload: bytes, now_ms: int, *, retained: bool = False, left_s: int | None = None
    ) -> bool:
        return self.hospital.hear(topic, payload, retained, left_s, now_ms) is not None

    def rr(self, now_ms: int) -> int | float | None:
        detail = self.hospital.detail("h", "4b", now_ms, "")
        assert detail is not None
        vital = detail.beds[0].vitals.get("rr")
        return None if vital is None else vital.v


def living() -> Ward:
    ward = Ward()
    ward.says(TOPICS.state, encode(UP), 0, retained=True)
    ward.says(TOPICS.frame("b1"), encode(frame(1, 0)), 0)
    return ward


def test_a_value_is_shown_while_its_frame_and_itself_are_young_and_never_longer() -> None:
    ward = living()
    assert ward.rr(4_900) == 14
    assert ward.rr(4_901) is None  # the value was 100 ms old already
    assert ward.rr(5_001) is None


def test_a_retained_frame_shows_no_value_however_young_it_may_be() -> None:
    ward = Ward()
    ward.says(TOPICS.state, encode(UP), 0, retained=True)
    ward.says(TOPICS.alarm("b1", "a1"), encode(alarm("a1", "high", "")), 0, retained=True)
    ward.says(TOPICS.frame("b1"), encode(frame(1, 0)), 0, retained=True, left_s=15)
    assert ward.rr(1) is None


def test_a_frame_that_a_broker_held_is_as_old_as_it_was_held() -> None:
    ward = living()
    ward.says(TOPICS.frame("b1"), encode(frame(2, 1_000)), 1_000, left_s=9)
    assert ward.rr(1_001) is None


def test_a_value_of_a_device_that_went_offline_is_withdrawn_at_once() -> None:
    ward = living()
    ward.says(TOPICS.device("m1"), encode(DevState("s1", "b1", "m1", "offline", None, "")), 10)
    assert ward.rr(20) is None


def test_missing_frames_and_an_unknown_session_ask_for_a_rebirth_now_and_then() -> None:
    ward = living()
    assert ward.says(TOPICS.frame("b1"), encode(frame(3, 2_000)), 2_000)
    assert not ward.says(TOPICS.frame("b1"), encode(frame(9, 3_000)), 3_000)
    assert ward.says(TOPICS.frame("b1"), encode(frame(1, 13_000, "s2")), 13_000)
    assert ward.rr(13_001) is None


def test_a_birth_takes_away_what_it_does_not_name_but_not_one_that_was_kept_by_a_broker() -> None:
    ward = living()
    ward.says(TOPICS.alarm("b1", "a1"), encode(alarm("a1", "high", "")), 1)
    birth = Birth("s1", "", "4b", "4B", "real", "UTC", "j", (BedBirth("B1", "Bed 1", (), ()),), (), ())
    ward.says(TOPICS.birth, encode(birth), 2, retained=True)
    assert len(ward.hospital.shape(3, "", link=True).alarms) == 1
    ward.says(TOPICS.birth, encode(birth), 4)
    assert ward.hospital.shape(5, "", link=True).alarms == []


def test_alarms_come_the_highest_first_and_stay_while_nobody_knows() -> None:
    ward = living()
    for name, priority, onset in (("a1", "low", "1"), ("a2", "high", "3"), ("a3", "high", "2")):
        ward.says(TOPICS.alarm("b1", name), encode(alarm(name, priority, onset)), 1)
    assert [one.id for one in ward.hospital.shape(2, "", link=True).alarms] == ["a3", "a2", "a1"]
    later = ward.hospital.shape(60_000, "", link=True)
    assert [one.stale for one in later.alarms] == [True, True, True]
    assert (later.wards[0].high, later.wards[0].live) == (2, 0)
    ward.says(TOPICS.alarm("b1", "a2"), b"", 60_001)
    assert [one.id for one in ward.hospital.shape(60_002, "", link=True).alarms] == ["a3", "a1"]


def test_what_nobody_understands_changes_nothing() -> None:
    ward = living()
    for payload in (b"", b"{", b"[]", b'{"session":1}', b"\xff\xfe"):
        for topic in (TOPICS.frame("b1"), TOPICS.state, TOPICS.birth, TOPICS.device("m1"), "pumpd/v1/h", "x/y"):
            ward.says(topic, payload, 100)
    assert ward.rr(200) == 14


def born(page: str | None) -> bytes:
    return encode(Birth("s1", "", "4b", "4B", "real", "UTC", "j", (BedBirth("b1", "Bed 1", (), ()),), (), (), page))


def test_the_way_to_a_wards_own_page_is_as_the_ward_says_but_never_anything_else_than_an_address_of_the_web() -> None:
    ward = living()
    for said, shown in (("https://ward-4b.example/", "https://ward-4b.example/"), ("javascript:alert(1)", None)):
        ward.says(TOPICS.birth, born(said), 1)
        assert ward.hospital.shape(2, "", link=True).wards[0].page == shown


def test_what_is_live_says_for_how_long_it_may_be_shown_as_live_without_another_word() -> None:
    ward = living()
    for now_ms in (0, 100, 4_899):
        detail = ward.hospital.detail("h", "4b", now_ms, "")
        assert detail is not None
        bed = detail.beds[0]
        assert (detail.ward.fresh_ms, bed.fresh_ms) == (5_000 - now_ms, 5_000 - now_ms)
        assert bed.vitals["rr"].fresh_ms == 4_900 - now_ms  # it was 100 ms old when the frame was made
    old = ward.hospital.detail("h", "4b", 5_001, "")
    assert old is not None
    assert (old.ward.fresh_ms, old.beds[0].fresh_ms, old.beds[0].vitals) == (0, 0, {})
