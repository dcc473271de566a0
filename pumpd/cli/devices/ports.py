"""`pumpd devices ports`: the serial ports of this machine, by the names that survive a reboot."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pumpd.cli.common import PROBLEMS, new_table, print_json, print_lines, print_table

if TYPE_CHECKING:
    from serial.tools.list_ports_common import ListPortInfo

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
BY_ID = Path("/dev/serial/by-id")


@dataclass(frozen=True, slots=True)
class Port:
    """One port. link: what a ward file names, by id where there is one; access: "ok", or why it cannot be opened."""

    link: str
    device: str
    what: str
    access: str


def ports(as_json: AsJson = False) -> None:
    """List serial ports with the link that a ward file should name. Exit code 1: there is none."""
    from serial.tools.list_ports import comports

    found = ports_of(comports(), by_id(BY_ID))
    if as_json:
        print_json({"ports": [asdict(port) for port in found]})
    elif found:
        table = new_table("", ("link", "port", "what", "access"))
        for port in found:
            table.add_row(port.link, port.device, port.what, port.access)
        print_table(table)
    else:
        print_lines(["no serial port: is the adapter plugged in? (devices on the network: socket://host:port)"])
    if not found:
        raise typer.Exit(PROBLEMS)


def by_id(folder: Path) -> dict[str, str]:
    """The lasting name of each port that has one: of the adapter's maker, model and serial number, not of its place."""
    if not folder.is_dir():
        return {}
    return {os.path.realpath(path): str(path) for path in sorted(folder.iterdir())}


def ports_of(known: Iterable[ListPortInfo], names: dict[str, str]) -> list[Port]:
    """Ports with a lasting name first. Those of the mainboard with nothing behind them are left out."""
    found = []
    for one in known:
        if one.hwid == "n/a" and one.device not in names:
            continue
        name = names.get(os.path.realpath(one.device), one.device)
        what = " ".join(filter(None, (one.manufacturer, one.product, one.serial_number))) or one.description or ""
        found.append(Port(f"serial://{name}", one.device, what, _access(one.device)))
    return sorted(found, key=lambda port: (not port.link.startswith(f"serial://{BY_ID}"), port.link))


def _access(path: str) -> str:
    if os.access(path, os.R_OK | os.W_OK):
        return "ok"
    return "permission denied: join the group that owns it (dialout)"
