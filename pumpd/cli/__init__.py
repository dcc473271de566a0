"""The command line: one file per command. Heavy imports happen inside the commands, so that `--help` is quick."""

from __future__ import annotations

import typer

import pumpd
from pumpd.cli import (
    audit,
    check,
    config,
    db,
    demo,
    devices,
    doctor,
    evaluate,
    hl7,
    hub,
    library,
    replay,
    report,
    run,
    simulate,
    token,
    user,
)

app = typer.Typer(
    name="pumpd",
    help="Bedside safety service for ketamine infusions. Not a certified medical device.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    epilog="Exit codes: 0 good, 1 found problems, 2 could not run.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pumpd {pumpd.__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Bedside safety service for ketamine infusions. Not a certified medical device."""


app.command()(demo.demo)
app.command()(run.run)
app.command()(check.check)
app.command()(doctor.doctor)
app.add_typer(library.app, name="library")
app.add_typer(config.app, name="config")
app.add_typer(devices.app, name="devices")
app.command()(evaluate.evaluate)
app.add_typer(hl7.app, name="hl7")
app.command()(hub.hub)
app.command()(replay.replay)
app.command()(report.report)
app.command()(simulate.simulate)
app.add_typer(db.app, name="db")
app.add_typer(user.app, name="user")
app.add_typer(token.app, name="token")
app.add_typer(audit.app, name="audit")


def main() -> None:
    """Entry point of the `pumpd` command."""
    app()
