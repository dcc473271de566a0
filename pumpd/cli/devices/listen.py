"""`pumpd devices listen`: decoded facts of one line, live."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Annotated

import typer

from pumpd.cli.common import PROBLEMS, print_json_line, print_lines

if TYPE_CHECKING:
    from pumpd.device import Driver
    from pumpd.safety.events import Event

Port = Annotated[str, typer.Option("--port", metavar="PORT", help="/dev/…, host:port, or a link.")]
DriverName = Annotated[str, typer.Option("--driver", metavar="DRIVER", help="See `pumpd devices drivers`.")]
Seconds = Annotated[float | None, typer.Option("--seconds", min=0.1, help="Stop after so long; default: Ctrl-C.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document per line.")]


def listen(port: Port, driver: DriverName, seconds: Seconds = None, as_json: AsJson = False) -> None:
    """Watch what a device says, decoded. Asks for status where the device must be asked; never takes control.

    Exit code 1: nothing was heard.
    """
    from pumpd.cli.devices.lines import driver_or_leave, link_of, link_or_leave, quiet_logs

    link, found = link_of(port), driver_or_leave(driver)
    link_or_leave(link)
    quiet_logs()
    heard: list[int] = [0]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_listen(link, found, seconds, as_json, heard))
    if not heard[0]:
        print_lines(["nothing was heard"], err=True)
        raise typer.Exit(PROBLEMS)


async def _listen(link: str, driver: type[Driver], seconds: float | None, as_json: bool, heard: list[int]) -> None:
    from pumpd.cli.devices.facts import to_json, to_line
    from pumpd.cli.devices.lines import open_session, sleep_until_told
    from pumpd.cli.serve import first_of
    from pumpd.safety.events import Heard

    loop, enough = asyncio.get_running_loop(), asyncio.Event()
    start = loop.time()

    def post(event: Event) -> None:
        at_ms = int((loop.time() - start) * 1000)
        thing = event.fact if isinstance(event, Heard) else event
        heard[0] += isinstance(event, Heard)
        try:
            if as_json:
                print_json_line(to_json(thing, at_ms))
            else:
                print_lines([to_line(thing, at_ms)])
        except BrokenPipeError:  # whoever read our lines (head, less) has seen enough
            enough.set()

    session = open_session(link, driver, post)
    try:
        await first_of(sleep_until_told(seconds), enough.wait())
    finally:
        await session.close()
