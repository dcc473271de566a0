"""A Watch as a table on a terminal: signal, value, unit, quality, age, source."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pumpd.bedside.leftovers import Leftovers
from pumpd.cli.common import new_table, several
from pumpd.cli.devices.watch import Watch

UNVERIFIED = "UNVERIFIED: a driver under development; do not rely on what it says"
COLOURS = {"ok": "green", "questionable": "yellow"}


def screen(watch: Watch, unmapped: Leftovers, link: str, now_ms: int) -> RenderableType:
    """Everything that is known of the device at this moment."""
    return Group(
        *_head(watch, link),
        _figures(watch, now_ms),
        Text(f"device alarms: {watch.alarm_words(now_ms)}"),
        Text(_counts(watch, now_ms)),
        *_leftovers(unmapped),
        Text("Ctrl-C ends", style="dim"),
    )


def _head(watch: Watch, link: str) -> Iterable[RenderableType]:
    info = watch.info
    if info.unverified:
        yield Text(UNVERIFIED, style="bold yellow")
    yield Text(f"{info.vendor} {info.model} ({info.name}, {info.quality})  {link}", style="bold")
    yield Text(f"link: {watch.link}", style="green" if watch.up else "bold red")
    if who := watch.who():
        yield Text(f"device: {who}")


def _figures(watch: Watch, now_ms: int) -> Table:
    table = new_table("", ("signal",), ("value",))
    for column in ("unit", "quality"):
        table.add_column(column, no_wrap=True)
    table.add_column("age", justify="right", no_wrap=True)
    table.add_column("source", no_wrap=True)
    for row in watch.rows(now_ms):
        style = "dim" if row.stale else ""
        quality = Text(row.quality, style="bold" if row.stale else COLOURS.get(row.quality, "red"))
        table.add_row(row.name, row.value, row.unit, quality, f"{row.age_ms / 1000:.1f} s", row.origin, style=style)
    return table


def _counts(watch: Watch, now_ms: int) -> str:
    last = "nothing understood yet" if watch.heard_ms is None else f"last {(now_ms - watch.heard_ms) / 1000:.1f} s ago"
    words = [f"{several(watch.frames, 'frame')}, {last}", f"{watch.garbled} garbled"]
    if watch.last_garbled:
        words[-1] += f" (last: {watch.last_garbled})"
    if watch.waves:
        words.append(several(watch.waves, "curve piece"))
    return "; ".join(words)


def _leftovers(unmapped: Leftovers) -> Iterable[RenderableType]:
    """Tags that the driver's table has no row for: listed, never dropped."""
    if not len(unmapped):
        return
    table = new_table("unmapped tags", ("tag",), ("times",))
    table.add_column("last value", no_wrap=True)
    for one in unmapped:
        table.add_row(one.tag, str(one.count), one.value)
    yield table
    if unmapped.more:
        yield Text(f"and {unmapped.more} more, not listed")
