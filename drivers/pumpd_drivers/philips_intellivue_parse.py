"""Philips IntelliVue: what a message holds. Pure; every length is checked against what is there, nothing recurses.

Whatever is not of the documented form raises Malformed, which the driver turns into a garbled fact.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from pumpd.device import Quality, Reading, Unmapped
from pumpd_drivers import philips_intellivue_tables as table
from pumpd_drivers import philips_intellivue_wire as wire

Pairs = list[tuple[int, bytes]]

VALUE, COMPOUND, STAMP = 0x0950, 0x094B, 0x0990
TIME_ABSOLUTE, TIME_RELATIVE = 0x0987, 0x098F

_HH, _OPERATION, _LINKED = struct.Struct(">HH"), struct.Struct(">HHH"), struct.Struct(">BBHHH")
_POLLED, _EXTENDED = struct.Struct(">HI8sHHH"), struct.Struct(">HHI8sHHH")
_NUMERIC = struct.Struct(">HHHI")


class Malformed(ValueError):
    """A length or count that contradicts the message it stands in."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A data export message. link, count: place of a linked result, else 0. data[at:]: what the command carries."""

    kind: int
    invoke: int
    command: int
    data: bytes
    at: int
    link: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class Polled:
    """One poll result, or one part of it; observations: the attributes of each object. absolute: BCD time or FF."""

    objects: int
    group: int
    relative: int
    absolute: bytes
    observations: list[Pairs]


@dataclass(frozen=True, slots=True)
class Created:
    """An MDS-create event. object_and_time: what its answer repeats. reference: the clock as (seconds, ticks)."""

    object_and_time: bytes
    pairs: Pairs
    reference: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Granted:
    """What an accepted association allows: the least time between polls, and whether results may come periodically."""

    least_ms: int = 0
    periodic: bool = True


def operation(user: bytes) -> Operation:
    """The remote operation of a message whose first byte is E1."""
    if len(user) < 14:
        raise Malformed("message too short")
    kind, length = _HH.unpack_from(user, 4)
    if 8 + length != len(user):
        raise Malformed("operation of another length")
    if kind == wire.LINKED:
        if len(user) < 16:
            raise Malformed("message too short")
        link, count, invoke, command, length = _LINKED.unpack_from(user, 8)
        return Operation(kind, invoke, command, _rest(user, 16, length), 16, link, count)
    invoke, command, length = _OPERATION.unpack_from(user, 8)
    return Operation(kind, invoke, command, _rest(user, 14, length), 14)


def _rest(data: bytes, at: int, length: int) -> bytes:
    """The data, when exactly `length` bytes of it are left at `at`."""
    if at + length != len(data):
        raise Malformed("command of another length")
    return data


def polled(op: Operation) -> Polled | None:
    """The poll result that an action's result carries; None for other actions."""
    data, at = op.data, op.at
    if at + 10 > len(data):
        raise Malformed("action without a head")
    action, length = _HH.unpack_from(data, at + 6)
    if action not in (wire.POLL, wire.EXTENDED_POLL):
        return None
    at += 10
    head = _POLLED if action == wire.POLL else _EXTENDED
    _rest(data, at, length)
    if at + head.size > len(data):
        raise Malformed("poll result without a head")
    *_, relative, absolute, _, objects, group = head.unpack_from(data, at)
    return Polled(objects, group, relative, absolute, _observations(data, at + head.size))


def _observations(data: bytes, at: int) -> list[Pairs]:
    """The attributes of every object of every context."""
    found: list[Pairs] = []
    contexts, at, end = list_at(data, at, len(data))
    at_end(end, len(data))
    for _ in range(contexts):
        objects, at, stop = list_at(data, at + 2, end)
        for _ in range(objects):
            pairs, at = attribute_list(data, at + 2, stop)
            found.append(pairs)
        at_end(at, stop)
    at_end(at, end)
    return found


