"""`pumpd devices drivers`: what is installed, what it can do, how well it is known."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pumpd.cli.common import PROBLEMS, new_table, print_json, print_lines, print_table

if TYPE_CHECKING:
    from pumpd.device import DriverInfo

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def drivers(as_json: AsJson = False) -> None:
    """List the installed drivers with capabilities and quality. Exit code 1: one of them cannot be loaded."""
    from pumpd.registry import broken, drivers

    infos = [driver.info for driver in drivers().values()]
    if as_json:
        print_json({"drivers": [_document(info) for info in infos], "broken": [asdict(one) for one in broken()]})
    else:
        _print(infos)
        print_lines(_option_lines(infos))
        print_lines(f"broken: {one.name}: {one.reason}" for one in broken())
    if broken():
        raise typer.Exit(PROBLEMS)


def _document(info: DriverInfo) -> dict[str, Any]:
    document = asdict(info)
    document["probe_bytes"] = [data.hex(" ") for data in info.probe_bytes]
    if info.kind != "pump":
        del document["pump"]
    return document


def _print(infos: list[DriverInfo]) -> None:
    table = new_table("", ("driver", "device", "kind", "line", "integrity", "can", "quality"))
    for info in infos:
        device = f"{info.vendor} {info.model}"
        line = f"{info.line.bauds[0]} {info.line.data_bits}{info.line.parity}{info.line.stop_bits}"
        table.add_row(info.name, device, str(info.kind), line, str(info.integrity), abilities(info), info.quality)
    print_table(table)


def _option_lines(infos: list[DriverInfo]) -> list[str]:
    """What the ward file may tell each driver."""
    said = [(info.name, option) for info in infos for option in info.options]
    return [f'{name}: options.{option.name} = "{option.default}": {option.text}' for name, option in said]


def abilities(info: DriverInfo) -> str:
    """In words: what a pump lets us do, or what a monitor reports."""
    if info.kind != "pump":
        return ", ".join(info.signals)
    can = info.pump
    pairs = (
        (can.can_stop, "stop"),
        (can.can_set_rate, "set rate"),
        (can.can_read_back, "read back"),
        (can.lease, "lease"),
    )
    return ", ".join(word for has, word in pairs if has) or "report only"
