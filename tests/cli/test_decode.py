"""Captures: what `decode` makes of them, what it says of broken ones, and that what `capture` writes it reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pumpd.links.capture import SUFFIX, Header, line_of
from tests.cli.call import run

ASENA_HOLD = b"!INF^8002-51733^A^HLD^0.00^ml/h^^0.969^ml^530.15^mmHg^00:04:09^EVENT^214725|DB9D\r"
WALL = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)


def decoded(*arguments: str | Path) -> list[dict[str, Any]]:
    code, out, err = run("devices", "decode", *arguments, "--json")
    assert code == 0, err
    return [json.loads(line) for line in out.splitlines()]


def write(path: Path, *lines: str, header: Header | None = None) -> Path:
    path.write_text((header.text() if header else "") + "".join(lines), encoding="ascii")
    return path


def test_captured_bytes_become_facts_with_the_captures_own_times(tmp_path: Path) -> None:
    header = Header(wall=WALL, driver="alaris_asena", link="socket://10.0.0.5:4001")
    file = write(
        tmp_path / f"a{SUFFIX}",
        line_of(880, b"!INF|4961\r", sent=True),
        line_of(900, ASENA_HOLD[:30]),
        line_of(910, ASENA_HOLD[30:]),
        header=header,
    )
    facts = decoded(file)
    status = next(fact for fact in facts if fact["type"] == "PumpStatus")
    assert (status["t_ms"], status["infusing"], status["volume_ul"]) == (910, False, 969)
    assert status["time"] == "2026-01-15T09:00:00.910+00:00"
    summary = facts[-1]
    assert (summary["driver"], summary["frames"], summary["garbled"]) == ("alaris_asena", 1, 0)
    assert (summary["received_bytes"], summary["sent_bytes"]) == (len(ASENA_HOLD), 10)
    assert summary["identity"]["serial"] == "8002-51733"


def test_a_capture_as_it_was_before_it_had_directions_is_read_too(tmp_path: Path) -> None:
    file = write(tmp_path / "old.cap", "# a held pump\n", f"900 {ASENA_HOLD.hex(' ')}\n")
    assert [fact["type"] for fact in decoded(file, "--driver", "alaris_asena")][-2:] == ["PumpStatus", "Summary"]


def test_a_folder_of_rotated_files_is_one_capture(tmp_path: Path) -> None:
    for number, now_ms in ((2, 61_000), (1, 1_000)):
        header = Header(wall=WALL, now_ms=now_ms, driver="alaris_asena")
        name = f"{number:06d}-20260115T090000Z{SUFFIX}"
        write(tmp_path / name, line_of(500, ASENA_HOLD), header=header)
    facts = decoded(tmp_path)
    assert [fact["t_ms"] for fact in facts if fact["type"] == "PumpStatus"] == [500, 60_500]
    assert [fact["type"] for fact in facts].count("Silent") == 1, "the driver's timers run between two chunks"
    assert (facts[-1]["files"], facts[-1]["lasted_ms"], facts[-1]["silences"]) == (2, 60_000, 1)


def test_the_summary_alone_counts_what_was_not_understood(tmp_path: Path) -> None:
    spoiled = ASENA_HOLD.replace(b"530", b"531")
    file = write(tmp_path / "a.txt", line_of(0, ASENA_HOLD), line_of(500, spoiled))
    code, out, _ = run("devices", "decode", file, "--driver", "alaris_asena", "--summary")
    assert code == 0
    assert "1 frame, 0 curve pieces, 0 alarm sets, 0 silences, 1 garbled" in out
    assert "garbled: 1 x" in out
    assert "serial 8002-51733" in out


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (("900 zz\n",), ':1: expected "milliseconds < hex hex …"'),
        (("5 < 21\n", "x < 21\n"), ':2: expected "milliseconds < hex hex …"'),
        (("5 < 21\n", "4 < 21\n"), ":2: time goes back"),
        (("5 < \n",), ":1: no bytes"),
    ],
)
def test_a_line_that_is_no_capture_is_named_with_its_number(
    tmp_path: Path, lines: tuple[str, ...], problem: str
) -> None:
    file = write(tmp_path / "a.txt", *lines)
    code, _, err = run("devices", "decode", file, "--driver", "alaris_asena")
    assert (code, err) == (1, f"{file}{problem}\n")


def test_what_cannot_be_read_at_all_is_exit_2(tmp_path: Path) -> None:
    assert run("devices", "decode", tmp_path / "none.txt", "--driver", "alaris_asena")[0] == 2
    code, _, err = run("devices", "decode", tmp_path, "--driver", "alaris_asena")
    assert (code, f"{tmp_path} holds no capture" in err) == (2, True)
    (tmp_path / "bed-1-p1").mkdir()
    write(tmp_path / "bed-1-p1" / f"a{SUFFIX}", line_of(0, ASENA_HOLD))
    assert "name one of its folders: bed-1-p1" in run("devices", "decode", tmp_path)[2]
    file = write(tmp_path / "a.txt", line_of(0, ASENA_HOLD))
    assert "say which driver reads them" in run("devices", "decode", file)[2]
    assert 'did you mean "alaris_asena"?' in run("devices", "decode", file, "--driver", "asena")[2]


def test_a_capture_in_which_nothing_is_understood_is_exit_1(tmp_path: Path) -> None:
    file = write(tmp_path / "a.txt", line_of(0, b""[:0] or b"x"))
    code, _, err = run("devices", "decode", file, "--driver", "masimo_ascii1")
    assert (code, err) == (1, "no fact came out\n")


@pytest.mark.parametrize("line", ["9600 8X1", "fast", "0", "9600 9N1"])
def test_a_line_setting_that_is_none_is_refused_in_words(tmp_path: Path, line: str) -> None:
    code, _, err = run("devices", "capture", "--port", "/dev/null", "--out", tmp_path / "x", "--line", line)
    assert (code, "expected a speed" in err) == (2, True)
    assert not (tmp_path / "x").exists()


def test_a_capture_is_never_written_over(tmp_path: Path) -> None:
    out = tmp_path / "kept.txt"
    out.write_text("mine")
    code, _, err = run("devices", "capture", "--port", "/dev/null", "--out", out)
    assert (code, err) == (2, f"pumpd: {out}: File exists\n")
    assert out.read_text() == "mine"
