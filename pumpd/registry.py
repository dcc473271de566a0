"""Finds drivers by name through the entry-point group `pumpd.drivers`; pumpd itself imports none.

A driver under development comes from a file instead (`--driver-file`): in this process only, marked UNVERIFIED.

A driver that cannot be loaded is a value to report: it must never stop the drivers beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pumpd.device import Driver, DriverInfo
from pumpd.driver_file import DriverFile, DriverFileError, load_file

GROUP = "pumpd.drivers"
GATEWAYS = "pumpd.gateways"
_files: list[DriverFile] = []


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
    return load(points())


def points() -> tuple[EntryPoint, ...]:
    """Every entry point that names a driver, usable or not."""
    return tuple(entry_points(group=GROUP))


def drivers() -> dict[str, type[Driver]]:
    """Every usable driver by name, those of driver files among them."""
    added = {driver.info.name: driver for file in _files for driver in file.drivers}
    return {**installed().drivers, **added}


def broken() -> tuple[BrokenDriver, ...]:
    """Every installed driver that cannot be used, with its reason."""
    return installed().broken


def add_file(path: Path) -> DriverFile:
    """Make the file's drivers known in this process. Raises DriverFileError: never is an installed one replaced."""
    file = load_file(path, {*drivers(), *(one.name for one in broken())})
    _files.append(file)
    return file


def driver_files() -> tuple[DriverFile, ...]:
    """What add_file has added, oldest first."""
    return tuple(_files)


def forget_files() -> None:
    """As after the start of the process."""
    _files.clear()


@dataclass(frozen=True, slots=True)
class BrokenGateway:
    """A gateway that cannot be used, and why."""

    name: str
    reason: str


def gateway(name: str) -> Any:
    """The gateway's class (pumpd.gateways.Gateway), or a BrokenGateway; another package's faults never raise here."""
    points = tuple(entry_points(group=GATEWAYS, name=name))
    if not points:
        return BrokenGateway(name, "it is not installed")
    try:
        return points[0].load()
    except Exception as error:  # noqa: BLE001 - another package's code: whatever it raises is its own fault, as a value
        return BrokenGateway(name, f"{type(error).__name__}: {error}")


__all__ = [
    "GATEWAYS",
    "GROUP",
    "BrokenDriver",
    "BrokenGateway",
    "DriverFile",
    "DriverFileError",
    "Registry",
    "add_file",
    "broken",
    "driver_files",
    "drivers",
    "forget_files",
    "gateway",
    "installed",
    "load",
    "points",
]
