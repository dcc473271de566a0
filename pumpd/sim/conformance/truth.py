"""Was it so? What a driver said, held against what the device's own display said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pumpd.device import PumpStatus, Vitals
from pumpd.device.facts import Integrity
from pumpd.sim.conformance.wire import Wire

FIELDS = ("rate_ul_h", "volume_ul", "infusing")


def false_facts(wire: Wire, window_ms: int, since: int = 0, *, checked: bool = False) -> Iterator[str]:
    """Each value that the device did not show within window_ms before it was said, nor, where it answers a question,
    after that question left: such a status would verify a stop that it knows nothing of.

    checked: only facts whose frames a checksum protects.
    """
    for at, out in wire.log:
        if at < since or not isinstance(out, PumpStatus | Vitals) or (checked and out.integrity is Integrity.NONE):
            continue
        if isinstance(out, PumpStatus):
            yield from _false_status(wire, at, out, window_ms)
        else:
            yield from _false_vitals(wire, at, out, window_ms)


def _false_status(wire: Wire, at: int, status: PumpStatus, window_ms: int) -> Iterator[str]:
    asked_ms = status.requested_ms
    oldest = max(at - window_ms, at - window_ms if asked_ms is None else asked_ms)
    shown = _shown(wire, oldest, at)
    for name in FIELDS:
        value = getattr(status, name)
        if value is not None and value not in [one[name] for one in shown]:
            asked = "" if asked_ms is None else f", asked at {asked_ms}"
            yield f"at {at} ms{asked}: {name} {value} was not shown since {oldest} ms"


def _false_vitals(wire: Wire, at: int, vitals: Vitals, window_ms: int) -> Iterator[str]:
    shown = _shown(wire, at - window_ms, at)
    for reading in vitals.readings:
        if reading.value_milli is None or reading.signal not in shown[-1]:
            continue
        if reading.value_milli not in [one[reading.signal] for one in shown]:
            yield f"at {at} ms: {reading.signal} {reading.value_milli} was not shown since {at - window_ms} ms"


def _shown(wire: Wire, since: int, until: int) -> list[Mapping[str, int | None]]:
    """What the display said in that time, and nothing where the device was mute; newest last."""
    found: list[Mapping[str, int | None]] = []
    for at, shown in reversed(wire.truth):
        if at < since:
            break
        if at <= until:
            found.append(shown)
    return found[::-1] or [dict.fromkeys(FIELDS)]


def latest(wire: Wire) -> dict[str, int | None]:
    """The last value that was said of each signal; None where it was said to have none."""
    found: dict[str, int | None] = {}
    for _, out in wire.log:
        if isinstance(out, Vitals):
            found |= {reading.signal: reading.value_milli for reading in out.readings}
    return found
