"""Philips IntelliVue: from poll results to readings - linked parts merged, a cuff's old values told once. Pure."""

from __future__ import annotations

from pumpd.device import Integrity, Out, Quality, Reading, Vitals
from pumpd.device.saying import Sayings
from pumpd_drivers import philips_intellivue_parse as parse
from pumpd_drivers import philips_intellivue_tables as table
from pumpd_drivers import philips_intellivue_wire as wire
from pumpd_drivers.philips_intellivue_parse import Operation, Pairs, Polled

FRESH_S = 60  # ours, as GE's: a cuff measurement older than that is none of now
MOST_PARTS, MOST_CHAINS = 32, 4  # ours: a chain of linked results and the number of chains are bounded


class Chains:
    """Linked results of one request, collected until the result that ends them."""

    def __init__(self) -> None:
        self._open: dict[int, list[Polled]] = {}
        self._broken: set[int] = set()

    def add(self, op: Operation, polled: Polled) -> tuple[list[Polled], bool]:
        """Parts that are complete now, and whether none of them is missing; nothing while more are to come."""
        parts = self._open.setdefault(op.invoke, [])
        if op.kind == wire.LINKED:
            if op.count == 1:
                parts.clear()
                self._broken.discard(op.invoke)
            elif op.count != len(parts) + 1 or len(parts) >= MOST_PARTS:
                self._broken.add(op.invoke)
                del parts[MOST_PARTS - 1 :]
            parts.append(polled)
            while len(self._open) > MOST_CHAINS:
                self._drop(next(iter(self._open)))
            return [], False
        intact = op.invoke not in self._broken
        self._drop(op.invoke)
        return [*parts, polled], intact

    def _drop(self, invoke: int) -> None:
        self._open.pop(invoke, None)
        self._broken.discard(invoke)


class Values:
    """What numerics say. reference: the monitor's clock as (absolute seconds, ticks), from its MDS-create event."""

    def __init__(self, said: Sayings) -> None:
        self.reference: tuple[int, int] | None = None
        self._said = said
        self._told: dict[tuple[str, ...], tuple[bytes, tuple[int | None, ...]]] = {}  # by the signals of the object
        self._inflating: set[tuple[str, ...]] = set()

    def vitals(self, parts: list[Polled]) -> list[Out]:
        """One Vitals of all parts, and tags without a row. Raises Malformed."""
        out: list[Out] = []
        readings: dict[str, Reading] = {}
        for polled in parts:
            for pairs in polled.observations:
                self._object(pairs, polled.relative, readings, out)
        if readings:
            first = parts[0]
            stamp = (
                parse.date_and_time(first.absolute) or f"+{first.relative // 8000}.{first.relative // 8 % 1000:03} s"
            )
            out.insert(0, Vitals(tuple(readings.values()), stamp, Integrity.CRC16))
        return out

    def _object(self, pairs: Pairs, ticks: int, readings: dict[str, Reading], out: list[Out]) -> None:
        """The values of one object; the first one with a number speaks for its signal."""
        cuff: list[Reading] = []
        inflating = False
        for physio, state, unit, number in parse.numerics(pairs):
            found = parse.reading(physio, state, unit, number)
            if isinstance(found, str):
                out += self._said.unmapped(found, f"{number:08X}")
                if physio not in table.SIGNAL_OF:
                    continue
                found = Reading(table.SIGNAL_OF[physio], None, Quality.INVALID)
            if found.signal in table.CUFF:
                cuff.append(found)
                inflating = inflating or bool(state & table.ONGOING)
            elif (known := readings.get(found.signal)) is None or known.value_milli is None:
                readings[found.signal] = found
        if cuff:
            told = self._measured(cuff, inflating, dict(pairs).get(parse.STAMP, b""), ticks)
            readings.update({reading.signal: reading for reading in told})

    def _measured(self, cuff: list[Reading], inflating: bool, stamp: bytes, ticks: int) -> list[Reading]:
        """A cuff's values when they are those of a measurement that has not been told yet."""
        names = tuple(reading.signal for reading in cuff)
        if inflating:
            self._inflating.add(names)
            return []
        measured_s, last = parse.seconds(stamp), self._told.get(names)
        again = names in self._inflating and measured_s is None
        self._told[names] = (stamp, tuple(reading.value_milli for reading in cuff))
        self._inflating.discard(names)
        if last is not None:
            return cuff if again or last != self._told[names] else []
        if measured_s is None or self.reference is None:
            return [_doubted(reading) for reading in cuff]
        age_s = self.reference[0] + (ticks - self.reference[1]) // 8000 - measured_s
        return cuff if abs(age_s) <= FRESH_S or cuff[0].value_milli is None else []


def _doubted(reading: Reading) -> Reading:
    """As at first sight, when nobody can tell how long ago it was measured."""
    if reading.value_milli is None:
        return reading
    return Reading(reading.signal, reading.value_milli, Quality.QUESTIONABLE)
