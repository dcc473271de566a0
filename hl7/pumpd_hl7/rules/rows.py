"""OBR and OBX of the device profiles: numbering, codes, paths, values, units, flags, status, times, devices. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pumpd_hl7.message import Message, Segment
from pumpd_hl7.observations import Observation, Path, groups, observations
from pumpd_hl7.rules.coded import code_rules, unit_rules
from pumpd_hl7.rules.finding import Findings, Place, missing, one_of, required, time_of
from pumpd_hl7.rules.tables import FLAGS, METHODS, STATUSES, TYPES, WORDS
from pumpd_hl7.times import parse_time

_GONE = frozenset(("INV", "NAV", "BUSY"))


@dataclass(frozen=True, slots=True)
class Row:
    """One OBX: where it is and what it says."""

    place: Place
    seen: Observation


def group_rows(message: Message) -> list[tuple[Place, list[Row]]]:
    """Every OBR with its OBX."""
    found, number = [], 0
    for order, (start, end) in enumerate(groups(message), 1):
        rows = []
        for seen in observations(message, start, end):
            number += 1
            rows.append(Row(Place(Segment(seen.line, message.delimiters), number), seen))
        found.append((Place(Segment(message.lines[start], message.delimiters), order), rows))
    return found


def row_rules(message: Message, *, alarm: bool) -> Findings:
    """OBR and OBX of PCD-01, -04 and -10."""
    yield from missing(message, "OBR", "observations stand below an order")
    yield from missing(message, "OBX", "nothing is observed")
    for number, (place, rows) in enumerate(group_rows(message), 1):
        yield from _order(place, number)
        yield from _numbering(rows)
        yield from _paths(rows)
        yield from _device(place, rows, message)
        for row in rows:
            yield from _observation(row, alarm=alarm)


def _order(place: Place, number: int) -> Findings:
    obr = place.segment
    if obr.get(1) != str(number):
        yield place.error(1, "number", f"{obr.get(1)[:20]!r}: the OBR of a message are numbered from 1")
    yield from required(place, {3: "the filler's unique number", 4: "what was asked for", 7: "the time"})
    if place.has(3) and not obr.get(3, 3):
        yield place.warning(3, "eui64", "no universal id (EI.3, EUI-64): it is unique only within the sender")
    if place.has(4) and not obr.get(4, 2):
        yield place.error(4, "name", "no name in the second component")
    for field in (7, 8):
        yield from time_of(place, field)
    begin, end = parse_time(obr.get(7)), parse_time(obr.get(8))
    if begin and end and end.us < begin.us:
        yield place.error(8, "order", "the interval ends before it begins")


def _numbering(rows: Sequence[Row]) -> Findings:
    for number, row in enumerate(rows, 1):
        if row.place.segment.get(1) != str(number):
            text = f"{row.place.segment.get(1)[:20]!r} is not {number}: the OBX below an OBR are numbered from 1"
            yield row.place.error(1, "number", text)
            return


def _paths(rows: Sequence[Row]) -> Findings:
    """OBX-4: `MDS.VMD.CHAN.METRIC[.FACET[.SUB]]`, each once, in numeric order, device rows above what is theirs."""
    seen: set[Path] = set()
    last: Path = ()
    for row in rows:
        path, place = row.seen.path, row.place
        if not 4 <= len(path) <= 6:
            yield place.error(4, "path", f"{place.segment.raw(4)[:40]!r} is no MDS.VMD.CHANNEL.METRIC[.FACET[.SUB]]")
            continue
        if path in seen:
            yield place.error(4, "unique", f"{place.segment.raw(4)} stands twice below one OBR")
        elif path < last:
            yield place.error(4, "order", f"{place.segment.raw(4)} stands after a higher number")
        if row.seen.is_device and len(path) == 4 and path[3] != 0:
            yield place.error(4, "device", "the row of a device or a part of one ends in 0")
        if not row.seen.is_device and path[:3] != last[:3] and not _has_parent(path, seen):
            yield place.warning(4, "parent", "no row of the device that it belongs to stands before it")
        seen.add(path)
        last = max(last, path)


def _has_parent(path: Path, seen: set[Path]) -> bool:
    mds, vmd, channel = path[:3]
    return bool({(mds, vmd, channel, 0), (mds, vmd, 0, 0), (mds, 0, 0, 0)} & seen)


def _device(place: Place, rows: Sequence[Row], message: Message) -> Findings:
    if rows and not any(row.seen.device for row in rows) and not any(one.raw(10) for one in message.all("PRT")):
        yield rows[0].place.error(18, "required", "no OBX-18 and no PRT-10 say which device it is")
    for row in rows:
        if row.place.has(18) and not row.place.segment.get(18, 3):
            yield row.place.warning(18, "eui64", "no universal id (EI.3, EUI-64) of the device")


def _observation(row: Row, *, alarm: bool) -> Findings:
    place, seen = row.place, row.seen
    yield from code_rules(place)
    yield from _value(row)
    yield from unit_rules(row.place, seen)
    yield from one_of(place, 8, FLAGS, "flag of the device profiles")
    yield from _status(row, alarm=alarm)
    yield from time_of(place, 14)
    yield from one_of(place, 17, METHODS, "method")


def _value(row: Row) -> Findings:
    place, seen = row.place, row.seen
    if seen.is_device:
        return
    if not seen.kind:
        yield place.error(2, "required", "a value without its type; it is left out on device rows (status X) alone")
    elif seen.kind not in TYPES:
        yield place.error(2, "type", f"{seen.kind[:20]!r} is no value type")
    if seen.flags and _GONE & set(seen.flags) and seen.status != "X":
        yield place.error(11, "status", f"{'/'.join(sorted(_GONE & set(seen.flags)))} goes with status X")
    if not seen.value and not seen.flags and seen.status != "X":
        yield place.error(5, "required", "no value, and no flag in OBX-8 that says why")
    if seen.kind == "NM" and seen.value and seen.missing == "not a number":
        yield place.error(5, "number", f"{seen.value[:40]!r} is not a number")
    if seen.kind in ("DTM", "TS"):
        yield from time_of(place, 5)
    words = WORDS.get(seen.code.number)
    if words and seen.value and place.segment.get(5, 2) not in words:
        yield place.error(5, "word", f"{place.segment.get(5, 2)[:40]!r} is none of {' '.join(sorted(words))}")


def _status(row: Row, *, alarm: bool) -> Findings:
    place, status = row.place, row.seen.status
    if not status:
        yield place.error(11, "required", "the status is missing: X for devices, R for values, F in alarms")
    elif status not in STATUSES:
        yield place.error(11, "table", f"{status[:20]!r} is no status (table 0085)")
    elif status not in "XRF" or (status == "F" and not alarm):
        yield place.error(11, "status", f"{status}: device profiles have X and R{', and F' if alarm else ''}")
    elif row.seen.code.kind in ("mds", "vmd", "channel") and not row.seen.value and status != "X":
        yield place.error(11, "status", "the row of a device has status X")
