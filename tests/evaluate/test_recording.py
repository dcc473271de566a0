"""A recording is read by column names; what cannot be read is one line that says where."""

from __future__ import annotations

import pytest

from pumpd.device import Quality, Vitals
from pumpd.evaluation import RecordingError
from pumpd.evaluation.recording import parse_recording
from pumpd.safety.events import Assessed


def read(*lines: str) -> list[tuple[int, dict[str, tuple[int | None, Quality]]]]:
    return [
        (now, {r.signal: (r.value_milli, r.quality) for r in fact.readings})
        for now, fact in parse_recording("x.csv", lines).rows
        if isinstance(fact, Vitals)
    ]


def test_columns_are_found_by_name_in_any_order_and_case() -> None:
    assert read("\ufeffSpO2, t_s ,rr", "97,0.5,14") == [
        (500, {"spo2": (97_000, Quality.OK), "rr": (14_000, Quality.OK)})
    ]


@pytest.mark.req("QUA-01", "RSP-03")
@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("", (None, Quality.INVALID)),
        (" -- ", (None, Quality.INVALID)),
        ("nan", (None, Quality.INVALID)),
        ("0", (0, Quality.OK)),
        ("255", (None, Quality.INVALID)),
        ("-1", (None, Quality.INVALID)),
        ("1e999999", (None, Quality.INVALID)),
        ("14.5", (14_500, Quality.OK)),
    ],
)
def test_only_a_number_that_the_sensor_can_report_is_a_value(cell: str, expected: tuple[int | None, Quality]) -> None:
    assert read("t_s,rr", f"0,{cell}")[0][1]["rr"] == expected


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "x.csv:1: there is no column"),
        (("rr,spo2",), 'x.csv:1: there is no column "t_s"'),
        (("t_s",), "x.csv:1: there is no column with a vital sign"),
        (("t_s,rr,sp02",), 'x.csv:1: unknown column "sp02"; did you mean "spo2"?'),
        (("t_s;rr;spo2", "0;14;97"), "x.csv:1: the columns are separated by semicolons, expected commas"),
        (("t_s\trr",), "x.csv:1: the columns are separated by tabs, expected commas"),
        (("t_s,rr,rr",), 'x.csv:1: column "rr" is there twice'),
        (("t_s,rr", "0,14", "1,x"), 'x.csv:3: rr "x" is neither a number nor empty'),
        (("t_s,rr", "0,14", "1"), "x.csv:3: 1 cells, expected 2"),
        (("t_s,rr", "0,14", "0,14"), "x.csv:3: t_s 0 is not later than the row before"),
        (("t_s,rr", "now,14"), 'x.csv:2: t_s "now" is no number of seconds'),
        (("t_s,rr", "inf,14"), 'x.csv:2: t_s "inf" is no number of seconds'),
        (("t_s,rr,sensor_off", "0,14,hr"), 'x.csv:2: sensor_off "hr"'),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(RecordingError) as caught:
        read(*lines)
    assert str(caught.value).startswith(message)


def test_blank_lines_are_skipped() -> None:
    assert [now for now, _ in read("t_s,rr", "0,14", "", "5,14")] == [0, 5000]


def facts(*lines: str) -> list[tuple[int, object]]:
    """What people assessed."""
    return [(now, fact) for now, fact in parse_recording("x.csv", lines).rows if isinstance(fact, Assessed)]


@pytest.mark.req("RSP-02")
def test_what_people_assess_is_an_event_when_it_is_said_and_not_again() -> None:
    lines = ("t_s,rr,poss,rass,on_oxygen", "0,14,,,1", "1,14,S,,1", "2,14,s,-2,", "3,14,3,-2,0", "4,14,3.0,,0")
    assert facts(*lines) == [
        (0, Assessed("recording", oxygen=True)),
        (1000, Assessed("recording", asleep=True)),
        (2000, Assessed("recording", rass=-2)),
        (3000, Assessed("recording", poss=3, oxygen=False)),
    ]


@pytest.mark.parametrize(
    ("header", "cell", "message"),
    [
        ("poss", "5", 'x.csv:2: poss "5": expected S or 1 to 4'),
        ("rass", "-6", 'x.csv:2: rass "-6": expected -5 to 4'),
        ("rass", "s", 'x.csv:2: rass "s": expected -5 to 4'),
        ("on_oxygen", "2", 'x.csv:2: on_oxygen "2": expected 0 or 1'),
    ],
)
def test_an_assessment_that_is_none_is_refused_with_its_line(header: str, cell: str, message: str) -> None:
    with pytest.raises(RecordingError) as caught:
        read(f"t_s,rr,{header}", f"0,14,{cell}")
    assert str(caught.value) == message


def test_an_empty_cell_of_what_is_measured_now_and_then_says_nothing() -> None:
    assert [sorted(row) for _, row in read("t_s,rr,nibp_sys", "0,14,120", "1,14,")] == [["nibp_sys", "rr"], ["rr"]]
