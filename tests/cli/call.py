"""Calls the command line as a person does."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from pumpd.cli import app


def run(*arguments: str | Path) -> tuple[int, str, str]:
    """(exit code, standard output, standard error)."""
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    return result.exit_code, result.stdout, result.stderr
