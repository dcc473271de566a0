"""The capture format: what was written is read back, whatever became of the file's end; older files are read too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.links.capture import CaptureError, Chunk, Header, line_of, read_file, read_files, read_header

WALL = datetime(2026, 11, 22, 9, 58, 26, 123000, UTC)
CHUNKS = st.lists(st.builds(Chunk, st.integers(0, 10**9), st.binary(min_size=1, max_size=40), st.booleans()))


def written(path: Path, *chunks: Chunk, header: Header | None = None) -> Path:
    lines = [line_of(one.at_ms, one.data, sent=one.sent) for one in chunks]
    path.write_text((header or Header(WALL)).text() + "".join(lines), encoding="utf-8")
    return path


@given(CHUNKS)
def test_every_chunk_is_read_back_with_its_time_and_direction(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[Chunk]
) -> None:
    ordered = sorted(chunks, key=lambda one: one.at_ms)
    path = written(tmp_path_factory.mktemp("captures") / "one", *ordered)
    assert list(read_file(path)) == ordered


def test_a_header_tells_the_device_its_line_and_both_times(tmp_path: Path) -> None:
    header = Header(WALL, 86_400_123, "4b-01-p1", "alaris_asena", "serial:///dev/ttyUSB0?baud=9600")
    assert read_header(written(tmp_path / "one", header=header)) == header


def test_a_header_is_one_line_for_each_thing_whatever_a_link_holds(tmp_path: Path) -> None:
    path = written(tmp_path / "one", Chunk(1, b"x"), header=Header(WALL, link="serial:///dev/a\nb"))
    assert read_header(path).link == "serial:///dev/a b"
    assert list(read_file(path)) == [Chunk(1, b"x")]


def test_captures_from_before_there_was_a_header_are_read(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_text(
        "# pumpd capture 1: milliseconds since the start, then the bytes received, in hex\n"
        "# 2026-11-22T09:58:26.123+00:00\n"
        "12 21 31 0d\n\n40 ff # a comment",
        encoding="utf-8",
    )
    assert read_header(path) == Header(WALL)
    assert list(read_file(path)) == [Chunk(12, b"!1\r"), Chunk(40, b"\xff")]


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_line_that_a_killed_daemon_left_unfinished_is_left_out(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path / "one", Chunk(1, b"\x01"), Chunk(2, b"ab"))
    path.write_bytes(path.read_bytes()[:-cut])
    assert list(read_file(path)) == [Chunk(1, b"\x01")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x < 01", "expected"),
        ("1 < 0g", "expected"),
        ("1 <", "no bytes"),
        ("-1 < 01", "before the start"),
        ("5 < 01\n4 < 01", "time goes back"),
    ],
)
def test_a_line_that_is_no_capture_is_named_with_its_number(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "one"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(CaptureError, match=rf"one:{line.count(chr(10)) + 1}: .*{words}"):
        list(read_file(path))


def test_the_files_of_a_line_are_one_capture_in_the_time_of_the_journal(tmp_path: Path) -> None:
    second = written(tmp_path / "a", Chunk(5, b"2"), header=Header(WALL - timedelta(hours=1), 70_000))
    first = written(tmp_path / "b", Chunk(1, b"1"), header=Header(WALL, 10_000))
    assert list(read_files([second, first])) == [Chunk(1, b"1"), Chunk(60_005, b"2")]


def test_files_without_the_journals_time_are_joined_by_wall_time_which_may_have_been_set_back(tmp_path: Path) -> None:
    one = written(tmp_path / "a", Chunk(3_000, b"1"))
    two = written(tmp_path / "b", Chunk(5, b"2"), Chunk(4_000, b"3"), header=Header(WALL + timedelta(seconds=1)))
    assert list(read_files([one, two])) == [Chunk(3_000, b"1"), Chunk(3_000, b"2"), Chunk(5_000, b"3")]
