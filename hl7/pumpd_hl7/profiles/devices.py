"""Which device an observation is of, and when it was made: OBX-18 and OBX-14 with what they inherit. Pure.

An OBX that does not say it itself takes device and time from the row of its channel, else of its VMD, else of its MDS,
else from its OBR. `hl7:DEVICE-ID` in a ward file means an EI by its identifier, by its universal id (EUI-64), or whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from pumpd_hl7.message import Message, Segment
from pumpd_hl7.observations import Observation, Path, observations
from pumpd_hl7.profiles.people import Person, Refused, read_person
from pumpd_hl7.times import parse_time

REQUIRED = 101
_OF_A_DEVICE = frozenset(("mds", "vmd", "channel"))


@dataclass(frozen=True, slots=True)
class Fresh:
    """What is fresh enough. now_us: when the message came, microseconds since 1970.

    stale_us: of values that are measured all the time, and of a pump's status; episodic_us: of what is measured now
    and then. ahead_us: how far a device's clock may be ahead of ours. offset_min: of times that do not say theirs.
    real: values of tests, demonstrations and calibrations are none. limits: stale_us by device, where it is another.
    """

    now_us: int
    stale_us: int = 15_000_000
    episodic_us: int = 300_000_000
    ahead_us: int = 5_000_000
    offset_min: int = 0
    real: bool = True
    limits: Mapping[str, int] = field(default_factory=dict)

    def of(self, source: str) -> Fresh:
        """For one device: with its own stale_us where it has one."""
        return replace(self, stale_us=self.limits.get(source, self.stale_us))

    def why_not(self, at_us: int | None, episodic: bool = False) -> str:
        """ "" for a time that is fresh."""
        if at_us is None:
            return "time"
        if at_us > self.now_us + self.ahead_us:
            return "future"
        return "stale" if self.now_us - at_us > (self.episodic_us if episodic else self.stale_us) else ""


@dataclass(frozen=True, slots=True)
class Row:
    """One observation with its own time (None: it says none that can be read)."""

    seen: Observation
    at_us: int | None


@dataclass(slots=True)
class Group:
    """The observations of one OBR: whose they are, and per device, as the ward file names it, its rows.

    person None: the message names nobody. strangers: devices that nobody here knows (an EI each, "" where none is
    named), with the number of their rows. at_us: of the OBR.
    """

    obr: Segment
    person: Person | None
    at_us: int | None
    rows: dict[str, list[Row]] = field(default_factory=dict)
    strangers: dict[str, int] = field(default_factory=dict)


def groups_of(message: Message, sources: Sequence[str], offset_min: int) -> list[Group] | Refused:
    """Every OBR with its observations. Refused: a PID whose identifier cannot be one."""
    found: list[Group] = []
    person: Person | None = None
    for start, end, pid in _runs(message):
        if pid is not None:
            said = _person(pid)
            if isinstance(said, Refused):
                return said
            person = said
        if start < end:
            found.append(_group(message, start, end, person, sources, offset_min))
    return found


def matches(source: str, ei: str, component: str = "^") -> bool:
    """Whether an EI is the device that the ward file names."""
    return source.rstrip("^") in names_of(ei, component)


@lru_cache(maxsize=1024)  # the same devices again and again
def names_of(ei: str, component: str = "^") -> tuple[str, ...]:
    """What a ward file may call the device of this EI: the whole of it, its identifier, its universal id."""
    parts = [part.strip() for part in ei.split(component)]
    names = ("^".join(parts).rstrip("^"), parts[0], parts[2] if len(parts) > 2 else "")
    return tuple(dict.fromkeys(name for name in names if name))


def _runs(message: Message) -> Iterator[tuple[int, int, Segment | None]]:
    """(start, end) of each OBR's lines, with the PID before it where there is a new one; a PID without OBR: (0, 0)."""
    pid: Segment | None = None
    begin: int | None = None
    for index, line in enumerate([*message.lines, "PID"]):
        if line[:3] not in ("OBR", "PID"):
            continue
        if begin is not None:
            yield begin, index, pid
            begin, pid = None, None
        if line[:3] == "OBR":
            begin = index
        elif index < len(message.lines):
            pid = Segment(line, message.delimiters)
    if pid is not None:
        yield 0, 0, pid


