"""What a B. Braun rack tells: which slot is the pump, and values that are none."""

from __future__ import annotations

import pytest
from pumpd_drivers.bbraun_space_bcc_values import DOSE_UNITS
from pumpd_drivers.bbraun_space_bcc_wire import request

from pumpd.device import DeviceAlarms, Identity, PumpStatus
from tests.drivers.space_rack import BED, RUNNING, block, pump, rack, silent_rack, status


def test_the_only_pump_of_a_rack_is_the_pump() -> None:
    line = rack()
    line.run_until(3_000)
    assert line.of(Identity) == [Identity("688F030006 in slot 13", "40864")]


def test_which_of_several_pumps_is_meant_is_not_guessed() -> None:
    line = rack(others=("11", "14"))
    line.run_until(7_000)
    assert line.of(PumpStatus) == []
    (alarm,) = line.of(DeviceAlarms)[-1].alarms
    assert alarm.text == "several pumps in the rack: set the option slot to one of 11, 13, 14"


def test_a_late_block_that_names_one_of_several_pumps_does_not_make_it_the_pump() -> None:
    line = silent_rack()
    line.hear(pump(*RUNNING, slot="11", last=False))
    line.run_until(line.now + 8_000)
    line.hear(pump(*RUNNING, slot="13"))
    assert line.of(PumpStatus) == []
    assert [a.code for a in line.of(DeviceAlarms)[-1].alarms] == ["SLOT_NOT_SET"]


def test_a_pump_whose_neighbour_was_taken_out_is_the_only_one_after_a_while() -> None:
    line = rack(others=("11",))
    line.run_until(12_000)
    line.device.others = ()  # type: ignore[attr-defined]
    line.run_until(18_000)
    assert line.of(PumpStatus) == []
    line.run_until(40_000)
    assert line.of(PumpStatus)
    assert line.of(DeviceAlarms)[-1].alarms == ()


def test_with_a_slot_only_that_pump_is_asked_for() -> None:
    line = rack(slot="14", others=("11", "14"))
    line.run_until(7_000)
    assert line.times_of(request(BED.encode(), "MEM:GETSLOT#14", stuffed=False))
    assert {s.serial for s in line.of(PumpStatus)} == {"914"}


def test_an_empty_slot_is_an_alarm_and_no_status() -> None:
    line = rack(slot="12")
    line.run_until(7_000)
    assert line.of(PumpStatus) == []
    assert [a.code for a in line.of(DeviceAlarms)[-1].alarms] == ["GNERR_811"]


def test_a_pump_that_is_taken_out_is_told_and_its_return_ends_the_alarm() -> None:
    line = rack()
    line.run_until(3_000)
    line.device.present = False  # type: ignore[attr-defined]
    line.run_until(12_000)
    assert [a.code for a in line.of(DeviceAlarms)[-1].alarms] == ["GNERR_11"]
    statuses = len(line.of(PumpStatus))
    line.device.present = True  # type: ignore[attr-defined]
    line.run_until(22_000)
    assert line.of(DeviceAlarms)[-1].alarms == ()
    assert len(line.of(PumpStatus)) > statuses


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize("nothing", ["_NV", "_NA", ""])
def test_no_value_is_never_nought(nothing: str) -> None:
    told = status(f"INRT,{nothing}", f"INVI,{nothing}", f"INRMT,{nothing}", f"INM3,{nothing}", f"INSOL,{nothing}")
    assert told == PumpStatus(None, None, None, told.requested_ms, told.integrity)


@pytest.mark.parametrize("text", ["-1", "1e3", "NaN", "1,5", "0.0001", " 1", "12345678"])
def test_a_rate_that_is_no_plain_number_is_no_rate(text: str) -> None:
    assert status(f"INRT,{text}").rate_ul_h is None


@pytest.mark.parametrize(("text", "seconds"), [("65535", None), ("0", 0), ("600000", 600_000), ("_NV", None)])
def test_the_time_left(text: str, seconds: int | None) -> None:
    assert status("INRT,1", f"INRMT,{text}").time_left_s == seconds


@pytest.mark.parametrize(
    ("values", "infusing"),
    [
        (["INM3,1"], True),
        (["INM3,0"], False),
        (["INM3,0", "INM2,1"], True),
        (["INM3,0", "INM10,1"], True),
        (["RUNSTATE,1"], False),
        (["RUNSTATE,2"], True),
        (["RUNSTATE,9"], True),
        (["RUNSTATE,1", "INM3,1"], True),
        (["INM3,_NV"], None),
        ([], None),
    ],
)
def test_a_pump_stands_only_where_it_says_so_and_nothing_speaks_against_it(
    values: list[str], infusing: bool | None
) -> None:
    assert status("INRT,5.00", *values).infusing is infusing


def test_while_a_bolus_runs_the_rate_is_that_of_the_bolus() -> None:
    assert status("INRT,1.20", "INBORT,800.00", "INM2,1").rate_ul_h == 800_000
    assert status("INRT,1.20", "INBORT,800.00", "INM2,0").rate_ul_h == 1_200


@pytest.mark.req("QUA-01", "CEI-03")
@pytest.mark.parametrize("rate", ["INBORT,_NV", "INBORT,_NA", "INBORT,x", "INP1,4"])
def test_a_bolus_whose_rate_is_not_told_runs_at_an_unknown_rate_and_not_at_that_of_before(rate: str) -> None:
    assert status("INRT,1.20", rate, "INM2,1").rate_ul_h is None
    assert status("INRT,1.20", rate, "INM2,0").rate_ul_h == 1_200


def test_dose_units_are_the_published_codes() -> None:
    wanted = {"31": "mg/mL", "32": "mcg/mL", "50": "mcg/min", "69": "mg/kg/h", "71": "mcg/kg/min", "72": "mcg/kg/h"}
    assert {code: DOSE_UNITS[code] for code in wanted} == wanted
    assert DOSE_UNITS["85"] == "IU/kg/day"
    assert "dose 3 (unit 99)" in status("INRT,1", "INDOCAL,1", "INDORT,3", "INDORTU,99").mode


def test_the_pumps_own_symbols_are_left_out_of_names_and_nothing_else_is() -> None:
    assert status("INRT,1", "INSOL,_NV", "INSOLSN,K\ue021etamin 5").drug == "Ketamin 5"


@pytest.mark.parametrize(
    ("code", "text", "known"),
    [
        ("39", "pump removed from the rack", True),
        ("45", "communication with the pump", True),
        ("52", "arrangement of the rack", True),
        ("777", "error 777", False),
    ],
)
def test_errors_of_the_rack_are_alarms(code: str, text: str, known: bool) -> None:
    line = silent_rack()
    line.hear(block(f"7,50100,GNERR,{code}"))
    (alarm,) = line.of(DeviceAlarms)[-1].alarms
    assert (alarm.code, alarm.text, alarm.known) == (f"GNERR_{code}", text, known)


def test_the_status_is_what_the_pump_shows() -> None:
    line = rack(poll_ms=1_000)
    line.device.panel.set_rate(7_120, 0)  # type: ignore[attr-defined]
    line.device.panel.start(0)  # type: ignore[attr-defined]
    line.run_until(600_000)
    told = line.of(PumpStatus)[-1]
    shown = line.device.shown(line.now)  # type: ignore[attr-defined]
    assert told.rate_ul_h == shown["rate_ul_h"] == 7_120
    assert told.infusing is True
    assert told.volume_ul is not None
    assert 0 <= shown["volume_ul"] - told.volume_ul <= 100
