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

NO_RELOAD = "pumpd: SIGHUP changes nothing in this version: check the ward file, then restart"


def run(config: Config, driver_file: DriverFiles = None) -> None:
    """Run the daemon of one ward until SIGTERM or Ctrl-C, which hand the pumps' remote control back.

    Exit code 1: the ward file has problems (all are printed). 2: journal or port cannot be opened.
    """
    use_driver_files(driver_file)
    ward = ward_or_leave(config)

    from pumpd.cli.serve import run_loop, serve
    from pumpd.journal import JournalOpenError

    def started(daemon: Daemon) -> None:
        # a reload is not built yet; without this a SIGHUP would end the daemon
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, print_lines, [NO_RELOAD])
        host = f"[{ward.server.host}]" if ":" in ward.server.host else ward.server.host
        print_lines([f"pumpd: ward {ward.id} ({ward.name}), {len(ward.beds)} beds: http://{host}:{daemon.port}/"])

    try:
        run_loop(serve(ward, started))
    except JournalOpenError as error:
        could_not_run(str(error))
    except OSError as error:
        could_not_run(f"{ward.server.host}:{ward.server.port}: {error.strerror or error}")
