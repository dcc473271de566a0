"""What the daemon's log says, and where."""

from __future__ import annotations

import io
import json
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from pumpd.cli.logs import set_up_logs

PATIENT = "Quirina Zwettl 887231"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def log_an_error(patient: str = "".join(reversed("132788 lttewZ aniriuQ"))) -> None:
    try:
        try:
            raise KeyError(patient)
        except KeyError as error:
            raise ValueError(f"unreadable: {patient}") from error
    except ValueError:
        structlog.get_logger("test").exception("failed", bed="b1")


@pytest.mark.parametrize("out", [Terminal(), io.StringIO()])
def test_an_error_is_logged_with_its_lines_and_without_its_variables_and_message(out: io.StringIO) -> None:
    set_up_logs(out, {})
    log_an_error()
    said = out.getvalue()
    assert "KeyError" in said
    assert "ValueError" in said
    assert "test_logs.py" in said
    assert PATIENT not in said


def test_what_the_machine_said_is_logged_with_its_message() -> None:
    out = io.StringIO()
    set_up_logs(out, {})
    try:
        Path("/nowhere/pumpd.db").read_bytes()
    except OSError as error:
        structlog.get_logger("test").error("failed", exc_info=error)
    assert json.loads(out.getvalue())["exception"].endswith("No such file or directory: '/nowhere/pumpd.db'")


@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_a_stream_that_takes_nothing_costs_the_line_and_not_the_work_that_was_logged(kind: type[io.StringIO]) -> None:
    class Gone(kind):  # type: ignore[misc, valid-type]
        def write(self, _said: str) -> int:
            raise BrokenPipeError("nobody reads any more")

    set_up_logs(Gone(), {})
    log_an_error()
    closed = kind()
    set_up_logs(closed, {})
    closed.close()
    log_an_error()


def test_where_nobody_reads_along_each_line_is_one_json_object_with_its_time() -> None:
    out = io.StringIO()
    set_up_logs(out, {})
    log_an_error()
    structlog.get_logger("test").warning("self alarm", bed="b1", code="clock_jump", active=True)
    error, warning = map(json.loads, out.getvalue().splitlines())
    assert (error["level"], error["event"], error["bed"]) == ("error", "failed", "b1")
    assert error["exception"].endswith("ValueError")
    assert warning["timestamp"].endswith("Z")
    assert warning["active"] is True


def test_lines_of_other_libraries_take_the_same_way_once() -> None:
    out = io.StringIO()
    set_up_logs(out, {})
    set_up_logs(out, {})
    logging.getLogger("uvicorn.error").error("cannot %s", "listen")
    logging.getLogger("asyncio").error("Task failed\nfuture: <Task exception=KeyError('%s')>", PATIENT)
    logging.getLogger("asyncio").info("not worth a line")
    line, task = map(json.loads, out.getvalue().splitlines())
    assert task["event"] == "Task failed"
    assert (line["event"], line["logger"], line["level"]) == ("cannot listen", "uvicorn.error", "error")


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "socket"))
        line.setblocking(False)
        yield line


def under_systemd(out: Any) -> dict[str, str]:
    stat = os.fstat(out.fileno())
    return {"JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"}


def fields_of(datagram: bytes) -> dict[str, str]:
    """As journald reads its native protocol."""
    found = dict[str, str]()
    while datagram:
        head, _, rest = datagram.partition(b"\n")
        name, equals, value = head.partition(b"=")
        if not equals:
            size = int.from_bytes(rest[:8], "little")
            value, rest = rest[8 : 8 + size], rest[8 + size + 1 :]
        found[name.decode()] = value.decode()
        datagram = rest
    return found


def test_under_systemd_each_key_is_a_field_of_the_journal(journald: socket.socket, tmp_path: Path) -> None:
    with (tmp_path / "stdout").open("w+") as out:
        set_up_logs(out, under_systemd(out), tmp_path / "socket")
        log_an_error()
        fields = fields_of(journald.recv(65_536))
        assert out.seek(0, os.SEEK_END) == 0
    assert (fields["MESSAGE"], fields["PRIORITY"], fields["SYSLOG_IDENTIFIER"]) == ("failed", "3", "pumpd")
    assert fields["PUMPD_BED"] == "b1"
    assert fields["PUMPD_EXCEPTION"].endswith("ValueError")
    assert PATIENT not in str(fields)


def test_what_journald_does_not_take_is_printed_with_its_priority(tmp_path: Path) -> None:
    with (tmp_path / "stdout").open("w+") as out:
        set_up_logs(out, under_systemd(out), tmp_path / "nobody listens")
        structlog.get_logger("test").warning("self alarm", bed="b1")
        out.seek(0)
        line = out.read()
    assert line.startswith('<4>{"bed": "b1"')


def test_a_stream_that_was_redirected_is_not_the_journals(journald: socket.socket, tmp_path: Path) -> None:
    with (tmp_path / "a").open("w") as theirs, (tmp_path / "b").open("w+") as ours:
        set_up_logs(ours, under_systemd(theirs), tmp_path / "socket")
        structlog.get_logger("test").warning("self alarm", bed="b1")
        ours.seek(0)
        assert json.loads(ours.read())["event"] == "self alarm"
