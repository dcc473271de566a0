"""Parquet says the same as CSV, a batch at a time; what it cannot mean is refused with its column or row."""

from __future__ import annotations

import csv
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pumpd.evaluation import RecordingError, parquet, read_recording
from pumpd.evaluation.recording import parse_recording
from pumpd.safety.events import Assessed
from tests.cli.call import run as call
from tests.evaluate.library import LIBRARY, lines_of


def save(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(columns), path, **options)
    return path


def columns_of(lines: list[str]) -> dict[str, pa.Array]:
    """The CSV as columns of numbers, an empty cell as null."""
    rows = list(csv.DictReader(lines))
    return {
        name: pa.array([None if row[name] == "" else float(row[name]) for row in rows], pa.float32())
        for name in rows[0]
    }


@pytest.mark.parametrize("name", LIBRARY)
def test_the_same_recording_gives_the_same_rows_from_either_format(tmp_path: Path, name: str) -> None:
    lines = lines_of(name)
    path = save(tmp_path / "x.parquet", columns_of(lines), row_group_size=100)
    recording = read_recording(path)
    text = parse_recording("x.csv", lines)
    assert recording.signals == text.signals
    assert list(recording.rows) == list(text.rows)
    assert recording.fraction is not None
    assert recording.fraction() == 1.0


def test_rows_are_read_while_they_are_needed_one_batch_at_a_time(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(parquet, "BATCH_ROWS", 10)
    path = save(tmp_path / "x.parquet", {"t_s": range(1000), "rr": [14] * 1000}, row_group_size=50)
    converted: list[int] = []
    real = parquet._without_nan
    monkeypatch.setattr(parquet, "_without_nan", lambda cells: converted.append(len(cells)) or real(cells))
    rows = read_recording(path).rows
    for _ in range(25):
        next(rows)
    assert sum(converted) == 3 * 10 * 2  # three batches of two columns


@pytest.mark.parametrize(
    "values",
    [
        pa.array([14, None], pa.uint8()),
        pa.array([14.0, float("nan")], pa.float64()),
        pa.array([Decimal("14.0"), None], pa.decimal128(5, 1)),
    ],
)
def test_every_kind_of_number_is_read_and_null_and_nan_are_missing(tmp_path: Path, values: pa.Array) -> None:
    path = save(tmp_path / "x.parquet", {"t_s": [0.5, 1.5], "RR ": values})
    first, second = read_recording(path).rows
    assert (first[0], first[1].readings[0].value_milli) == (500, 14_000)
    assert second[1].readings[0].value_milli is None


def test_flags_sensors_and_assessments_may_be_booleans_or_words(tmp_path: Path) -> None:
    columns = {
        "t_s": [0, 1],
        "no_breath": [True, False],
        "sensor_off": pa.array(["", "no_breath"]).dictionary_encode(),
        "poss": ["S", "3"],
        "on_oxygen": [True, None],
    }
    said, first, again, second = read_recording(save(tmp_path / "x.parquet", columns)).rows
    assert said == (0, Assessed("recording", asleep=True, oxygen=True))
    assert first[1].readings[0].value_milli == 1000
    assert again == (1000, Assessed("recording", poss=3))
    assert second[1].readings[0].value_milli is None


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"t_s": [0], "rr": ["14"]}, 'x.parquet: column "rr" is string, expected a number'),
        ({"t_s": [0], "rr": [True]}, 'x.parquet: column "rr" is bool, expected a number'),
        ({"t_s": ["0"], "rr": [14]}, 'x.parquet: column "t_s" is string, expected a number of seconds'),
        (
            {"t_s": pa.array([0], pa.timestamp("ms")), "rr": [14]},
            'x.parquet: column "t_s" is timestamp[ms]',
        ),
        ({"t_s": [0], "rr": [[14]]}, 'x.parquet: column "rr" is list<'),
        ({"t_s": [0], "rr": [14], "sensor_off": [0.5]}, 'x.parquet: column "sensor_off" is double, expected a boolean'),
        ({"t_s": [0], "rr": [14], "poss": [True]}, 'x.parquet: column "poss" is bool, expected S or a number'),
        ({"t_s": [0], "sp02": [97]}, 'x.parquet: unknown column "sp02"; did you mean "spo2"?'),
        ({"rr": [14]}, 'x.parquet: there is no column "t_s"'),
        ({"t_s": [0, 1, None], "rr": [14, 14, 14]}, 'x.parquet: row 3: t_s "" is no number of seconds'),
        ({"t_s": [0, 2, 1], "rr": [14, 14, 14]}, "x.parquet: row 3: t_s 1 is not later than the row before"),
        ({"t_s": [0, 1], "spo2": [97.0, 0.97]}, 'x.parquet: row 2: spo2 "0.97" looks like a fraction'),
        ({"t_s": [0, 1], "rr": [14, float("inf")]}, 'x.parquet: row 2: rr "inf" is neither a number nor empty'),
    ],
)
def test_what_a_column_cannot_mean_is_refused_with_its_place(
    tmp_path: Path, monkeypatch: Any, columns: dict[str, Any], message: str
) -> None:
    save(tmp_path / "x.parquet", columns)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecordingError) as caught:
        list(read_recording(Path("x.parquet")).rows)
    assert str(caught.value).startswith(message)


def test_a_column_that_says_it_is_in_another_unit_is_refused(tmp_path: Path) -> None:
    kpa = pa.field("etco2", pa.float64(), metadata={"unit": "kPa"})
    table = pa.table({"t_s": [0], "etco2": [5.1]}, schema=pa.schema([pa.field("t_s", pa.int64()), kpa]))
    pq.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(RecordingError, match='column "etco2" is in kPa, expected mmHg'):
        read_recording(tmp_path / "x.parquet")


def test_a_file_that_only_pretends_or_is_damaged_is_one_line(tmp_path: Path) -> None:
    text = tmp_path / "x.parquet"
    text.write_text("t_s,rr\n0,14\n")
    with pytest.raises(RecordingError, match=r"x\.parquet: this is no Parquet file$"):
        read_recording(text)
    whole = save(tmp_path / "y.parquet", {"t_s": range(5000), "rr": [float(i % 97) for i in range(5000)]})
    data = bytearray(whole.read_bytes())
    whole.write_bytes(data[: len(data) // 2])
    with pytest.raises(RecordingError, match=r"no readable Parquet file: [^\n]+$"):
        read_recording(whole)
    data[4:2000] = bytes(1996)
    whole.write_bytes(data)
    with pytest.raises(RecordingError, match=r"row 1: unreadable from here on: [^\n]+$"):
        list(read_recording(whole).rows)


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: Any) -> None:
    path = save(tmp_path / "x.pq", {"t_s": [0], "rr": [14]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, _, err = call("evaluate", path)
    assert code == 2
    assert err == f'pumpd: {path} is Parquet: install the extra "parquet" to read it (pip install "pumpd[parquet]")\n'
