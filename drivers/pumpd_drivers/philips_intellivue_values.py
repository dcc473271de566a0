"""Philips IntelliVue: from poll results to readings - linked parts merged, a cuff's old values told once. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pumpd.device import Integrity, Out, Quality, Reading, Unmapped, Vitals
from pumpd.device.rate_source import by_impedance
from pumpd.device.saying import Sayings
from pumpd_drivers import philips_intellivue_parse as parse
from pumpd_drivers import philips_intellivue_tables as table
from pumpd_drivers import philips_intellivue_wire as wire
from pumpd_drivers.philips_intellivue_parse import Operation, Pairs, Polled

FRESH_S = 60  # ours, as GE's: a cuff measurement older than that is none of now
TICKS_PER_S = 1000 * wire.TICKS_PER_MS
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


@dataclass(slots=True)
class _Cuff:
    """A measurement as it was first seen. at: the monitor's ticks then; doubted: nobody knows how old it was then."""

    stamp: bytes
    values: tuple[int | None, ...]
    at: int
    doubted: bool = False


class Values:
    """What numerics say. reference: the monitor's clock as (absolute seconds, ticks), from its MDS-create event.
    breathing: whether the last numerics had a rate of breathing and none of 0 (an alert that is switched off says
    nothing of that: it is left to the bed's own rule); None while they never spoke of one.
    A cuff's values are told for FRESH_S after they were measured, by their own time stamp, or after they were first
    seen where there is none; a measurement of unknown age is questionable. That there is no value is always told.
    """

    def __init__(self, said: Sayings, *, impedance: bool = False) -> None:
        """impedance: its rate is `rr` (pumpd.device.rate_source)."""
        self._impedance = impedance
        self.reference: tuple[int, int] | None = None
        self.breathing: Quality | None = None
        self._said = said
        self._cuffs: dict[tuple[str, ...], _Cuff] = {}  # by the signals of the object

    def vitals(self, parts: list[Polled]) -> list[Out]:
        """One Vitals of all parts, and tags without a row. Raises Malformed."""
        out: list[Out] = []
        readings: dict[str, Reading] = {}
        for polled in parts:
            for pairs in polled.observations:
                self._object(pairs, polled, readings, out)
        rates = [readings[name].value_milli for name in table.BREATH_RATES if name in readings]
        if rates:
            self.breathing = Quality.OK if any(rates) and 0 not in rates else Quality.INVALID
        told = tuple(readings.values())
        if self._impedance:
            told, by_co2 = by_impedance(told)
            out += self._said.unmapped("rate by CO2", "") if by_co2 is not None else []
        if told:
            first = parts[0]
            stamp = (
                parse.date_and_time(first.absolute) or f"+{first.relative // 8000}.{first.relative // 8 % 1000:03} s"
            )
            out.insert(0, Vitals(told, stamp, Integrity.CRC16))
        return out

    def _object(self, pairs: Pairs, polled: Polled, readings: dict[str, Reading], out: list[Out]) -> None:
        """The values of one object; the first one with a number speaks for its signal."""
        cuff: list[Reading] = []
        for name, content in pairs:
            for value in parse.values(name, content):
                found: Reading | Unmapped | None = parse.reading(value)
                if type(found) is Unmapped:
                    out += self._said.unmapped(found.tag, found.value)
                    found = _refused(value)
                if type(found) is not Reading:
                    continue
                signal = found.signal
                if signal in table.CUFF:
                    if found.value_milli is None or not parse.is_under_way(value):
                        cuff.append(found)
                elif signal not in readings or readings[signal].value_milli is None:
                    readings[signal] = found
        if cuff:
            told = self._measured(cuff, dict(pairs).get(parse.STAMP, b""), polled)
            readings.update({reading.signal: reading for reading in told})

    def _measured(self, cuff: list[Reading], stamp: bytes, polled: Polled) -> list[Reading]:
        """A cuff's values as long as they are those of now."""
        values = tuple(reading.value_milli for reading in cuff)
        names, ticks = tuple(reading.signal for reading in cuff), polled.relative
        seen = self._cuffs.get(names)
        if seen is None or (seen.stamp, seen.values) != (stamp, values):
            age_s = self._age_s(stamp, polled)
            at = ticks if age_s is None else ticks - age_s * TICKS_PER_S
            seen = self._cuffs[names] = _Cuff(stamp, values, at, seen is None and age_s is None)
        if not any(values):
            return cuff
        fresh = (ticks - seen.at) % 2**32 <= FRESH_S * TICKS_PER_S
        return [_doubted(reading) for reading in cuff] if seen.doubted and fresh else cuff if fresh else _blank(cuff)

    def _age_s(self, stamp: bytes, polled: Polled) -> int | None:
        """How long ago that was, by the clock that the result shows (somebody may have set it since the MDS-create
        event), else by that of the event; None where nobody can tell."""
        measured_s, now_s = parse.seconds(stamp), parse.seconds(polled.absolute)
        if now_s is None and self.reference is not None:
            now_s = self.reference[0] + (polled.relative - self.reference[1]) // TICKS_PER_S
        return None if measured_s is None or now_s is None else max(0, now_s - measured_s)


def _refused(value: bytes) -> Reading | None:
    """A known signal in a unit that is none of its own has no value; None for any other."""
    signal = parse.signal_of(value)
    return None if signal is None else Reading(signal, None, Quality.INVALID)


def _doubted(reading: Reading) -> Reading:
    if reading.value_milli is None:
        return reading
    return Reading(reading.signal, reading.value_milli, Quality.QUESTIONABLE)


def _blank(cuff: list[Reading]) -> list[Reading]:
    """Of values that are not told any more, those that never were values."""
    return [reading for reading in cuff if reading.value_milli is None]
