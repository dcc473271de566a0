"""`pumpd config`: the description of the ward file."""

from __future__ import annotations

import typer

from pumpd.cli.common import print_json

app = typer.Typer(help="The ward file's description.", no_args_is_help=True)


@app.callback()
def config() -> None:
    """The ward file's description."""


@app.command()
def schema() -> None:
    """Print the JSON Schema of the ward file, for editors (Taplo, VS Code)."""
    from pumpd.config.ward_file import WardFile

    document = WardFile.model_json_schema(by_alias=True)
    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **document})
