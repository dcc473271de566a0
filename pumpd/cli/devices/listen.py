"""`pumpd devices listen`: decoded facts of one line, live."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Annotated

import typer

from pumpd.cli.common import PROBLEMS, print_json_line, print_lines
from pumpd.cli.driver_files import DriverFiles, use_driver_files

if TYPE_CHECKING:
    from pumpd.cli.devices.watch import Watch
    from pumpd.device import Driver

Port = Annotated[str, typer.Option("--port", metavar="PORT", help="/dev/…, host:port, or a link.")]
DriverName = Annotated[str, typer.Option("--driver", metavar="DRIVER", help="See `pumpd devices drivers`.")]
Seconds = Annotated[float | None, typer.Option("--seconds", min=0.1, help="Stop after so long; default: Ctrl-C.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document per line.")]
ReceiveOnly = Annotated[bool, typer.Option("--receive-only", help="Send nothing, not even questions (a tap).")]
REDRAW_S = 0.25


def listen(
    port: Port,
    driver: DriverName,
    seconds: Seconds = None,
    receive_only: ReceiveOnly = False,
    as_json: AsJson = False,
    driver_file: DriverFiles = None,
) -> None:
    """Watch what a device says, decoded: a live table on a terminal, one fact a line elsewhere.

    Asks for status where the device must be asked; never takes control. Exit code 1: nothing was understood.
    """
    from pumpd.cli.devices.lines import driver_or_leave, link_of, link_or_leave, quiet_logs
    from pumpd.cli.devices.watch import Watch

    use_driver_files(driver_file)
    link, found = link_of(port, receive_only), driver_or_leave(driver)
    link_or_leave(link)
    quiet_logs()
    if receive_only and found.info.needs_asking:
        print_lines([f"{driver} reports only when it is asked: what another host asks for is heard"], err=True)
    watch = Watch(found.info)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_listen(link, found, seconds, _printer(as_json), watch))
    if watch.heard_ms is None:
        nothing = f", {watch.garbled} frames were garbled (last: {watch.last_garbled})" if watch.garbled else ""
        print_lines([f"nothing was understood; link: {watch.link}{nothing}"], err=True)
        raise typer.Exit(PROBLEMS)


def _printer(as_json: bool) -> Callable[[object, int], None] | None:
    """What prints one fact; None: a live table is drawn instead."""
    from pumpd.cli.devices.facts import to_json, to_line
    from pumpd.device import Waveform

    def line(thing: object, at_ms: int) -> None:
        if not isinstance(thing, Waveform):  # a curve is nothing to read; --json has its samples
            print_lines([to_line(thing, at_ms)])

    if as_json:
        return lambda thing, at_ms: print_json_line(to_json(thing, at_ms))
    return None if sys.stdout.isatty() else line


async def _listen(
    link: str, driver: type[Driver], seconds: float | None, say: Callable[[object, int], None] | None, watch: Watch
) -> None:
    from pumpd.cli.devices.lines import open_session, sleep_until_told
    from pumpd.cli.serve import first_of
    from pumpd.safety.events import Heard

    loop, enough = asyncio.get_running_loop(), asyncio.Event()
    start = loop.time()

    def now_ms() -> int:
        return int((loop.time() - start) * 1000)

    def hear(thing: object) -> None:
        watch.hear(thing, now_ms())
        if say is None:
            return
        try:
            say(thing.fact if isinstance(thing, Heard) else thing, now_ms())
        except BrokenPipeError:  # whoever read our lines (head, less) has seen enough
            enough.set()

    session = open_session(link, driver, hear, aside=hear)
    waiting: list[Coroutine[None, None, object]] = [sleep_until_told(seconds), enough.wait()]
    if say is None:
        from pumpd.cli.devices.show import screen

        waiting.append(_drawn(lambda: screen(watch, session.unmapped, link, now_ms())))
    try:
        await first_of(*waiting)
    finally:
        await session.close()


async def _drawn(screen: Callable[[], object]) -> bool:
    """Draw it again and again until cancelled."""
    from rich.live import Live

    with Live(get_renderable=screen, auto_refresh=False, transient=False) as live:  # type: ignore[arg-type]
        while True:
            live.refresh()
            await asyncio.sleep(REDRAW_S)
