"""`pumpd run`: the daemon."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pumpd.cli.common import could_not_run, print_lines, ward_or_leave
from pumpd.cli.driver_files import DriverFiles, use_driver_files

if TYPE_CHECKING:
    from pumpd.daemon import Daemon

Config = Annotated[Path, typer.Option("--config", metavar="FILE", help="The ward file; see `pumpd check`.")]
Metrics = Annotated[
    str | None,
    typer.Option("--metrics", metavar="HOST:PORT", help="Prometheus figures at an address of their own, unsigned."),
]

NO_RELOAD = "pumpd: SIGHUP changes nothing in this version: check the ward file, then restart"


def set_up_lines(daemon: Daemon) -> list[str]:
    """What to do while nobody can sign in; nothing once somebody can."""
    token = daemon.reception.setup_token
    if not token:
        return []
    return [
        "pumpd: there is no account yet: open the page and make the first one, the administrator's, with this token:",
        f"pumpd:   {token}   (also in {daemon.reception.setup_file})",
        "pumpd:   or make it here: pumpd user add NAME --role admin --config FILE",
    ]


def address(text: str) -> tuple[str, int]:
    """ "127.0.0.1:9108" or "[::1]:9108"; anything else is exit code 2."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65535:
        could_not_run(f'--metrics {text}: expected HOST:PORT, such as "127.0.0.1:9108"')
    return host, int(port)


def run(config: Config, driver_file: DriverFiles = None, metrics: Metrics = None) -> None:
    """Run the daemon of one ward until SIGTERM or Ctrl-C, which hand the pumps' remote control back.

    Exit code 1: the ward file has problems (all are printed). 2: journal or port cannot be opened.
    """
    use_driver_files(driver_file)
    ward = ward_or_leave(config)
    figures = None if metrics is None else address(metrics)

    from pumpd.cli.serve import serve
    from pumpd.journal import JournalOpenError
    from pumpd.loop import run_loop

    def started(daemon: Daemon) -> None:
        # a reload is not built yet; without this a SIGHUP would end the daemon
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, print_lines, [NO_RELOAD])
        scheme = "http" if ward.server.tls is None else "https"
        host = f"[{ward.server.host}]" if ":" in ward.server.host else ward.server.host
        print_lines([f"pumpd: ward {ward.id} ({ward.name}), {len(ward.beds)} beds: {scheme}://{host}:{daemon.port}/"])
        print_lines(set_up_lines(daemon))

    try:
        run_loop(serve(ward, started, figures))
    except JournalOpenError as error:
        could_not_run(str(error))
    except OSError as error:
        could_not_run(f"{ward.server.host}:{ward.server.port}: {error.strerror or error}")
