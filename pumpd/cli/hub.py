"""`pumpd hub`: the view of a whole hospital, beside the wards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pumpd.cli.common import PROBLEMS, could_not_run, print_lines

Config = Annotated[Path, typer.Option("--config", metavar="FILE", help="The hub's file; see docs/hub.md.")]
Check = Annotated[bool, typer.Option("--check", help="Only say what is wrong with the file.")]


def hub(config: Config, check: Check = False) -> None:
    """Read the wards of a hospital from MQTT, show them, and keep their history, until SIGTERM or Ctrl-C.

    Exit code 1: the file has problems (all are printed). 2: accounts or port cannot be opened.
    """
    if not config.is_file():
        could_not_run(f"there is no file {config}")

    from pumpd.hub.config import load_hub

    loaded = load_hub(config)
    if loaded.hub is None:
        print_lines(loaded.problems, err=True)
        raise typer.Exit(PROBLEMS)
    print_lines((f"warning: {warning}" for warning in loaded.warnings), err=True)
    if check:
        print_lines([f"{config}: hub {loaded.hub.id} ({loaded.hub.name}): {', '.join(loaded.hub.sites)}"])
        return

    from pumpd.cli.logs import set_up_logs
    from pumpd.hub.serve import serve_hub
    from pumpd.journal import JournalOpenError
    from pumpd.loop import run_loop

    set_up_logs()
    server = loaded.hub.server
    try:
        run_loop(serve_hub(loaded.hub, print_lines))
    except JournalOpenError as error:
        could_not_run(str(error))
    except OSError as error:
        could_not_run(f"{server.host}:{server.port}: {error.strerror or error}")
