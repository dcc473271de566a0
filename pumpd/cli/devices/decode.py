"""`pumpd devices decode`: a capture through a driver, without any line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pumpd.cli.common import PROBLEMS, could_not_run, print_json_line, print_lines
from pumpd.cli.devices.listen import AsJson, DriverName

if TYPE_CHECKING:
    from pumpd.device import Driver, Out

Capture = Annotated[Path, typer.Argument(metavar="FILE", help="Lines of `milliseconds hex…`; # begins a comment.")]


class CaptureError(ValueError):
    """A line that is no capture; the message says which."""


def decode(file: Capture, driver: DriverName, as_json: AsJson = False) -> None:
    """Replay captured bytes through a driver and print every fact. What the driver would send goes nowhere.

    Exit code 1: a line of the file is wrong, or no fact came out.
    """
    from pumpd.cli.devices.facts import to_json, to_line
    from pumpd.cli.devices.lines import driver_or_leave

    found = driver_or_leave(driver)
    count = 0
    try:
        for at_ms, fact in facts_of(found, read_capture(file)):
            count += 1
            if as_json:
                print_json_line(to_json(fact, at_ms))
            else:
                print_lines([to_line(fact, at_ms)])
    except CaptureError as error:
        print_lines([error], err=True)
        raise typer.Exit(PROBLEMS) from None
    except OSError as error:
        could_not_run(f"{file}: {error.strerror}")
    if not count:
        print_lines(["no fact came out"], err=True)
        raise typer.Exit(PROBLEMS)


def read_capture(path: Path) -> Iterator[tuple[int, bytes]]:
    """(milliseconds, bytes) of each line. Raises OSError or CaptureError."""
    last = 0
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, text in enumerate(file, 1):
            content = text.partition("#")[0].strip()
            if not content:
                continue
            at, _, digits = content.partition(" ")
            try:
                at_ms, data = int(at), bytes.fromhex(digits)
            except ValueError:
                raise CaptureError(f'{path}:{number}: expected "milliseconds hex hex …"') from None
            if at_ms < last or not data:
                raise CaptureError(f"{path}:{number}: {'no bytes' if not data else 'time goes back'}")
            last = at_ms
            yield at_ms, data


def facts_of(driver: type[Driver], chunks: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, object]]:
    """Every fact with its time; the driver's timer runs in the capture's own time."""
    from pumpd.device import DeviceSettings
    from pumpd.units import Ms

    session = driver(DeviceSettings("capture", control=False))
    yield from _facts(session.start(Ms(0)), 0)
    for at_ms, data in chunks:
        while (due := session.next_deadline()) is not None and due < at_ms:
            yield from _facts(session.tick(due), due)
        yield from _facts(session.receive(data, Ms(at_ms)), at_ms)


def _facts(outs: list[Out], at_ms: int) -> Iterator[tuple[int, object]]:
    from pumpd.device import Send, SetLine

    yield from ((at_ms, out) for out in outs if not isinstance(out, Send | SetLine))
