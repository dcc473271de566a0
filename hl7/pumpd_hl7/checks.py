"""What every message must say before anybody looks at what it is about: sender, type, version, processing id. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pumpd.gateways import PeerSettings
from pumpd_hl7.acks import Problem
from pumpd_hl7.message import STANDARD, Message, Segment, Unreadable

Key = tuple[str, str, str]

_MISSING, _WRONG, _TYPE, _EVENT, _PROCESSING, _VERSION, _UNKNOWN_KEY, DUPLICATE_KEY, INTERNAL = (
    101, 102, 200, 201, 202, 203, 204, 205, 207,
)  # fmt: skip
CONTROL_ID_MOST = 199  # characters, as of version 2.7

VERSIONS = frozenset(f"2.{minor}" for minor in range(1, 10)) | {"2.3.1", "2.5.1", "2.7.1", "2.8.1", "2.8.2", "2.9.1"}
EVENTS: Mapping[str, frozenset[str] | None] = {
    "ADT": None,
    "ORU": frozenset(("R01", "R40", "R41", "R42")),
    "ORA": frozenset(("R41",)),
    "RGV": frozenset(("O15",)),
    "RAS": frozenset(("O17",)),
    "RDE": frozenset(("O11",)),
    "OMP": frozenset(("O09",)),
    "ORM": frozenset(("O01",)),
}
"""Trigger events by message type. None: all of them, since an ADT that asks for nothing here is still no error; R41 is
what the framework's text calls the report on an alarm's fate in one place."""

PROCESSING_IDS = {"real": frozenset("P"), "test": frozenset("TD"), "demo": frozenset("TD")}
"""MSH-11 by generation: what is for practice never reaches a patient, and a patient never a simulation."""

ACKNOWLEDGEMENTS = frozenset(("ACK", "MCF"))
"""Types that are never answered: two systems would acknowledge one another for ever."""


def key_of(message: Message) -> Key:
    """By which a repetition is known: sender, control id and, since counters start anew, time."""
    header = message.msh
    return header.raw(3), header.raw(10), header.raw(7)


def kind_text(message: Message) -> str:
    """Such as `ADT^A01`."""
    return "^".join(part for part in message.kind if part)


def header_problems(message: Message, peer: PeerSettings | None, generation: str) -> tuple[Problem, ...]:
    """Why this message is not taken, whatever it holds."""
    header = message.msh
    if peer is None:
        return (_at(_UNKNOWN_KEY, 3, f"nothing is taken from {header.get(3)!r} here"),)
    found = [_type_problem(message, peer), _version_problem(header), _processing_problem(header, generation)]
    if not message.control_id.strip():
        found.append(_at(_MISSING, 10, "a message without a control id cannot be told from its repetition"))
    elif len(message.control_id) > CONTROL_ID_MOST:
        found.append(_at(_WRONG, 10, f"a control id has at most {CONTROL_ID_MOST} characters"))
    elif not message.control_id.isprintable():
        found.append(_at(_WRONG, 10, "a control id has no control characters"))
    return tuple(problem for problem in found if problem)


def _type_problem(message: Message, peer: PeerSettings) -> Problem | None:
    code, trigger = message.kind
    if not code:
        return _at(_MISSING, 9, "no message type")
    if code not in EVENTS or code not in peer.may:
        return _at(_TYPE, 9, f"{code} is not taken from {peer.id}; it may send {', '.join(peer.may)}")
    events = EVENTS[code]
    if events is not None and trigger not in events:
        return _at(_EVENT, 9, f"event {trigger!r} of {code} is not known here, only {', '.join(sorted(events))}")
    return None


def _version_problem(header: Segment) -> Problem | None:
    version = header.get(12)
    return None if version in VERSIONS else _at(_VERSION, 12, f"version {version!r} is not understood, only 2.1 to 2.9")


def _processing_problem(header: Segment, generation: str) -> Problem | None:
    said, taken = header.get(11), PROCESSING_IDS[generation]
    if said in taken:
        return None
    return _at(
        _PROCESSING, 11, f"processing id {said!r}: this system is {generation}, it takes {'/'.join(sorted(taken))}"
    )


def _at(code: int, field: int, text: str) -> Problem:
    return Problem(code, text, "MSH", 1, field)


def not_entitled(message: Message | Unreadable, shown: str) -> Unreadable:
    """A message whose sender is not who the certificate of its connection says. shown: what it says."""
    reason = f"the certificate {shown} is not one of this sender"
    return Unreadable(_UNKNOWN_KEY, reason, "MSH", 3, message.msh, reject=True)


def of_unreadable(raw: bytes, found: Unreadable) -> tuple[Segment, tuple[Problem, ...]]:
    """The header to answer by - of a batch its BHS or FHS, of bytes without one an empty one - and what was wrong."""
    if raw.lstrip(b"\xef\xbb\xbf\r\n\t \0")[:3] in (b"BHS", b"FHS"):
        return _batch_header(raw), (Problem(_TYPE, "batches are not taken: send each message by itself", "BHS"),)
    header = found.msh if found.msh is not None else Segment("MSH|^~\\&", STANDARD)
    return header, (Problem(found.code, found.reason, found.segment, 1, found.field, reject=found.reject),)


def _batch_header(raw: bytes) -> Segment:
    """An MSH that says what a BHS does: sender, receiver and, as MSH-10, its own control id."""
    line = raw.lstrip(b"\xef\xbb\xbf\r\n\t \0").splitlines()[0][:512].decode("latin-1")
    batch = Segment(line, STANDARD)
    fields = [*(batch.raw(number) for number in range(3, 7)), "", "", "", batch.raw(11)]
    return Segment("|".join(["MSH", "^~\\&", *fields]), STANDARD)