def list_at(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Count of a list, where its elements begin and where they end."""
    if at + 4 > end:
        raise Malformed("list beyond its place")
    count, length = _HH.unpack_from(data, at)
    if at + 4 + length > end:
        raise Malformed("list longer than its place")
    return count, at + 4, at + 4 + length


def at_end(at: int, end: int) -> None:
    """Elements must fill their list."""
    if at != end:
        raise Malformed("list of another length")


def attribute_list(data: bytes, at: int, end: int) -> tuple[Pairs, int]:
    """(id, value) of each attribute, and where the list ends."""
    count, at, stop = list_at(data, at, end)
    pairs: Pairs = []
    for _ in range(count):
        if at + 4 > stop:
            raise Malformed("attribute beyond its list")
        name, length = _HH.unpack_from(data, at)
        at += 4 + length
        if at > stop:
            raise Malformed("attribute longer than its list")
        pairs.append((name, data[at - length : at]))
    at_end(at, stop)
    return pairs, stop


def created(op: Operation) -> Created | None:
    """What an event report tells; None where it is no MDS-create."""
    data, at = op.data, op.at
    if at + 14 > len(data):
        raise Malformed("event without a head")
    event, length = _HH.unpack_from(data, at + 10)
    if event != wire.MDS_CREATED:
        return None
    _rest(data, at + 14, length)
    pairs, end = attribute_list(data, at + 20, len(data))
    at_end(end, len(data))
    told = dict(pairs)
    absolute, relative = seconds(told.get(TIME_ABSOLUTE, b"")), told.get(TIME_RELATIVE, b"")
    known = absolute is not None and len(relative) == 4
    reference = (absolute, int.from_bytes(relative, "big")) if absolute is not None and known else None
    return Created(data[at : at + 10], pairs, reference)


def granted(user: bytes) -> Granted:
    """What the user information of an accepted association says; the usual where it cannot be read."""
    try:
        return _granted(user)
    except (Malformed, struct.error):  # accepted it is, whatever else stands there
        return Granted()


def _granted(user: bytes) -> Granted:
    at = user.find(wire.ACCEPT) + len(wire.ACCEPT)
    if at < len(wire.ACCEPT) or at >= len(user):
        raise Malformed("no user information")
    at += 1 + (user[at] & 0x7F if user[at] & 0x80 else 0) + 20  # its length, versions and modes
    _, at = attribute_list(user, at, len(user))
    profiles, _ = attribute_list(user, at, len(user))
    profile = dict(profiles).get(wire.POLL_PROFILE, b"")
    ticks = int.from_bytes(profile[4:8], "big")
    packages, _ = attribute_list(profile, 24, len(profile))
    return Granted(-(-ticks // wire.TICKS_PER_MS), any(name == wire.PROFILE_EXTENSION for name, _ in packages))


# --- numbers --------------------------------------------------------------------------------------------------------


def values(name: int, value: bytes) -> Sequence[bytes]:
    """Each observed value (10 bytes) of an attribute; none of an attribute that holds none."""
    if name == VALUE:
        return (value,)
    if name != COMPOUND:
        return ()
    count, at, stop = list_at(value, 0, len(value))
    if stop != len(value) or stop - at != count * _NUMERIC.size:
        raise Malformed("compound value of another length")
    return [value[one : one + _NUMERIC.size] for one in range(at, stop, _NUMERIC.size)]


@lru_cache(maxsize=1024)  # a monitor repeats itself
def reading(value: bytes) -> Reading | Unmapped:
    """What an observed value says, or its tag where it has no row or is in a unit that is none of its signal's own."""
    if len(value) != _NUMERIC.size:
        raise Malformed("value of another length")
    physio, state, unit, number = _NUMERIC.unpack(value)
    meaning = table.MEANING.get((physio, unit))
    if meaning is None:
        return Unmapped(f"{physio:04X} unit {unit:04X}", f"{number:08X}")
    signal, times, per, offset = meaning
    quality = table.quality_of(state)
    milli = None if quality is Quality.INVALID else thousandths(number, times, per, offset)
    return Reading(signal, milli, Quality.INVALID if milli is None else quality)


def is_under_way(value: bytes) -> bool:
    """Is a new measurement of this value going on (the cuff inflates)?"""
    return bool(value[3] & table.ONGOING)


def signal_of(value: bytes) -> str | None:
    """The signal of an observed value, whatever its unit."""
    return table.SIGNAL_OF.get(int.from_bytes(value[:2], "big"))


def thousandths(number: int, times: int = 1, per: int = 1, offset: int = 0) -> int | None:
    """(FLOAT in thousandths + offset) x times / per, to the nearest; None for NaN and numbers beyond measure.

    A FLOAT is a signed power of ten in the high byte and a signed mantissa of 24 bits.
    """
    mantissa, power = number & 0xFFFFFF, number >> 24
    if mantissa in table.NO_VALUE:
        return None
    mantissa -= mantissa << 1 & 0x1000000
    power += 3 - (power << 1 & 0x100)
    if power > 9:
        return None
    if power < 0:
        per, offset = per * 10**-power, offset * 10**-power
    else:
        mantissa *= 10**power
    return ((mantissa + offset) * times * 2 + per) // (per * 2)


# --- time -----------------------------------------------------------------------------------------------------------


def date_and_time(stamp: bytes) -> str | None:
    """An absolute time (century to second, BCD) as text; None where the monitor does not tell it (FF)."""
    text = stamp.hex()
    if len(text) != 16 or not text.isdecimal() or not ("01" <= text[4:6] <= "12" and "01" <= text[6:8] <= "31"):
        return None
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:14]}"


def seconds(stamp: bytes) -> int | None:
    """An absolute time as seconds from some day on; None where it is none."""
    if date_and_time(stamp) is None:
        return None
    century, year, month, day, hour, minute, second = (int(f"{byte:02x}") for byte in stamp[:7])
    year = century * 100 + year - (month < 3)  # years that begin in March: the leap day is their last
    days = year * 365 + year // 4 - year // 100 + year // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day
    return days * 86_400 + hour * 3600 + minute * 60 + second
