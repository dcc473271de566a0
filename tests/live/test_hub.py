"""The hub: one encoding for all, the latest for each at its own pace, and whoever cannot follow is told so."""

from __future__ import annotations

import asyncio
import json

import pytest

from pumpd.access.roles import Identity
from pumpd.live.client import LiveClient, LiveTimes
from pumpd.live.messages import Close
from pumpd.safety.alarms import Phase
from tests.live.fakes import Picture, Ward, alarm
from tests.live.screens import frames, joined, tick_and_turns


def test_the_first_frame_is_a_snapshot_of_all_beds_in_ward_order() -> None:
    ward = Ward()
    (snapshot,) = frames(ward, ward.hub.join(2))
    assert snapshot["type"] == "snapshot"
    assert [bed["id"] for bed in snapshot["beds"]] == ["b1", "b2", "b3"]
    assert (snapshot["epoch"], snapshot["ward"]) == (
        "e1",
        {"id": "w3", "name": "Ward 3", "generation": "real", "timezone": "UTC", "integrations": False},
    )


def test_a_delta_carries_only_what_changed_as_absolute_values() -> None:
    ward = Ward()
    client = joined(ward)
    ward.breathe("b2", 9)
    ward.hub.tick()
    (delta,) = frames(ward, client)
    assert list(delta["set"]) == ["b2"]
    assert list(delta["set"]["b2"]) == ["values"]
    assert delta["set"]["b2"]["values"]["rr"]["v"] == 9
    assert (delta["del"], delta["prev"] < delta["seq"]) == ([], True)


def test_a_client_that_does_not_ack_holds_two_frames_and_then_gets_only_the_latest() -> None:
    ward = Ward()
    client = joined(ward)
    sent = []
    for rr in range(10, 40):
        ward.breathe("b1", rr)
        ward.hub.tick()
        sent += frames(ward, client)
    assert [frame["type"] for frame in sent] == ["delta", "delta"]
    client.ack(sent[-1]["seq"])
    (latest,) = frames(ward, client)
    assert latest["set"]["b1"]["values"]["rr"]["v"] == 39
    assert client.conflated == 27


def test_a_client_may_ask_for_less_credit_but_not_for_more() -> None:
    ward = Ward()
    for asked, given in ((1, 1), (2, 2), (50, 2), (0, 1), (-3, 1)):
        assert LiveClient(LiveTimes(), 0, asked).credit == given
    assert joined(ward, 1).credit == 1


def test_a_bed_is_encoded_once_per_change_however_many_screens_watch() -> None:
    ward = Ward()
    clients = [joined(ward) for _ in range(50)]
    before = ward.hub.encodes
    ward.breathe("b1", 9)
    ward.hub.tick()
    got = [client.next_frame(ward.hub, ward.clock.ms) for client in clients]
    assert ward.hub.encodes - before == 1
    assert len({id(frame) for frame in got}) == 1


def test_a_frame_made_for_one_screen_is_not_given_to_another_after_a_further_change() -> None:
    ward = Ward()
    first, second = joined(ward), joined(ward)
    ward.breathe("b1", 9)
    ward.hub.tick()
    frames(ward, first)
    ward.breathe("b2", 8)
    ward.hub.ward_json()  # publishes between two ticks
    (delta,) = frames(ward, second)
    assert set(delta["set"]) == {"b1", "b2"}


def test_snapshots_are_joined_from_what_is_encoded_already() -> None:
    ward = Ward()
    frames(ward, ward.hub.join(2))  # the first of its kind has the patients encoded as far as it may see them
    before = ward.hub.encodes
    for _ in range(50):
        frames(ward, ward.hub.join(2))
    assert ward.hub.encodes == before


def test_printed_ages_are_renewed_although_nobody_marks_the_bed() -> None:
    ward = Ward()
    client = joined(ward)
    ward.clock.ms += 1000
    ward.hub.tick()
    (delta,) = frames(ward, client)
    assert {keys["values"]["rr"]["age_ms"] for keys in delta["set"].values()} == {1000}


def test_a_snapshot_never_prints_an_age_older_than_a_tick() -> None:
    ward = Ward()
    ward.clock.ms += 900
    ages = [bed["values"]["rr"]["age_ms"] for bed in json.loads(ward.hub.ward_json())["beds"]]
    assert ages == [900, 900, 900]


def test_a_heartbeat_comes_when_nothing_else_did_for_a_second() -> None:
    ward = Ward(times=LiveTimes(refresh_ms=10_000))
    client = joined(ward)
    ward.clock.ms += 999
    assert frames(ward, client) == []
    ward.clock.ms += 1
    (beat,) = frames(ward, client)
    assert beat == {"type": "hb", "t": "2026-01-15T10:15:31.000Z", "seq": ward.hub.seq}
    assert frames(ward, client) == []


