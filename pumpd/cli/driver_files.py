"""The option `--driver-file`: drivers under development, for this one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pumpd.cli.common import PROBLEMS, could_not_run, print_lines

DriverFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--driver-file",
        metavar="FILE.py",
        help="A driver under development, marked UNVERIFIED wherever it is shown. May be given more than once.",
    ),
]


def use_driver_files(files: list[Path] | None) -> None:
    """Make their drivers known, and say so on standard error; leaves with one exact line where a file is wrong."""
    from pumpd.registry import DriverFileError, add_file, forget_files

    forget_files()
    for path in files or []:
        if not path.is_file():
            could_not_run(f"there is no file {path}")
        try:
            loaded = add_file(path)
        except DriverFileError as error:
            print_lines([error], err=True)
            raise typer.Exit(PROBLEMS) from None
        print_lines((f"UNVERIFIED driver {driver.info.name} from {path}" for driver in loaded.drivers), err=True)