def _person(pid: Segment) -> Person | Refused | None:
    """Nobody where the PID has no identifier, or says itself that the identity is not known (PID-31)."""
    said = read_person(pid)
    if isinstance(said, Refused):
        return None if all(problem.code == REQUIRED for problem in said.problems) else said
    return None if pid.get(31).strip().upper() == "Y" else said


def _group(
    message: Message, start: int, end: int, person: Person | None, sources: Sequence[str], offset_min: int
) -> Group:
    obr = Segment(message.lines[start], message.delimiters)
    group = Group(obr, person, _obr_time(message, obr, offset_min))
    seen = observations(message, start, end)
    owners, times = _inherited(seen, offset_min)
    whole = _prt_device(message, start, end)
    known: dict[tuple[str, ...], str | None] = {}
    named_here = {source.rstrip("^"): source for source in sources}
    for one in seen:
        if one.is_device:
            continue
        chain = (one.device, *(owners[up] for up in _above(one.path) if up in owners), whole)
        if chain not in known:  # the rows of one channel have the same
            known[chain] = _source(chain, named_here, message.delimiters.component)
        source = known[chain]
        if source is None:
            named = next((ei for ei in chain if ei), "")[:80]
            group.strangers[named] = group.strangers.get(named, 0) + 1
        else:
            group.rows.setdefault(source, []).append(Row(one, _time(one, times, group.at_us, offset_min)))
    return group


def _inherited(seen: Sequence[Observation], offset_min: int) -> tuple[dict[Path, str], dict[Path, int | None]]:
    """Device and time by the path of each row that stands for a device or a part of one."""
    owners: dict[Path, str] = {}
    times: dict[Path, int | None] = {}
    for one in seen:
        if not one.path or not (one.is_device or one.code.kind in _OF_A_DEVICE):
            continue
        place = _padded(one.path)
        if one.device:
            owners.setdefault(place, one.device)
        if one.time:
            times.setdefault(place, _us(one.time, offset_min))
    return owners, times


def _padded(path: Path) -> Path:
    return (*path, 0, 0, 0)[:3]


def _above(path: Path) -> tuple[Path, ...]:
    """Channel, VMD and MDS of a path, the nearest first."""
    if not path:
        return ()
    mds, vmd, channel = _padded(path)
    return (mds, vmd, channel), (mds, vmd, 0), (mds, 0, 0)


def _source(chain: Sequence[str], sources: Mapping[str, str], component: str) -> str | None:
    """The first of these that the ward file names; sources: by what they are called there, without empty ends."""
    for ei in chain:
        for name in names_of(ei, component) if ei else ():
            if name in sources:
                return sources[name]
    return None


def _time(one: Observation, times: dict[Path, int | None], otherwise: int | None, offset_min: int) -> int | None:
    if one.time:
        return _us(one.time, offset_min)
    return next((times[up] for up in _above(one.path) if up in times), otherwise)


def _obr_time(message: Message, obr: Segment, offset_min: int) -> int | None:
    """The end of the observation (OBR-8), else its time (OBR-7), else when the message was made (MSH-7)."""
    text = obr.get(8) or obr.get(7) or message.get("MSH", 7)
    return _us(text, offset_min)


def _us(text: str, offset_min: int) -> int | None:
    """To the second at least; a day is not a time of measurement."""
    found = parse_time(text, offset_min)
    return found.us if found is not None and len(text) >= 14 and text[:14].isdigit() else None


def _prt_device(message: Message, start: int, end: int) -> str:
    """PRT-10 of the OBR, before its first OBX."""
    for line in message.lines[start:end]:
        if line.startswith("OBX"):
            break
        if line.startswith("PRT") and (ei := Segment(line, message.delimiters).raw(10)):
            return ei
    return ""
