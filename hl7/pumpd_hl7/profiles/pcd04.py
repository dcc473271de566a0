"""PCD-04: alarms of other devices, ORU^R40 or of the structure R01: which began, which ended, facet by facet. Pure.

A facet is known by its code or its name, the old ones too, never by its place alone. Where the rows do not say
priority and type, the older way of writing them is taken (`H~PH~SP` in OBX-8). What does not say that it has ended
stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pumpd.device.facts import AlarmCode
from pumpd_hl7.acks import Problem
from pumpd_hl7.codes import code_of
from pumpd_hl7.message import Message
from pumpd_hl7.observations import Observation
from pumpd_hl7.profiles.devices import Group, Row, groups_of
from pumpd_hl7.profiles.people import REQUIRED, Person, Refused

EVENT_ALARM = 196616
SOURCE, PHASE, STATE, INACTIVATION, PRIORITY, KIND, TEXT = 68480, 68481, 68482, 68483, 68484, 68485, 68546
OVER = frozenset(("end", "reset", "stop", "tpoint"))
PRIORITIES = ("PH", "PM", "PL", "PN")
KINDS = ("SP", "ST", "SA")
_LASTING = (
    *("start", "start_only", "continue", "present", "update", "escalate"),
    *("inactivate", "acknowledged", "deescalate"),
)
_PHASES = OVER | frozenset(_LASTING)
_STATES = frozenset(("inactive", "active", "latched"))
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Alert:
    """One change of one alarm of one device (source: as in `hl7:SOURCE`).

    id: of its first message (OBR-29.2, else OBR-3). code: event and what it is about. phase, state, priority, kind: ""
    where they are not said or not understood. at_us None: no time was said.
    """

    source: str
    person: Person | None
    id: str
    code: str
    text: str
    known: bool
    phase: str
    state: str
    inactivation: frozenset[str]
    priority: str
    kind: str
    at_us: int | None

    @property
    def stands(self) -> bool:
        """A latched one does: the device still shows it."""
        return self.state != "inactive" and (self.phase not in OVER or self.state == "latched")


@dataclass(frozen=True, slots=True)
class Alerts:
    """A whole message. strangers: devices that nobody here knows, and how often."""

    alerts: tuple[Alert, ...]
    strangers: Counter[str]


def with_alert(present: Sequence[AlarmCode], alert: Alert) -> tuple[AlarmCode, ...]:
    """What stands at the device after this word of one of its alarms."""
    others = tuple(one for one in present if one.code != alert.code)
    return (*others, AlarmCode(alert.code, alert.text, alert.known)) if alert.stands else others


def is_alert(message: Message) -> bool:
    """Whether an ORU is an alarm's: by its event, or by what it was observed for (OBR-4)."""
    return message.kind[1] == "R40" or message.get("OBR", 4).strip() == str(EVENT_ALARM)


def read_pcd04(message: Message, sources: Sequence[str], offset_min: int = 0) -> Alerts | Refused:
    """Every alarm that the message tells of, of devices that the ward file names."""
    groups = groups_of(message, sources, offset_min)
    if isinstance(groups, Refused):
        return groups
    alerts: list[Alert] = []
    strangers: Counter[str] = Counter()
    for group in groups:
        strangers.update(group.strangers)
        for source, rows in group.rows.items():
            for place in dict.fromkeys(row.seen.path[:4] for row in rows):
                alert = _alert(source, [row for row in rows if row.seen.path[:4] == place], group)
                if alert is not None:
                    alerts.append(alert)
    if not alerts and not strangers:
        return Refused((Problem(REQUIRED, "no alarm: no row tells its event", "OBX", field=3),))
    return Alerts(tuple(alerts), strangers)


def _alert(source: str, rows: Sequence[Row], group: Group) -> Alert | None:
    facets = {row.seen.code.number: row.seen for row in reversed(rows) if row.seen.code.kind == "facet"}
    first = next((row for row in rows if row.seen.code.kind == "event"), None) or _legacy(rows)
    if first is None:
        return None
    about = next((row.seen for row in rows if row.seen.code.kind == "metric" and row is not first), None)
    code, text, known = _event(first.seen, facets.get(TEXT))
    of = about.code.ref if about is not None else _component(facets.get(SOURCE), 2)
    flags = [flag for row in rows for flag in row.seen.flags]
    return Alert(
        source,
        group.person,
        _clean(group.obr.get(29, 2) or group.obr.get(3)),
        f"{code}/{of}" if of and of != code else code,
        f"{text} ({about.value})" if about is not None and about.number is not None else text,
        known,
        _said(facets.get(PHASE), _PHASES),
        _said(facets.get(STATE), _STATES),
        frozenset(_words(facets.get(INACTIVATION))),
        _said(facets.get(PRIORITY), PRIORITIES) or next((flag for flag in flags if flag in PRIORITIES), ""),
        _said(facets.get(KIND), KINDS) or next((flag for flag in flags if flag in KINDS), ""),
        first.at_us if first.at_us is not None else group.at_us,
    )


def _legacy(rows: Sequence[Row]) -> Row | None:
    """A measured value that says in OBX-8 that it is an alarm's."""
    return next((row for row in rows if set(row.seen.flags) & {*PRIORITIES, *KINDS}), None)


def _event(first: Observation, text: Observation | None) -> tuple[str, str, bool]:
    """(code, words, whether a table knows it): of a technical alarm the event is the value, else it is the code."""
    if first.code.number != EVENT_ALARM:
        words = first.value if first.kind in ("ST", "TX", "CWE") else ""
        return first.code.ref or first.code.text[:80], _clean(_of(text) or words or first.code.ref), first.code.known
    event = _coded(first.value)
    words = _of(text) or _component(first, 9) or _component(first, 2) or _component(first, 1)
    return event or _clean(words) or "alarm", _clean(words) or "alarm", bool(event)


def _coded(value: str) -> str:
    """The name of an event of our table; "" for any other."""
    found = code_of(value)
    return found.ref if found.known and found.kind == "event" else ""


def _said(row: Observation | None, words: Sequence[str] | frozenset[str]) -> str:
    """The one word of a facet, if it is one of these."""
    found = [word for word in _words(row) if word in words]
    return found[0] if len(found) == 1 else ""


def _words(row: Observation | None) -> list[str]:
    return [] if row is None else [word.strip("^").strip() for word in row.value.split("~") if word.strip("^").strip()]


def _component(row: Observation | None, number: int) -> str:
    parts = [] if row is None else row.value.split("^")
    return _clean(parts[number - 1]) if number <= len(parts) else ""


def _of(row: Observation | None) -> str:
    return "" if row is None else row.value


def _clean(text: str) -> str:
    text = " ".join("".join(one if one.isprintable() else " " for one in text[:1000]).split())
    return text[:_LONGEST]
