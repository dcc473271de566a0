"""`pumpd config`: the description of the files that a ward writes."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pumpd.cli.common import print_json

if TYPE_CHECKING:
    from pydantic import BaseModel

app = typer.Typer(help="The description of the files that a ward writes.", no_args_is_help=True)


@app.callback()
def config() -> None:
    """The description of the files that a ward writes."""


class SchemaOf(StrEnum):
    """The files whose description can be printed."""

    WARD = "ward"
    ALARMS = "alarms"
    LIBRARY = "library"
    PROTOCOL = "protocol"


Of = Annotated[SchemaOf, typer.Argument(metavar="[ward|alarms|library|protocol]", help="Which file.")]


@app.command()
def schema(of: Of = SchemaOf.WARD) -> None:
    """Print the JSON Schema of a file, for editors (Taplo, VS Code)."""
    from pumpd.config.library_file import LibraryFile
    from pumpd.config.profile_file import ProfileFile
    from pumpd.config.protocol_file import ProtocolFile
    from pumpd.config.ward_file import WardFile

    models: dict[SchemaOf, type[BaseModel]] = {
        SchemaOf.WARD: WardFile,
        SchemaOf.ALARMS: ProfileFile,
        SchemaOf.LIBRARY: LibraryFile,
        SchemaOf.PROTOCOL: ProtocolFile,
    }
    document = models[of].model_json_schema(by_alias=True)
    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **document})
