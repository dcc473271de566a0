"""`pumpd devices ports`: the serial ports of this machine, by the names that survive a reboot. Opens none of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from pumpd.cli.common import PROBLEMS, new_table, print_json, print_lines, print_table

if TYPE_CHECKING:
    from serial.tools.list_ports_common import ListPortInfo

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@dataclass(frozen=True, slots=True)
class Port:
    """One port. link: what a ward file names, by the name that lasts longest.

    access: "ok", or why this user cannot open it. busy: who has it open or locked, as far as this user may see.
    """

    link: str
    device: str
    what: str
    access: str
    busy: str
    note: str


def ports(as_json: AsJson = False) -> None:
    """List serial ports with the link that a ward file should name, who may open them and who has them open.

    No port is opened, because that would raise its handshake lines. Exit code 1: there is none.
    """
    from serial.tools.list_ports import comports

    found = ports_of(comports())
    if as_json:
        print_json({"ports": [asdict(port) for port in found]})
    elif found:
        table = new_table("", ("link", "port", "what", "access", "busy"))
        for port in found:
            table.add_row(port.link, port.device, port.what, port.access, port.busy or "free")
        print_table(table)
        print_lines(f"{port.device}: {port.note}" for port in found if port.note)
    else:
        print_lines(["no serial port: is the adapter plugged in? (devices on the network: socket://host:port)"])
    if not found:
        raise typer.Exit(PROBLEMS)


def ports_of(known: Iterable[ListPortInfo]) -> list[Port]:
    """Ports with a lasting name first. Those of the mainboard with nothing behind them are left out."""
    from pumpd.config.by_id import lasting_names

    found = []
    for one in known:
        names = lasting_names(one.device)
        if one.hwid != "n/a" or names:
            found.append((not names, _port(one, names)))
    return [port for _, port in sorted(found, key=lambda pair: (pair[0], pair[1].link))]


def _port(one: ListPortInfo, names: dict[str, str]) -> Port:
    from pumpd.links.ports import holders, why_denied

    name = next(iter(names.values()), one.device)
    what = " ".join(filter(None, (one.manufacturer, one.product, one.serial_number))) or one.description or ""
    busy = ", ".join(map(str, holders(one.device)))
    return Port(f"serial://{name}", one.device, what, why_denied(one.device) or "ok", busy, _note(one, names))


def _note(one: ListPortInfo, names: dict[str, str]) -> str:
    """Adapters without a serial number share one name by id: which port that is changes when one of them is pulled."""
    if one.serial_number or "by-id" not in names or one.hwid == "n/a":
        return ""
    by_path = names.get("by-path")
    other = f"; with two of them use serial://{by_path}" if by_path else ""
    return f"this adapter has no serial number, another of its kind would have the same name by id{other}"
