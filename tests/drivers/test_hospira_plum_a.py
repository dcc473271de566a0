"""What only a Plum A+ does: two halves of a status, hard ids on one line, codes with r or R before them."""

from __future__ import annotations

import pytest
from pumpd_drivers.hospira_plum_a import ALARMS, SOUNDING, HospiraPlumA, alarms_of, frame

from pumpd.device import (
    CommandOutcome,
    DeviceAlarms,
    DeviceSettings,
    Garbled,
    Identity,
    Outcome,
    PumpStatus,
    SetRateOrder,
    Silent,
    StopOrder,
)
from pumpd.sim.devices.hospira_plum_a import HospiraPlumASim, framed
from tests.drivers.virtual import Mute, VirtualLine

ALARM, NUMBERS = frame("T@1;IALR;STA;"), frame("T@1;IDV1;VT1;TV1;DN1;")


def line(neighbours: tuple[str, ...] = (), hard_id: str = "1", **options: str) -> VirtualLine:
    sim = HospiraPlumASim()
    sim.neighbours, sim.hard_id = neighbours, hard_id
    sim.panel.set_rate(7_000, 0)
    sim.panel.start(0)
    return VirtualLine(HospiraPlumA(DeviceSettings("p1", options=options)), sim)


def mute(**options: str) -> VirtualLine:
    return VirtualLine(HospiraPlumA(DeviceSettings("p1", options={"id": "1", **options})), Mute())


def status(state: str, rate: str = "R7.0", total: str = "12.3", **options: str) -> PumpStatus:
    found = mute(**options)
    found.hear(framed(f"F1;ICU4;OK;{state};"))
    found.hear(framed(f"F1;ICU4;{rate};50.0;{total};X;"))
    return found.of(PumpStatus)[-1]


def test_requests_are_what_the_pumps_line_takes() -> None:
    assert frame("T@0;ISTA;") == b"T@0;ISTA;2FAD\r"
    assert (NUMBERS, ALARM) == (b"T@1;IDV1;VT1;TV1;DN1;85E7\r", b"T@1;IALR;STA;8097\r")
    assert all(len(sent) - 5 <= 22 for sent in (ALARM, NUMBERS))


def test_alarm_and_numbers_are_asked_in_turn_and_make_one_status() -> None:
    found = line(id="1")
    found.run_until(20_000)
    assert [sent for _, sent in found.sent][:4] == [ALARM, NUMBERS, ALARM, NUMBERS]
    first = found.of(PumpStatus)[0]
    assert (first.requested_ms, first.rate_ul_h, first.infusing, first.drug) == (0, 7_000, True, "KETAMINE")
    assert found.of(Identity) == [Identity("Plum A+ 1, ICU4")]


def test_half_a_status_is_none() -> None:
    found = mute()
    found.hear(framed("F1;ICU4;R7.0;50.0;12.3;X;"))
    assert found.of(PumpStatus) == []
    found.hear(framed("F1;ICU4;OK;PUMPING;"))
    assert found.of(PumpStatus) == []


@pytest.mark.parametrize("hard_id", ["1", "2", "3"])
def test_the_only_pump_that_answers_is_the_pump(hard_id: str) -> None:
    found = line(hard_id=hard_id)
    found.run_until(20_000)
    assert found.of(PumpStatus)
    assert found.of(Identity) == [Identity(f"Plum A+ {hard_id}, ICU4")]
    assert len(found.of(Silent)) == 0


@pytest.mark.parametrize("neighbours", [("2",), ("3",), ("2", "3")])
def test_which_of_several_pumps_is_meant_is_not_guessed(neighbours: tuple[str, ...]) -> None:
    found = line(neighbours)
    found.run_until(40_000)
    assert found.of(PumpStatus) == []
    assert {a.code for fact in found.of(DeviceAlarms) for a in fact.alarms} == {"ID_NOT_SET"}
    assert not found.times_of(NUMBERS)


def test_a_pump_whose_neighbour_was_switched_off_is_found_in_the_next_search() -> None:
    found = line(("2",))
    found.run_until(30_000)
    found.device.neighbours = ()  # type: ignore[attr-defined]
    found.run_until(70_000)
    assert found.of(PumpStatus)
    assert found.of(DeviceAlarms)[-1].alarms == ()


def test_when_it_is_not_clear_any_more_which_pump_is_meant_none_is_asked_for_its_numbers() -> None:
    found = VirtualLine(HospiraPlumA(DeviceSettings("p1")), Mute())
    found.hear(framed("F1;ICU4;OK;PUMPING;"))
    found.run_until(9_000)
    found.hear(framed("F1;ICU4;OK;PUMPING;"))
    found.hear(framed("F2;ICU5;OK;PUMPING;"))
    found.run_until(30_000)
    assert found.sent
    assert not [sent for _, sent in found.sent if b"None" in sent]


