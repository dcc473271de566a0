"""`pumpd config`: the description of the ward file and of alarm profiles."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pumpd.cli.common import print_json

app = typer.Typer(help="The description of the ward file and of alarm profiles.", no_args_is_help=True)


@app.callback()
def config() -> None:
    """The description of the ward file and of alarm profiles."""


class SchemaOf(StrEnum):
    """The files whose description can be printed."""

    WARD = "ward"
    ALARMS = "alarms"


Of = Annotated[SchemaOf, typer.Argument(metavar="[ward|alarms]", help="The ward file, or an alarm profile.")]


@app.command()
def schema(of: Of = SchemaOf.WARD) -> None:
    """Print the JSON Schema of the ward file or of an alarm profile, for editors (Taplo, VS Code)."""
    from pumpd.config.profile_file import ProfileFile
    from pumpd.config.ward_file import WardFile

    document = (WardFile if of is SchemaOf.WARD else ProfileFile).model_json_schema(by_alias=True)
    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **document})
