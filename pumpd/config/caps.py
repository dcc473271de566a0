"""The effective dose caps: the drug library's, lowered by the protocol, each with who set it (CEI-09). Pure."""

from __future__ import annotations

from pumpd.config.library_file import Entry
from pumpd.config.protocol_file import CapTable
from pumpd.safety.limits import Cap, DoseCaps
from pumpd.units import MS_PER_H, exact, plain

DAY_MS = 24 * MS_PER_H  # means nothing where there is no cap per window
KEYS = ("per_infusion", "per_course", "per_window")


def library_caps(entry: Entry, by: str) -> DoseCaps | None:
    """The entry's own caps, named after the library; None where it has none."""
    cap = entry.dose_cap
    if cap is None:
        return None
    return DoseCaps(
        per_infusion=Cap(cap.per_infusion, by),
        per_course=None if cap.per_course is None else Cap(cap.per_course, by),
        per_window=None if cap.per_window is None else Cap(cap.per_window, by),
        window_ms=cap.window or DAY_MS,
        warn_percent=cap.warn_percent,
    )


def effective_caps(library: DoseCaps | None, table: CapTable | None, by: str) -> DoseCaps | None:
    """The lower of the library's and the protocol's; a cap that the library leaves out is the protocol's.

    A window cap needs the library's window: see caps_too_high.
    """
    if table is None:
        return library
    caps = library or DoseCaps(None, window_ms=DAY_MS)
    return DoseCaps(
        _lower(caps.per_infusion, table.per_infusion, by),
        _lower(caps.per_course, table.per_course, by),
        _lower(caps.per_window, table.per_window, by),
        caps.window_ms,
        caps.warn_percent,
    )


def _lower(cap: Cap | None, value: int | None, by: str) -> Cap | None:
    return Cap(value, by) if value is not None and (cap is None or value < cap.ug_kg) else cap


def caps_too_high(library: DoseCaps | None, table: CapTable | None) -> list[tuple[str, str]]:
    """(key, message) for each cap of the table that would raise the library's or cannot be counted."""
    found: list[tuple[str, str]] = []
    for key in KEYS if table is not None else ():
        value = getattr(table, key)
        cap = None if library is None else getattr(library, key)
        if value is not None and cap is not None and value > cap.ug_kg:
            found.append((key, f"{shown(value)} is above the {shown(cap.ug_kg)} of {cap.set_by}; only lower"))
        if value is not None and cap is None and key == "per_window":
            found.append((key, "the drug library has no window that it could be counted in"))
    return found


def shown(ug_kg: int) -> str:
    """ "0.5 mg/kg"."""
    return f"{plain(exact(ug_kg, 1000))} mg/kg"
