"""Names of serial ports that stay: the links that udev keeps in /dev/serial, beside names that change at each start."""

from __future__ import annotations

import os
from pathlib import Path

SERIAL_DIR = Path("/dev/serial")
KINDS = ("by-id", "by-path")
"""In order of preference: by-id goes with the adapter wherever it is plugged in, by-path with the socket it is in."""


def lasting_names(path: str) -> dict[str, str]:
    """The names that stay of the port that the path now leads to, by kind; empty where it has none or is not there."""
    port = os.path.realpath(path)
    found: dict[str, str] = {}
    for kind in KINDS:
        for name in _links(SERIAL_DIR / kind):
            if os.path.realpath(name) == port:
                found.setdefault(kind, str(name))
    return found


def better_name(path: str) -> str | None:
    """What a ward file should say instead of this path; None where it names a lasting one already, or there is none."""
    if Path(path).is_relative_to(SERIAL_DIR):
        return None
    return next(iter(lasting_names(path).values()), None)


def _links(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
