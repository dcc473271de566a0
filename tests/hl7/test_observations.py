"""OBX rows as typed observations: nothing dropped, nothing that is no value becomes a number."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from pumpd_hl7.codes import code_of, codes, unit_of, units
from pumpd_hl7.message import STANDARD, Message, read_message
from pumpd_hl7.observations import _REMEMBERED, Observation, _seen, decimal_of, groups, observations, path_of

from pumpd.device import SIGNALS

FIXTURES = Path(__file__).parent / "fixtures"
MSH = "MSH|^~\\&|A|B|C|D|20260115100000+0000||ORU^R01|1|P|2.6\r"


def _message(*rows: str) -> Message:
    found = read_message((MSH + "\r".join(rows)).encode())
    assert isinstance(found, Message)
    return found


def _one(row: str) -> Observation:
    (found,) = observations(_message(row))
    return found


def _nm(value: str, flags: str = "") -> Observation:
    return _one(f"OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.0.1|{value}|262688^MDC_DIM_PERCENT^MDC||{flags}|||R")


def test_a_pump_is_read_row_by_row() -> None:
    message = read_message((FIXTURES / "pcd01_ketamine_syringe.hl7").read_bytes())
    assert isinstance(message, Message)
    rows = {row.code.ref: row for row in observations(message)}
    assert len(rows) == 19
    flow = rows["MDC_FLOW_FLUID_PUMP_CURRENT"]
    assert (flow.number, flow.unit and flow.unit.ucum, flow.path, flow.missing) == (
        Decimal("3.5"),
        "mL/h",
        (1, 1, 1, 2),
        "",
    )
    assert str(rows["MDC_RATE_DOSE"].number) == "0.10"
    assert rows["MDC_PUMP_INFUSING_STATUS"].value == "^pump-status-infusing"
    assert rows["MDC_DEV_PUMP_INFUS_SYRINGE_MDS"].is_device
    assert rows["MDC_DEV_PUMP_INFUS_SYRINGE_MDS"].device == "P0001^^0011223344550001^EUI-64"


@pytest.mark.parametrize("value", ["", '""', "NaN", "NAV", "INV", "inf", "-INF", "12x", "1_0", " ", "9" * 30])
def test_what_is_no_number_is_missing_with_a_reason(value: str) -> None:
    row = _nm(value)
    assert row.number is None
    assert row.missing


@pytest.mark.parametrize("flag", ["INV", "NAV", "BUSY", "NAN", "OFF", "N~INV", "MSK"])
def test_a_flag_takes_the_value_away(flag: str) -> None:
    row = _nm("97", flag)
    assert row.number is None
    assert row.missing in flag


def test_a_questionable_or_abnormal_value_is_still_one() -> None:
    assert (_nm("97", "QUES").number, _nm("97", "QUES").questionable) == (Decimal(97), True)
    assert _nm("97", "L~A").number == Decimal(97)
    assert not _nm("97", "TEST").is_real


def test_codes_are_found_by_number_name_alias_and_in_the_alternate_place() -> None:
    for field in (
        "151728^MDC_AWAY_CO2_ET^MDC",
        "151728",
        "0^MDC_AWAY_CO2_ET^MDC",
        "X1^EtCO2^LOCAL^151728^MDC_AWAY_CO2_ET^MDC",
    ):
        assert code_of(field).signal == "etco2", field
    assert code_of("0^MDC_PUMP_DELIVERY_INFO^MDC").number == 70067
    assert code_of("68165^^MDC").ref == "MDC_ATTR_EVENT_PHASE"
    assert code_of("147842^MDC_ECG_CARD_BEAT_RATE^MDC") == code_of("147842^MDC_ECG_CARD_BEAT_RATE^MDC")


def test_an_unknown_code_or_unit_is_kept_as_it_was_said() -> None:
    code = code_of("999^MDC_NEW_THING^MDC")
    assert (code.known, code.number, code.ref) == (False, 999, "MDC_NEW_THING")
    unit = unit_of("^furlong^X")
    assert unit is not None
    assert (unit.known, unit.ref) == (False, "furlong")
    assert unit_of("") is None


def test_units_are_found_by_code_and_by_ucum() -> None:
    for field in ("265266^MDC_DIM_MILLI_L_PER_HR^MDC", "mL/h^mL/h^UCUM", "^^^mL/h^mL/h^UCUM"):
        unit = unit_of(field)
        assert unit is not None
        assert unit.number == 265266, field


def test_the_tables_are_of_one_piece() -> None:
    assert all(code.signal in ("", *SIGNALS) for code in codes().values())
    assert len({unit.ref for unit in units().values()}) == len(units())
    for signal in SIGNALS.values():
        if signal.code and signal.code in codes():
            assert codes()[signal.code].ref == signal.refid


def test_paths_and_decimals_are_exact() -> None:
    assert path_of("1.1.2.0.3") == (1, 1, 2, 0, 3)
    assert path_of("1.x") == path_of("") == path_of("1..2") == ()
    assert decimal_of("0.10") == Decimal("0.10")
    assert decimal_of("٣") is None


def test_rows_are_grouped_by_their_obr() -> None:
    message = _message("OBR|1", "OBX|1|ST|1||a", "OBX|2|ST|1||b", "OBR|2", "OBX|1|ST|1||c")
    assert [[row.value for row in observations(message, *span)] for span in groups(message)] == [["a", "b"], ["c"]]


def test_escapes_in_a_value_are_replaced() -> None:
    assert _one(r"OBX|1|ST|1||a\T\b").value == "a&b"


def test_a_row_that_was_read_before_has_the_place_of_its_own_message() -> None:
    row = "OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.0.1|97|262688^MDC_DIM_PERCENT^MDC|||||R"
    for lines in ((row,), ("PID|||1", "OBR|1", row), (row,), (row, row)):
        message = read_message("\r".join(("MSH|^~\\&|A", *lines)).encode())
        assert isinstance(message, Message)
        found = observations(message)
        assert [message.lines[one.index] for one in found] == [row] * lines.count(row)
        assert [one.number for one in found] == [Decimal(97)] * lines.count(row)


def test_what_is_remembered_of_rows_is_bounded() -> None:
    lines = [f"OBX|{number}|NM|1^A^MDC|1.1.0.1|{number}" for number in range(3 * _REMEMBERED)]
    lines.append("OBX|1|ST|1^A^MDC|1.1.0.1|" + "X" * 100_000)
    message = read_message("\r".join(("MSH|^~\\&|A", *lines)).encode())
    assert isinstance(message, Message)
    assert [one.value for one in observations(message)[:-1]] == [str(number) for number in range(3 * _REMEMBERED)]
    assert len(_seen(STANDARD)) <= _REMEMBERED
    assert max(map(len, _seen(STANDARD))) < 1000
