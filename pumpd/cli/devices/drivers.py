"""`pumpd devices drivers`: what is installed, what it can do, how well it is known."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pumpd.cli.common import PROBLEMS, new_table, print_json, print_lines, print_table
from pumpd.cli.driver_files import DriverFiles, use_driver_files

if TYPE_CHECKING:
    from rich.table import Table

    from pumpd.device import DriverInfo

Name = Annotated[str | None, typer.Argument(metavar="DRIVER", help="Everything about this one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
SHORT = 6
"""So many signals of a monitor stand in the list; all of them in its own table."""
WIDE = 48
"""So much of a device's name stands in the list."""


def drivers(name: Name = None, as_json: AsJson = False, driver_file: DriverFiles = None) -> None:
    """List the installed drivers with line, integrity, capabilities and quality, or tell everything about one.

    Exit code 1: one of them cannot be loaded.
    """
    from pumpd.cli.devices.lines import driver_or_leave
    from pumpd.registry import broken, drivers

    use_driver_files(driver_file)
    if name is not None:
        _tell_one(driver_or_leave(name).info, as_json)
        return
    infos = sorted((driver.info for driver in drivers().values()), key=lambda info: (info.kind != "pump", info.name))
    if as_json:
        print_json({"drivers": [_document(info) for info in infos], "broken": [asdict(one) for one in broken()]})
    else:
        print_table(_list(infos))
        print_lines(["quality: see drivers/QUALITY.md; everything about one: pumpd devices drivers DRIVER"])
        print_lines(f"broken: {one.name}: {one.reason}" for one in broken())
    if broken():
        raise typer.Exit(PROBLEMS)


def _tell_one(info: DriverInfo, as_json: bool) -> None:
    if as_json:
        print_json(_document(info))
        return
    print_table(_facts(info))
    if info.signals:
        print_table(_signals(info))


def _document(info: DriverInfo) -> dict[str, Any]:
    document = asdict(info)
    document["probe_bytes"] = [data.hex(" ") for data in info.probe_bytes]
    if info.kind != "pump":
        del document["pump"]
    return document


def _list(infos: list[DriverInfo]) -> Table:
    table = new_table("", ("driver", "device", "kind", "line", "integrity", "reports", "can", "quality"))
    for info in infos:
        talks = "when asked" if info.needs_asking else "by itself"
        device, quality = textwrap.shorten(f"{info.vendor} {info.model}", WIDE, placeholder=" …"), _quality(info)
        table.add_row(
            info.name, device, str(info.kind), info.line.text(), str(info.integrity), talks, abilities(info), quality
        )
    return table


def _quality(info: DriverInfo) -> str:
    return info.quality.upper() if info.unverified else info.quality


def abilities(info: DriverInfo, most: int = SHORT) -> str:
    """In words: what a pump lets us do, or what a monitor reports (the first few)."""
    from pumpd.device import SIGNALS

    if info.kind != "pump":
        values = [name for name in info.signals if not (name in SIGNALS and SIGNALS[name].wave)]
        more = f" and {len(values) - most} more" if len(values) > most else ""
        return ", ".join(values[:most]) + more
    can = info.pump
    pairs = (
        (can.can_stop, "stop"),
        (can.can_set_rate, "set rate"),
        (can.can_read_back, "read back"),
        (can.lease, "lease"),
    )
    return ", ".join(word for has, word in pairs if has) or "report only"


def _facts(info: DriverInfo) -> Table:
    """One row for each thing that is known; long lists over several rows."""
    table = new_table("", (info.name, f"{info.vendor} {info.model}"))
    for key, *values in _rows(info):
        for at, value in enumerate(values):
            table.add_row(key if at == 0 else "", value)
    return table


def _rows(info: DriverInfo) -> Iterator[tuple[str, ...]]:
    yield "kind", str(info.kind)
    yield "quality", _quality(info) + (" (a driver under development)" if info.unverified else "")
    yield "line", info.line.text()
    if len(info.line.bauds) > 1:
        yield "further speeds", ", ".join(str(baud) for baud in info.line.bauds[1:])
    yield "integrity", {"crc16": "CRC-16", "sum8": "8-bit checksum", "none": "no checksum"}[info.integrity.value]
    yield "reports", "only when asked" if info.needs_asking else "by itself"
    yield ("poll" if info.kind == "pump" else "period"), f"{info.poll_ms / 1000:g} s"
    yield "lost after", f"{info.quiet_ms / 1000:g} s of silence"
    yield "serial number", "told, and checked against the ward file" if info.tells_serial else "not told"
    if info.kind == "pump":
        yield from _pump_rows(info)
    yield "probe sends", *([data.hex(" ") for data in info.probe_bytes] or ["nothing: it is only listened to"])
    if info.cautions:
        yield "caution", *info.cautions
    for option in info.options:
        yield f"option {option.name}", f'{option.text} (default "{option.default}")'
    yield "sources", *info.sources


def _pump_rows(info: DriverInfo) -> Iterator[tuple[str, ...]]:
    can = info.pump
    yield "can", abilities(info)
    if can.can_set_rate:
        span = f"{can.rate_min_ul_h / 1000:g} to {can.rate_max_ul_h / 1000:g} mL/h"
        yield "rates", f"{span} in steps of {can.rate_step_ul_h / 1000:g}"
    if can.can_read_back:
        yield "counter", f"moves in steps of {can.counter_step_nl / 1_000_000:g} mL"
    if not (can.can_stop and can.can_read_back):
        yield "enforcement", "alarm only"
    else:
        levels = "stop, reduce or alarm" if can.can_set_rate else "stop or alarm"
        yield "enforcement", levels + (" (alarm only without allow_unverified_control)" if info.unverified else "")


def _signals(info: DriverInfo) -> Table:
    from pumpd.device import SIGNALS

    origins = dict(info.origins)
    table = new_table("", ("signal", "shown as", "unit", "measured by", "IEEE 11073"))
    for name in info.signals:
        signal, origin = SIGNALS.get(name), origins.get(name)
        if signal is None:
            table.add_row(name, "unknown to this pumpd")
            continue
        kind = " (curve)" if signal.wave else " (flag)" if signal.flag else ""
        table.add_row(name, f"{signal.label}{kind}", signal.unit, "" if origin is None else origin.value, signal.refid)
    return table
