"""Stopped and started again: everything that matters at the bedside is back."""

from __future__ import annotations

import sqlite3

import pytest

from pumpd.daemon.restore import Returned, resume
from pumpd.device.facts import Integrity, PumpStatus
from pumpd.journal import Marked
from pumpd.safety import ceiling
from pumpd.safety.alarms import AckReason
from pumpd.safety.decisions import InterlockState
from pumpd.safety.events import Acknowledged, Heard, HistoryKept
from pumpd.safety.kept import Kept
from pumpd.safety.policy import Priority
from pumpd.safety.self_alarms import HISTORY
from tests.daemon.house import House


async def again(house: House) -> None:
    await house.daemon.stop()
    await house.start()


@pytest.mark.req("ALA-05", "ALA-06", "DOS-02", "QUA-06")
async def test_a_verified_trip_its_latched_alarm_the_dose_and_the_patient_survive_a_restart(house: House) -> None:
    house.bed.act("tenfold-rate")
    await house.until(lambda: house.pump.interlock is InterlockState.STOP_VERIFIED)
    before = house.view
    high = {alarm.id: alarm for alarm in before.alarms if alarm.priority is Priority.HIGH}
    await again(house)
    after = house.view
    assert after.patient == before.patient
    assert after.pumps[0].interlock is InterlockState.STOP_VERIFIED
    kept = {alarm.id: (alarm.onset_ms, alarm.unseen_ms, alarm.escalation) for alarm in after.alarms}
    for id_, alarm in high.items():
        assert alarm.escalation is not None
        assert kept[id_] == (alarm.onset_ms, alarm.unseen_ms, alarm.escalation)
    old, new = before.pumps[0].delivered, after.pumps[0].delivered
    assert old is not None
    assert new is not None
    assert new.at_least_ng <= old.at_least_ng
    assert new.at_most_ng >= old.at_most_ng


@pytest.mark.req("ALA-06", "INT-02")
async def test_an_outstanding_stop_goes_on_after_a_restart_and_an_acknowledgement_is_kept(house: House) -> None:
    house.bed.act("pump-ignores-stop")
    house.bed.act("tenfold-rate")
    await house.until(lambda: house.bed.pump.heard["INF_STOP"])
    over = next(alarm for alarm in house.view.alarms if alarm.priority is Priority.HIGH and alarm.present)
    ack = Acknowledged(over.id, "R. Keller", AckReason.CARE_IN_PROGRESS)
    await house.daemon.ward.submit(house.bed.id, ack)
    stops = house.bed.pump.heard["INF_STOP"]
    await again(house)
    kept = {alarm.id: alarm for alarm in house.view.alarms}[over.id]
    assert kept.onset_ms == over.onset_ms
    assert kept.acknowledged is not None
    assert kept.acknowledged.by == "R. Keller"
    await house.until(lambda: house.bed.pump.heard["INF_STOP"] > stops)
    house.bed.pump.faults.stop_ignored = False
    await house.until(lambda: house.pump.interlock is InterlockState.STOP_VERIFIED)


@pytest.mark.req("ALA-06")
async def test_an_unreadable_checkpoint_is_passed_over_for_the_recorded_events(house: House) -> None:
    house.bed.act("tenfold-rate")
    await house.until(lambda: house.pump.interlock is InterlockState.STOP_VERIFIED)
    await house.daemon.stop()
    with sqlite3.connect(house.folder / "journal.db") as connection:
        changed = connection.execute("UPDATE checkpoints SET state = x'00'").rowcount
    connection.close()
    assert changed
    await house.start()
    assert house.pump.interlock is InterlockState.STOP_VERIFIED


@pytest.mark.req("INT-06")
async def test_a_clean_stop_hands_control_back_and_a_start_takes_it_again(house: House) -> None:
    pump = house.bed.pump
    controls = pump.heard["REMOTE_CTRL"]
    await house.daemon.stop()
    assert pump.heard["REMOTE_CTRL"] > controls
    assert pump.pump.infusing
    await house.start()
    await house.until(lambda: house.pump.infusing and house.pump.control == "granted")


async def test_the_restored_bed_goes_on_counting_its_steps_without_a_gap(house: House) -> None:
    bed = house.daemon.beds[house.bed.id]
    await house.daemon.stop()
    seq, now_ms = bed.seq, bed.now_ms
    await house.start()
    again = house.daemon.beds[house.bed.id]
    assert again.seq > seq
    assert again.now_ms >= now_ms


@pytest.mark.req("ALA-06", "INT-03")
async def test_after_an_update_whose_rules_know_no_ceiling_a_recorded_trip_stays_and_a_person_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.bed.act("tenfold-rate")
    await house.until(lambda: house.pump.interlock is InterlockState.STOP_VERIFIED)
    high = {alarm.id for alarm in house.view.alarms if alarm.priority is Priority.HIGH}
    await house.daemon.stop()
    with sqlite3.connect(house.folder / "journal.db") as connection:
        connection.execute("UPDATE checkpoints SET kernel = 'older', state = x'00'")
    connection.close()
    monkeypatch.setattr(ceiling, "judge_hard", lambda d, pump, p: p)
    await house.start()
    assert house.pump.interlock is InterlockState.STOP_VERIFIED
    assert high <= {alarm.id for alarm in house.view.alarms}
    told = house.alarm(HISTORY)
    assert told is not None
    await again(house)  # nobody has seen it yet
    assert house.alarm(HISTORY) == told
    await house.daemon.ward.submit(house.bed.id, Acknowledged(told.id, "R. Keller", AckReason.CARE_IN_PROGRESS))
    await again(house)
    assert house.alarm(HISTORY) is None
    assert house.pump.interlock is InterlockState.STOP_VERIFIED
    await house.daemon.journal.durable(house.daemon.journal._token)
    report = await house.daemon.journal.verify()
    assert report.ok, report.problems


async def test_what_the_record_says_comes_before_a_report_whose_stop_left_and_both_are_decided_on(
    house: House,
) -> None:
    bed = house.daemon.beds[house.bed.id]
    seq, now_ms = bed.seq, bed.now_ms
    kept = HistoryKept("2 steps judged otherwise", house.view.patient, Kept(alarm_n=40))
    over = Heard(f"{house.bed.id}-p1", PumpStatus(True, 999_000, None, None, Integrity.CRC16))
    resume(Returned(bed, kept), house.config.beds[0], None, Marked(bed.id, seq + 1, now_ms, over))
    assert bed.seq == seq + 3, "what the record says, the report, and that its stop left"
    assert house.pump.interlock is InterlockState.TRIPPED
    told = house.alarm(HISTORY)
    assert told is not None
    assert told.id.endswith("-a41")
