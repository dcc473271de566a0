"""`pumpd devices decode`: captures through a driver, in their own time and without any line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pumpd.cli.common import PROBLEMS, could_not_run, print_json_line, print_lines
from pumpd.cli.devices.listen import AsJson
from pumpd.cli.driver_files import DriverFiles, use_driver_files

if TYPE_CHECKING:
    from pumpd.device import Driver, Out
    from pumpd.links.capture import Chunk

Captures = Annotated[
    list[Path], typer.Argument(metavar="FILE…", help="Capture files of one line, or the folder that holds them.")
]
DriverName = Annotated[
    str | None, typer.Option("--driver", metavar="DRIVER", help="Default: the one that the capture names.")
]
Summary = Annotated[bool, typer.Option("--summary", help="Only what it comes to, not every fact.")]


def decode(
    files: Captures,
    driver: DriverName = None,
    summary: Summary = False,
    as_json: AsJson = False,
    driver_file: DriverFiles = None,
) -> None:
    """Replay captured bytes through a driver and print every fact with its time, then what it came to.

    Time is the capture's own: the driver's timers run between its lines. What the driver would send goes nowhere.
    Exit code 1: a line of a file is wrong, or no fact came out.
    """
    from pumpd.cli.devices.facts import to_json, to_line
    from pumpd.cli.devices.lines import driver_or_leave
    from pumpd.cli.devices.tally import Tally
    from pumpd.links.capture import CaptureError, read_files, read_header

    use_driver_files(driver_file)
    try:
        paths = files_of(files)
        headers = [read_header(path) for path in paths]
        found = driver_or_leave(_name(driver, [header.driver for header in headers]))
        wall = min((header.wall for header in headers if header.wall), default=None)
        tally = Tally(found.info, len(paths), wall)
        for at_ms, fact in facts_of(found, _counted(read_files(paths), tally)):
            tally.add(fact)
            if as_json and not summary:
                print_json_line(_dated(to_json(fact, at_ms), wall))
            elif not summary:
                print_lines([to_line(fact, at_ms)])
    except CaptureError as error:
        print_lines([error], err=True)
        raise typer.Exit(PROBLEMS) from None
    except OSError as error:
        could_not_run(f"{error.filename}: {error.strerror}")
    if as_json:
        print_json_line(tally.document())
    else:
        print_lines(tally.lines())
    if not tally.facts:
        print_lines(["no fact came out"], err=True)
        raise typer.Exit(PROBLEMS)


def files_of(paths: list[Path]) -> list[Path]:
    """The files themselves, and those in folders; leaves with exit code 2 where there are none."""
    from pumpd.links.capture import SUFFIX

    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob(f"*{SUFFIX}"))
            if not inside:
                below = sorted(one.parent.name for one in path.glob(f"*/*{SUFFIX}"))
                also = f"; name one of its folders: {', '.join(dict.fromkeys(below))}" if below else ""
                could_not_run(f"{path} holds no capture (*{SUFFIX}){also}")
            found += inside
        else:
            found.append(path)
    return found


def _name(given: str | None, told: list[str]) -> str:
    if given is not None:
        return given
    names = sorted(set(filter(None, told)))
    if len(names) != 1:
        could_not_run(f"--driver: the captures name {' and '.join(names) or 'none'}; say which driver reads them")
    return names[0]


def _dated(document: dict[str, Any], wall: datetime | None) -> dict[str, Any]:
    if wall is None:
        return document
    at = wall + timedelta(milliseconds=document["t_ms"])
    return {"time": at.isoformat(timespec="milliseconds"), **document}


def _counted(chunks: Iterable[Chunk], tally: Any) -> Iterator[Chunk]:
    for chunk in chunks:
        tally.chunk(chunk)
        yield chunk


def facts_of(driver: type[Driver], chunks: Iterable[Chunk]) -> Iterator[tuple[int, object]]:
    """Every fact with its time; the driver's timer runs in the capture's own time.

    The driver only listens, as on a tap: who asked, and when, is in the capture.
    """
    from pumpd.device import DeviceSettings
    from pumpd.units import Ms

    session = driver(DeviceSettings("capture", control=False, receive_only=True))
    begun = False
    for chunk in chunks:
        at_ms = Ms(chunk.at_ms)
        if not begun:
            yield from _facts(session.start(at_ms), at_ms)
            begun = True
        while (due := session.next_deadline()) is not None and due < at_ms:
            yield from _facts(session.tick(due), due)
        if not chunk.sent:
            yield from _facts(session.receive(chunk.data, at_ms), at_ms)


def _facts(outs: list[Out], at_ms: int) -> Iterator[tuple[int, object]]:
    from pumpd.device import Send, SetLine

    yield from ((at_ms, out) for out in outs if not isinstance(out, Send | SetLine))
