"""A real ward on a real broker: what leaves it, in which order, and what an outage costs."""

from __future__ import annotations

from pumpd.bus.past import VITALS
from pumpd.journal import JournalMessages
from pumpd.safety.alarms import AckReason
from pumpd.safety.decisions import InterlockState
from pumpd.safety.events import Acknowledged
from pumpd.safety.policy import Priority
from tests.bus.brokers import Ear, Mosquitto, listening
from tests.bus.conftest import PAGE, Door, sure_to_have_told
from tests.daemon.house import House

BED = "bed/demo-01"


async def test_a_ward_says_who_is_there_and_one_frame_a_second_of_each_bed(mosquitto: Mosquitto, ward: House) -> None:
    async with listening(mosquitto.broker) as ear:
        await ear.until(lambda: len(ear.all(f"{BED}/frame")) >= 2)
        state, birth = ear.last("daemon/state"), ear.last("daemon/birth")
        assert state is not None
        assert birth is not None
        assert (state["online"], state["reason"]) == (True, "up")
        assert [bed["id"] for bed in birth["beds"]] == ["demo-01"]
        assert birth["page"] == PAGE
        frames = ear.all(f"{BED}/frame")[-2:]
        assert {frame["session"] for frame in frames} == {state["session"]}
        assert frames[1]["seq"] == frames[0]["seq"] + 1
        assert frames[1]["vitals"]["rr"]["u"] == "/min"
        assert frames[1]["pumps"][0]["infusing"] is True
        await ear.until(lambda: ear.last("dev/demo-01-p1/state"))
        heard = next(one for one in reversed(ear.heard) if one.topic.endswith("/frame"))
        assert heard.expiry_left_s is not None


async def trip(house: House) -> None:
    house.bed.act("tenfold-rate")
    await house.until(lambda: house.pump.interlock is InterlockState.STOP_VERIFIED)


def phases(ear: Ear) -> list[tuple[str, str]]:
    told = [event for event in ear.all("/event") if event["kind"] == "alarm"]
    return [(event["body"]["alarm"]["id"], event["body"]["phase"]) for event in told]


def seen(ear: Ear, alarm: str) -> bool:
    return any(id_ == alarm and phase in ("acknowledged", "reset", "end") for id_, phase in phases(ear))


async def test_an_alarm_is_retained_while_it_stands_and_each_of_its_steps_is_told_once(
    mosquitto: Mosquitto, ward: House
) -> None:
    async with listening(mosquitto.broker) as ear:
        await trip(ward)
        high = next(alarm for alarm in ward.view.alarms if alarm.priority is Priority.HIGH)
        await ear.until(lambda: ear.last(f"alarm/{high.id}"))
        ack = Acknowledged(high.id, "R. Keller", AckReason.CARE_IN_PROGRESS, "told Dr. Ott")
        await ward.daemon.ward.submit(ward.bed.id, ack)
        await ear.until(lambda: ear.cleared(f"alarm/{high.id}"))  # it was latched: seen, it is over
        await ear.until(lambda: seen(ear, high.id))
        kinds = [event["kind"] for event in ear.all("/event")]
        assert "interlock" in kinds
        assert "stop" in kinds
        ids = [event["id"] for event in ear.all("/event")]
        assert len(set(ids)) == len(ids)
        said = b"".join(one.payload for one in ear.heard)
        assert b"Keller" not in said
        assert b"Dr. Ott" not in said


async def test_what_happened_while_the_broker_was_dead_is_told_afterwards_once_and_marked(
    mosquitto: Mosquitto, ward: House, door: Door
) -> None:
    async with listening(mosquitto.broker) as ear:
        await ear.until(lambda: ear.last(f"{BED}/frame"))
    door.open.clear()
    mosquitto.kill()
    await trip(ward)
    high = next(alarm for alarm in ward.view.alarms if alarm.priority is Priority.HIGH)
    await mosquitto.start()
    async with listening(mosquitto.broker) as ear:
        door.open.set()
        await ear.until(lambda: ear.last(f"alarm/{high.id}"))
        await ear.until(lambda: (high.id, "start") in phases(ear))
        told = [event for event in ear.all("/event") if event["kind"] == "alarm"]
        assert all(event["historical"] for event in told if event["body"]["alarm"]["id"] == high.id)
        assert phases(ear).count((high.id, "start")) == 1


async def test_a_daemon_that_was_restarted_tells_what_it_had_not_and_clears_what_has_ended(
    mosquitto: Mosquitto, ward: House
) -> None:
    async with listening(mosquitto.broker) as ear:
        await trip(ward)
        high = next(alarm for alarm in ward.view.alarms if alarm.priority is Priority.HIGH)
        await ear.until(lambda: (high.id, "start") in phases(ear))
        await sure_to_have_told(ward)
        await ward.daemon.stop()
        await ear.until(lambda: (ear.last("daemon/state") or {}).get("reason") == "stopped")
        before = phases(ear)
        await ward.start()
        await ear.until(lambda: (ear.last("daemon/state") or {}).get("online"))
        await ward.daemon.ward.submit(ward.bed.id, Acknowledged(high.id, "R. Keller", AckReason.CARE_IN_PROGRESS))
        await ear.until(lambda: seen(ear, high.id) and ear.cleared(f"alarm/{high.id}"))
        ids = [event["id"] for event in ear.all("/event")]
        assert len(set(ids)) == len(ids)
        assert phases(ear)[: len(before)] == before


async def test_whoever_asks_is_told_everything_again(mosquitto: Mosquitto, ward: House) -> None:
    async with listening(mosquitto.broker) as ear:
        await ear.until(lambda: ear.last("daemon/state") and ear.last("daemon/birth"))
        births = len(ear.all("daemon/birth"))
        assert ear.link is not None
        await ear.link.publish("pumpd/v1/st-elsewhere/demo/cmd/rebirth", b"{}")
        await ear.until(lambda: len(ear.all("daemon/birth")) > births)


async def test_what_was_measured_while_the_broker_was_dead_follows_as_history(
    mosquitto: Mosquitto, ward: House, door: Door
) -> None:
    marks = ward.daemon.journal
    async with listening(mosquitto.broker) as ear:
        await ear.until(lambda: ear.last(f"{BED}/frame"))
        store = await JournalMessages.open(marks)
        while BED[4:] not in await store.told_until(VITALS):  # the connection has marked where it began
            await ear.until(lambda: ear.heard)
        door.open.clear()
        mosquitto.kill()
    seq = ward.daemon.beds[ward.bed.id].seq
    await ward.until(lambda: ward.daemon.beds[ward.bed.id].seq > seq + 5)
    await mosquitto.start()
    async with listening(mosquitto.broker) as ear:
        door.open.set()
        await ear.until(lambda: ear.last(f"hist/{BED}/vitals"))
        past = ear.last(f"hist/{BED}/vitals")
        assert past is not None
        assert past["historical"] is True
        buckets = [bucket for bucket in past["points"]["rr"] if bucket]
        assert all(low <= mean <= high for low, mean, high in buckets)
        assert buckets
