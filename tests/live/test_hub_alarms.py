"""Alarms on the screens: at once, in order, before numbers, and none told twice."""

from __future__ import annotations

import asyncio

import pytest

from pumpd.live.client import LiveTimes
from pumpd.live.messages import Close
from pumpd.safety.alarms import AlarmState, Phase
from pumpd.safety.view import BedView
from tests.live.fakes import Picture, Ward, alarm
from tests.live.screens import frames, joined


@pytest.mark.req("ALA-07")
def test_an_alarm_is_there_without_any_tick_and_without_credit() -> None:
    ward = Ward()
    client = joined(ward)
    for rr in (10, 11):
        ward.breathe("b1", rr)
        ward.hub.tick()
        frames(ward, client)
    ward.hub.alarm(alarm("b1"), Phase.START)
    (message,) = frames(ward, client)
    assert (message["type"], message["phase"], message["alarm"]["id"]) == ("alarm", "start", "b1-a1")


def test_alarms_go_before_numbers_in_order_and_are_never_conflated() -> None:
    ward = Ward()
    client = joined(ward)
    ward.breathe("b1", 9)
    ward.hub.tick()
    states = [AlarmState.ACTIVE, AlarmState.ACKNOWLEDGED, AlarmState.LATCHED, AlarmState.ENDED] * 3
    for state in states:
        ward.hub.alarm(alarm("b1", state=state), Phase.UPDATE)
    got = frames(ward, client)
    assert [one["alarm"]["state"] for one in got[:-1]] == [state.value for state in states]
    assert got[-1]["type"] == "delta"
    assert [one["seq"] for one in got] == sorted(one["seq"] for one in got)


def test_a_client_that_takes_no_alarms_is_closed_so_that_it_asks_anew() -> None:
    ward = Ward(times=LiveTimes(alarm_queue=5))
    client = joined(ward)
    for number in range(6):
        ward.hub.alarm(alarm("b1", number), Phase.START)
    assert client.close_code is Close.INSUFFICIENT_STATE
    assert not client.ordered


@pytest.mark.req("ALA-06")
def test_alarms_that_a_restart_brought_back_reach_screens_without_an_alarm_call() -> None:
    ward = Ward()
    client = joined(ward)
    ward.change("b1", alarms=(alarm("b1", state=AlarmState.LATCHED),))
    ward.hub.tick()
    assert [(m["type"], m["alarm"]["state"]) for m in frames(ward, client)] == [("alarm", "latched")]
    ward.change("b1", alarms=())
    ward.hub.tick()
    assert [(m["phase"], m["alarm"]["state"]) for m in frames(ward, client)] == [("end", "ended")]


@pytest.mark.req("ALA-07")
def test_what_a_tick_has_told_of_an_alarm_is_not_told_again_and_every_change_is() -> None:
    ward = Ward()
    client = joined(ward)
    rung, seen = alarm("b1"), alarm("b1", state=AlarmState.ACKNOWLEDGED)
    over = alarm("b1", state=AlarmState.ENDED)
    ward.change("b1", alarms=(rung,))
    ward.hub.tick()
    ward.hub.alarm(rung, Phase.START)
    ward.hub.alarm(seen, Phase.ACKNOWLEDGE)
    ward.change("b1", alarms=())
    ward.hub.tick()
    ward.hub.alarm(over, Phase.END)
    assert [m["phase"] for m in frames(ward, client)] == ["start", "acknowledged", "end"]


@pytest.mark.req("ALA-07")
async def test_an_alarm_that_comes_while_its_bed_is_being_shown_is_not_taken_off_again() -> None:
    ward = Ward()
    client, rung = joined(ward), alarm("b1")

    def rings() -> None:
        ward.change("b1", alarms=(rung,))
        ward.hub.alarm(rung, Phase.START)

    def view() -> BedView:
        seen = ward.views["b1"]
        if not seen.alarms:
            asyncio.get_running_loop().call_soon(rings)
        return seen

    ward.hub.register("b1", view)
    await ward.hub._show_in_slices(ward.hub._due(0))
    assert [message["phase"] for message in frames(ward, client) if message["type"] == "alarm"] == ["start"]


async def test_a_lost_device_is_on_the_screens_without_waiting_for_the_tick() -> None:
    ward = Ward(times=LiveTimes(tick_ms=3_600_000, hb_ms=3_600_000, pace_pause_s=0))
    ward.hub.start()
    client, picture = ward.hub.join(2), Picture()
    async with asyncio.timeout(60):
        while picture.beds.get("b1", {}).get("values", {}).get("rr", {}).get("v") != 9:
            await client.wake.wait()
            client.wake.clear()
            while (frame := client.next_frame(ward.hub, ward.clock.ms)) is not None:
                client.ack(picture.take(frame)["seq"])
                ward.breathe("b1", 9)
                ward.hub.mark_now("b1")
    await ward.hub.stop()