def test_with_an_id_the_others_are_not_read() -> None:
    found = line(("2", "3"), id="1")
    found.hear(framed("F2;ICU5;OK;PUMPING;"))
    found.hear(framed("F2;ICU5;R99.0;50.0;12.3;X;"))
    found.run_until(10_000)
    assert {s.rate_ul_h for s in found.of(PumpStatus)} == {7_000}


def test_the_words_of_the_ward_file_say_whether_it_infuses() -> None:
    words = {"running": "PUMPING,BOLUS", "standing": "STOPPED"}
    assert status("PUMPING 1", **words).infusing is True
    assert status("STOPPED", "R7.0", **words).infusing is False
    assert status("DELAYED", **words).infusing is None


def test_without_words_only_rate_0_stands() -> None:
    assert status("WHATEVER", "R0.0").infusing is False
    assert status("WHATEVER", "R0.1").infusing is True


@pytest.mark.parametrize(("text", "rate"), [("R12.5", 12_500), ("125", 125_000), ("r3", 3_000), ("Rr0.1", 100)])
def test_rates(text: str, rate: int) -> None:
    told = status("PUMPING", text)
    assert told.rate_ul_h == rate
    assert told.alarming is ("r" in text)


def test_a_pump_that_sounds_an_alarm_and_names_none_is_an_alarm_too() -> None:
    found = mute()
    found.hear(framed("F1;ICU4;OK;PUMPING;"))
    found.hear(framed("F1;ICU4;rR7.0;50.0;12.3;X;"))
    assert found.of(DeviceAlarms)[-1].alarms == (SOUNDING,)
    found.hear(framed("F1;ICU4;rOD1;PUMPING;"))
    found.hear(framed("F1;ICU4;rR7.0;50.0;12.3;X;"))
    assert [alarm.code for alarm in found.of(DeviceAlarms)[-1].alarms] == ["OD1"]


@pytest.mark.parametrize("text", ["", "R", "R--.-", "R-1", "1e3", "12,5", "R999999", "0.0001"])
def test_what_is_no_number_is_garbled_and_no_status(text: str) -> None:
    found = mute()
    found.hear(framed("F1;ICU4;OK;PUMPING;"))
    found.hear(framed(f"F1;ICU4;{text};50.0;12.3;X;"))
    assert found.of(PumpStatus) == []
    assert found.of(Garbled)


@pytest.mark.parametrize("before", ["", "r", "R"])
@pytest.mark.parametrize("code", ALARMS)
def test_every_alarm_has_its_words_whether_it_sounds_or_not(before: str, code: str) -> None:
    (alarm,) = alarms_of(before + code)
    assert (alarm.code, alarm.text, alarm.known) == (code, ALARMS[code], True)


@pytest.mark.parametrize(
    ("code", "told"),
    [("OK", []), ("rOK", []), ("MAL17", [("malfunction 17", True)]), ("ZZZ", [("ZZZ", False)])],
)
def test_other_codes(code: str, told: list[tuple[str, bool]]) -> None:
    assert [(a.text, a.known) for a in alarms_of(code)] == told


@pytest.mark.req("QUA-04")
def test_a_reply_with_another_checksum_is_not_believed() -> None:
    found = mute()
    found.hear(b"F1;ICU4;OK;PUMPING;0000\r" + framed("F1;ICU4;OK;PUMPING;"))
    assert [fact.length for fact in found.of(Garbled)] == [24]


def test_it_takes_no_command() -> None:
    found = line(id="1")
    found.run_until(5_000)
    sent = len(found.sent)
    for order in (StopOrder("s1"), SetRateOrder("r1", 1_000, 2_000)):
        assert [o.outcome for o in found.order(order) if isinstance(o, CommandOutcome)] == [Outcome.REFUSED]
    assert len(found.sent) == sent


@pytest.mark.parametrize("poll_ms", [None, 3_000])
def test_it_is_silent_after_twelve_seconds(poll_ms: int | None) -> None:
    sim = HospiraPlumASim()
    found = VirtualLine(HospiraPlumA(DeviceSettings("p1", poll_ms=poll_ms, options={"id": "1"})), sim)
    found.run_until(20_000)
    last = found.log[-1][0]
    sim.faults.drop_percent = 100
    found.run_until(60_000)
    (said,) = [at for at, fact in found.log if isinstance(fact, Silent)]
    assert said - last == 12_000
