"""Where the daemon's log goes: words for a person at a terminal, the journal's own protocol under systemd, else JSON.

An error is logged with its kind and its lines of code. Its variables are not: a traceback that shows them shows
patients, and takes ten milliseconds to draw, for which a stop would wait. Nor is its message, which may quote what
somebody sent, but for kinds that speak of the machine. Other libraries' lines take the same way.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sqlite3
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

JOURNALD = Path("/run/systemd/journal/socket")
STREAM = "JOURNAL_STREAM"
PRIORITIES = {"critical": 2, "error": 3, "exception": 3, "warning": 4, "info": 6, "debug": 7}
"""Of syslog."""

_ABOUT_THE_MACHINE = (OSError, ImportError, MemoryError, sqlite3.OperationalError)
_OURS = frozenset({"event", "level", "timestamp"})


def set_up_logs(out: TextIO | None = None, environ: Mapping[str, str] = os.environ, journald: Path = JOURNALD) -> None:
    """Choose the way for everything that this process logs from now on. out: default is standard output."""
    out = out or sys.stdout
    if out.isatty():
        _configure(_words(colors=True), printing_to(lambda: out))
    elif _is_journal(out, environ):
        _configure([Journald(journald, out)], _Nowhere)
    else:
        json_lines = structlog.processors.JSONRenderer(serializer=_json, ensure_ascii=False)
        stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
        _configure([stamp, json_lines], printing_to(lambda: out))
    _take_over_others()


def _words(colors: bool) -> list[Processor]:
    stamp = structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False)
    return [stamp, structlog.dev.ConsoleRenderer(colors=colors)]


def _configure(last: list[Processor], factory: Any) -> None:
    first: list[Processor] = [structlog.contextvars.merge_contextvars, structlog.processors.add_log_level]
    structlog.configure(
        processors=[*first, _errors_in_lines, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=factory,
        cache_logger_on_first_use=False,
    )


def _json(value: object, **options: Any) -> str:
    return json.dumps(value, **{**options, "default": str})


def in_lines(error: BaseException) -> str:
    """Kind and lines of code of the error and of those that led to it, the first one first."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    earlier = "" if before is None else f"{in_lines(before)}\n\nwhich led to:\n\n"
    lines = "".join(traceback.format_tb(error.__traceback__))
    parts = "".join(f"\n\none of them:\n\n{in_lines(one)}" for one in getattr(error, "exceptions", ()))
    said = f": {error}" if isinstance(error, _ABOUT_THE_MACHINE) else ""
    return f"{earlier}{lines}{type(error).__qualname__}{said}{parts}"


def _errors_in_lines(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    told = event.pop("exc_info", None)
    error = sys.exc_info()[1] if told is True else told[1] if isinstance(told, tuple) else told
    if isinstance(error, BaseException):
        event["exception"] = in_lines(error)
    return event


def _is_journal(out: TextIO, environ: Mapping[str, str]) -> bool:
    """systemd says which stream of ours is its journal's (systemd.exec(5)); one that was redirected is not."""
    device, _, inode = environ.get(STREAM, "").partition(":")
    try:
        stat = os.fstat(out.fileno())
    except (OSError, ValueError):
        return False
    return (device, inode) == (str(stat.st_dev), str(stat.st_ino))


class Journald:
    """The last processor: one datagram of the journal's native protocol with a field for each key.

    Waits for nothing. What journald does not take (a datagram that is too long, a full queue) is printed as one line.
    """

    def __init__(self, path: Path, out: TextIO) -> None:
        self._path, self._out = str(path), out

    def __call__(self, _logger: WrappedLogger, method: str, event: EventDict) -> str:
        level = str(event.get("level", method))
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.setblocking(False)
                line.sendto(_datagram(level, event), self._path)
        except OSError:
            with suppress(OSError, ValueError):
                self._out.write(f"<{PRIORITIES.get(level, 6)}>{_json(dict(event), ensure_ascii=False)}\n")
                self._out.flush()
        return ""


def _datagram(level: str, event: EventDict) -> bytes:
    fields = {"MESSAGE": str(event.get("event", "")), "PRIORITY": str(PRIORITIES.get(level, 6))}
    fields["SYSLOG_IDENTIFIER"] = "pumpd"
    fields |= {f"PUMPD_{_field(key)}": str(value) for key, value in event.items() if key not in _OURS}
    return b"".join(_lines(name, value) for name, value in fields.items())


def _field(key: str) -> str:
    """Letters, digits and underscores are allowed in a field's name."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in key).upper()[:57]


def _lines(name: str, value: str) -> bytes:
    """A value of several lines carries its length (systemd's "Native Journal Protocol")."""
    data = value.encode(errors="replace")
    if b"\n" in data:
        return name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"
    return name.encode() + b"=" + data + b"\n"


class _Printed:
    """Says a line on a stream. A stream that takes none (its reader has gone, it is closed) costs the line, never the
    work that was logged: a log line stands in the way of alarms and stops."""

    def __init__(self, stream: Callable[[], TextIO]) -> None:
        self._stream = stream

    def msg(self, message: str) -> None:
        """Print the line and be done with it."""
        with suppress(OSError, ValueError):
            out = self._stream()
            out.write(f"{message}\n")
            out.flush()

    log = debug = info = warn = warning = error = critical = exception = fatal = failure = msg


def printing_to(stream: Callable[[], TextIO]) -> Callable[..., _Printed]:
    """A logger factory of structlog's. stream: asked for each line anew, so that a redirected one is followed."""
    logger = _Printed(stream)
    return lambda *_args: logger


class _Silent:
    def msg(self, _message: str) -> None:
        """What there was to say has been sent."""

    log = debug = info = warn = warning = error = critical = exception = fatal = failure = msg


def _Nowhere(*_args: object) -> _Silent:
    return _Silent()


class _Others(logging.Handler):
    """Log lines of libraries, as ours."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger(record.name)
        level = min(record.levelno, logging.CRITICAL)
        said = record.getMessage().partition("\n")[0]  # asyncio goes on with what a task was about
        log.log(level, said, logger=record.name, exc_info=record.exc_info or None)


def _take_over_others() -> None:
    root = logging.getLogger()
    for one in [handler for handler in root.handlers if isinstance(handler, _Others)]:
        root.removeHandler(one)
    root.addHandler(_Others(logging.WARNING))
