"""`pumpd devices capture`: raw bytes of one line with their times, receive only."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from pumpd.cli.common import PROBLEMS, could_not_run, print_lines
from pumpd.cli.devices.listen import Port, Seconds

if TYPE_CHECKING:
    from pumpd.links import LinkSpec, Trouble

HEADER = "# pumpd capture 1: milliseconds since the start, then the bytes received, in hex"
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="A new file; an existing one is not overwritten.")]
Baud = Annotated[int, typer.Option("--baud", min=50, help="Speed of a serial line (8N1), as the device speaks.")]


def capture(port: Port, out: Out, seconds: Seconds = None, baud: Baud = 38400) -> None:
    """Record what arrives on a line. Not one byte is sent: a device that must be asked stays silent.

    Exit code 1: nothing arrived.
    """
    from pumpd.cli.devices.lines import link_of, link_or_leave

    link = link_or_leave(link_of(port))
    try:
        with out.open("x", encoding="ascii") as file:
            file.write(f"{HEADER}\n# {datetime.now(UTC).isoformat(timespec='milliseconds')}\n")
            count = [0]
            with contextlib.suppress(KeyboardInterrupt):
                asyncio.run(_capture(link, baud, seconds, file, count))
    except OSError as error:
        could_not_run(f"{out}: {error.strerror}")
    print_lines([f"{count[0]} bytes in {out}"])
    if not count[0]:
        raise typer.Exit(PROBLEMS)


async def _capture(link: LinkSpec, baud: int, seconds: float | None, file: TextIO, count: list[int]) -> None:
    from pumpd.cli.devices.lines import sleep_until_told
    from pumpd.config.model import LinkTimes
    from pumpd.device import Line as Settings
    from pumpd.links import Line

    loop = asyncio.get_running_loop()
    start = loop.time()

    def on_bytes(data: bytes) -> None:
        count[0] += len(data)
        file.write(f"{int((loop.time() - start) * 1000)} {data.hex(' ')}\n")
        file.flush()

    def on_state(trouble: Trouble | None) -> None:
        print_lines([f"{link}: {trouble or 'up'}"], err=True)

    line = Line(link, Settings((baud,)), LinkTimes(), on_bytes=on_bytes, on_state=on_state)
    line.start()
    try:
        await sleep_until_told(seconds)
    finally:
        await line.close()
