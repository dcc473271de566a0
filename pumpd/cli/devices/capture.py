"""`pumpd devices capture`: raw bytes of one line with their times, in the format of the daemon's own captures."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from pumpd.cli.common import PROBLEMS, could_not_run, print_lines
from pumpd.cli.devices.listen import Port, ReceiveOnly, Seconds
from pumpd.cli.driver_files import DriverFiles, use_driver_files

if TYPE_CHECKING:
    from pumpd.config.link_url import LinkSpec
    from pumpd.device import Driver
    from pumpd.device import Line as Settings
    from pumpd.links import Trouble

LINE = re.compile(r"([1-9]\d*)(?: ([5-8])([NEO])([12]))?")
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="A new file; an existing one is not overwritten.")]
LineText = Annotated[str, typer.Option("--line", metavar="LINE", help='Of a serial line, as in "9600 8N1".')]
DriverName = Annotated[
    str | None, typer.Option("--driver", metavar="DRIVER", help="Open the line as it does, and ask what it asks.")
]


def capture(
    port: Port,
    out: Out,
    seconds: Seconds = None,
    driver: DriverName = None,
    line: LineText = "9600 8N1",
    receive_only: ReceiveOnly = False,
    driver_file: DriverFiles = None,
) -> None:
    """Record what passes on a line, for `pumpd devices decode`.

    Without a driver not one byte is sent: a device that must be asked stays silent. With one it is asked for its
    status, as `listen` does, and both directions are recorded. Exit code 1: nothing arrived.
    """
    from pumpd.cli.devices.lines import driver_or_leave, link_of, link_or_leave, quiet_logs

    use_driver_files(driver_file)
    link = link_or_leave(link_of(port, receive_only or driver is None))
    found = None if driver is None else driver_or_leave(driver)
    settings = found.info.line if found else settings_or_leave(line)
    quiet_logs()
    count = Count()
    try:
        with out.open("x", encoding="ascii") as file, contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_capture(link, settings, found, seconds, Writer(file, count)))
    except OSError as error:
        could_not_run(f"{out}: {error.strerror}")
    print_lines([f"{count.received} bytes received, {count.sent} sent, in {out}"])
    if not count.received:
        raise typer.Exit(PROBLEMS)


def settings_or_leave(text: str) -> Settings:
    """ "9600" or "19200 8E1" as line settings, or exit code 2."""
    from pumpd.device import Line as Settings
    from pumpd.device import Parity

    match = LINE.fullmatch(text)
    if match is None:
        could_not_run(f'--line "{text}" is none: expected a speed and 8N1, 8E1, 7E1 … as in "9600 8N1"')
    plain = Settings((int(match[1]),))
    if match[2] is None:
        return plain
    return replace(plain, data_bits=int(match[2]), parity=Parity(match[3]), stop_bits=int(match[4]))


@dataclass
class Count:
    """Bytes of both directions."""

    received: int = 0
    sent: int = 0


class Writer:
    """Hears a line (pumpd.links.Ear) and writes it down at once."""

    def __init__(self, file: TextIO, count: Count) -> None:
        self._file = file
        self._count = count
        self._start_s = 0.0

    def begin(self, link: LinkSpec, driver: str) -> None:
        """The header; times count from now."""
        from pumpd.links.capture import Header

        self._start_s = asyncio.get_running_loop().time()
        self._file.write(Header(wall=datetime.now(UTC), driver=driver, link=str(link)).text())

    def received(self, data: bytes) -> None:
        """Bytes that came."""
        self._count.received += len(data)
        self._write(data, sent=False)

    def sent(self, data: bytes) -> None:
        """Bytes that have left."""
        self._count.sent += len(data)
        self._write(data, sent=True)

    def _write(self, data: bytes, *, sent: bool) -> None:
        from pumpd.links.capture import line_of

        at_ms = int((asyncio.get_running_loop().time() - self._start_s) * 1000)
        self._file.write(line_of(at_ms, data, sent=sent))
        self._file.flush()


async def _capture(
    link: LinkSpec, settings: Settings, driver: type[Driver] | None, seconds: float | None, writer: Writer
) -> None:
    from pumpd.cli.devices.lines import open_session, sleep_until_told
    from pumpd.config.model import LinkTimes
    from pumpd.links import Line

    def tell(trouble: Trouble | None) -> None:
        print_lines([f"{link}: {trouble or 'up'}"], err=True)

    writer.begin(link, "" if driver is None else driver.info.name)
    if driver is not None:
        session = open_session(str(link), driver, lambda event: None, ear=writer)
        try:
            await sleep_until_told(seconds)
        finally:
            await session.close()
        return
    line = Line(link, settings, LinkTimes(), on_bytes=lambda data: None, on_state=tell, ear=writer)
    line.start()
    try:
        await sleep_until_told(seconds)
    finally:
        await line.close()
