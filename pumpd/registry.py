"""Finds drivers by name through the entry-point group `pumpd.drivers`; pumpd itself imports none.

A driver that cannot be loaded is a value to report: it must never stop the drivers beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

from pumpd.device import Driver, DriverInfo

GROUP = "pumpd.drivers"


@dataclass(frozen=True, slots=True)
class BrokenDriver:
    """An entry point that names no usable driver, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Registry:
    """Every installed driver by name, and those that could not be loaded."""

    drivers: MappingProxyType[str, type[Driver]]
    broken: tuple[BrokenDriver, ...]


def load(points: tuple[EntryPoint, ...]) -> Registry:
    """Import every entry point; a broken one is reported in the result, never raised."""
    found: dict[str, type[Driver]] = {}
    broken: list[BrokenDriver] = []
    for point in sorted(points, key=lambda p: p.name):
        loaded = _load_one(point)
        if isinstance(loaded, BrokenDriver):
            broken.append(loaded)
        else:
            found[point.name] = loaded
    return Registry(MappingProxyType(found), tuple(broken))


def _load_one(point: EntryPoint) -> type[Driver] | BrokenDriver:
    try:
        driver: Any = point.load()
    except Exception as error:  # noqa: BLE001 - another package's code: whatever it raises is its own fault, as a value
        return BrokenDriver(point.name, f"{type(error).__name__}: {error}")
    info = getattr(driver, "info", None)
    if not isinstance(info, DriverInfo):
        return BrokenDriver(point.name, f"{point.value} has no DriverInfo as `info`")
    if info.name != point.name:
        return BrokenDriver(point.name, f'{point.value} calls itself "{info.name}"')
    return driver  # type: ignore[no-any-return]


@cache
def installed() -> Registry:
    """The drivers of this installation, looked up once."""
    return load(tuple(entry_points(group=GROUP)))


def drivers() -> dict[str, type[Driver]]:
    """Every usable driver by name."""
    return dict(installed().drivers)


def broken() -> tuple[BrokenDriver, ...]:
    """Every installed driver that cannot be used, with its reason."""
    return installed().broken