def test_a_client_without_progress_is_closed_and_one_with_progress_is_not() -> None:
    ward = Ward()
    idle, slow = joined(ward), joined(ward)
    for rr in (10, 11):
        ward.breathe("b1", rr)
        ward.hub.tick()
        (delta,) = frames(ward, idle)
        idle.ack(delta["seq"])
        frames(ward, slow)
    ward.clock.ms += ward.hub.times.stall_ms - 1
    tick_and_turns(ward)
    assert slow.close_code is None
    ward.clock.ms += ward.hub.times.tick_ms
    tick_and_turns(ward)
    assert (slow.close_code, idle.close_code) == (Close.SLOW, None)


def test_a_write_that_does_not_end_is_no_progress() -> None:
    ward = Ward()
    client = joined(ward)
    client.sending(ward.clock.ms)
    ward.clock.ms += ward.hub.times.stall_ms
    tick_and_turns(ward)
    assert client.close_code is Close.SLOW


@pytest.mark.req("QUA-01")
def test_a_lost_bed_is_blank_and_not_monitored_until_it_is_found() -> None:
    ward = Ward()
    client = joined(ward)
    ward.hub.lost("b1")
    ward.hub.tick()
    (delta,) = frames(ward, client)
    keys = delta["set"]["b1"]
    assert (keys["monitored"], keys["values"]["rr"]["v"], keys["pumps"][0]["rate_ml_h"]["v"]) == (False, None, None)
    client.ack(delta["seq"])
    ward.hub.found("b1")
    ward.hub.tick()
    (delta,) = frames(ward, client)
    assert (delta["set"]["b1"]["monitored"], delta["set"]["b1"]["values"]["rr"]["v"]) == (True, 14)


def test_one_bed_whose_view_fails_does_not_blank_the_ward() -> None:
    ward = Ward()

    def broken() -> None:
        raise RuntimeError("our mistake")

    ward.hub.register("b2", broken)  # type: ignore[arg-type]
    beds = {bed["id"]: bed for bed in json.loads(ward.hub.ward_json())["beds"]}
    assert [beds[bed]["monitored"] for bed in ("b1", "b2", "b3")] == [True, False, True]
    assert beds["b2"]["values"]["rr"]["v"] is None


def test_a_broadcast_wakes_a_few_clients_at_a_time_and_the_alarmed_first() -> None:
    ward = Ward(times=LiveTimes(slice_s=3600))
    clients = [ward.hub.join(2) for _ in range(12)]
    ward.hub._pacer.wake(clients[-7:], urgent=True)
    woken = []
    for _ in range(3):
        ward.hub._pacer.wake_some(ward.hub._pacer.next_few(1.0, 0.0015))
        woken.append([number for number, client in enumerate(clients) if client.wake.is_set()])
    assert [len(found) for found in woken] == [5, 7, 8]
    assert woken[1] == [5, 6, 7, 8, 9, 10, 11]


async def test_the_running_hub_delivers_and_says_restart_when_it_stops() -> None:
    ward = Ward(times=LiveTimes(tick_ms=1, pace_pause_s=0))
    ward.hub.start()
    client = ward.hub.join(2)
    picture = Picture()
    while picture.beds.get("b1", {}).get("values", {}).get("rr", {}).get("v") != 9:
        async with asyncio.timeout(60):
            await client.wake.wait()
        client.wake.clear()
        while (frame := client.next_frame(ward.hub, ward.clock.ms)) is not None:
            client.ack(picture.take(frame)["seq"])
        ward.breathe("b1", 9)
    await ward.hub.stop()
    assert client.close_code is Close.RESTART


def test_who_joins_in_the_same_moment_is_given_one_and_the_same_text() -> None:
    """A screen that reads nothing keeps its snapshot in the daemon's memory: thirty of them keep one."""
    ward = Ward()
    first, second = (ward.hub.snapshot(Identity.FULL) for _ in range(2))
    assert first is second
    assert ward.hub.snapshot(Identity.NONE) != first
    ward.breathe("b2", 9)
    ward.hub.tick()
    changed = json.loads(ward.hub.snapshot(Identity.FULL))
    assert changed["beds"][1]["values"]["rr"]["v"] == 9
    rung = alarm("b1")
    ward.change("b1", alarms=(rung,))
    ward.hub.alarm(rung, Phase.START)
    assert [told["id"] for told in json.loads(ward.hub.snapshot(Identity.FULL))["alarms"]] == [rung.id]
