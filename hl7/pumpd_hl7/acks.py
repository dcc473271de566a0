"""What a message is answered, and how: original and enhanced mode by MSH-15 and MSH-16. Pure.

Original mode (both empty): AA, AE or AR, once it has been dealt with. Enhanced: a commit acknowledgement (CA, CE, CR),
if MSH-15 asks for one, once it is safely stored. AR and CR are for what is not understood at all: message type,
version, processing id; AE and CE for everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pumpd_hl7.charsets import codec_of
from pumpd_hl7.message import STANDARD, Message, Segment, Unreadable, escape, read_message
from pumpd_hl7.times import time_text
from pumpd_hl7.writer import CHARSET, ENCODING, composite, segment

UNSUPPORTED = frozenset((200, 201, 202, 203))
"""Of table 0357: message type, event code, processing id, version."""


class Mode(StrEnum):
    """How a sender wants to be answered."""

    ORIGINAL = "original"
    ENHANCED = "enhanced"


class Want(StrEnum):
    """MSH-15, table 0155."""

    ALWAYS = "AL"
    NEVER = "NE"
    ERROR = "ER"
    SUCCESS = "SU"


@dataclass(frozen=True, slots=True)
class Problem:
    """One ERR segment. code: of table 0357, or of IHE (9001 to 9044). field 0: the whole segment; severity E or W.

    reject: AR or CR, whatever the code.
    """

    code: int
    text: str
    segment: str = "MSH"
    sequence: int = 1
    field: int = 0
    severity: str = "E"
    reject: bool = False


def mode_of(header: Segment) -> Mode:
    """Enhanced as soon as the sender says either of MSH-15 and MSH-16."""
    return Mode.ENHANCED if header.raw(15) or header.raw(16) else Mode.ORIGINAL


def answer_code(header: Segment, problems: tuple[Problem, ...]) -> str | None:
    """The code of MSA-1, None where nothing is to be answered."""
    errors = [problem for problem in problems if problem.severity == "E"]
    rejected = any(problem.reject or problem.code in UNSUPPORTED for problem in errors)
    kind = "R" if rejected else "E" if errors else "A"
    if mode_of(header) is Mode.ORIGINAL:
        return f"A{kind}"
    want = header.get(15)
    if want == Want.NEVER or (want == Want.ERROR and not errors) or (want == Want.SUCCESS and errors):
        return None
    return f"C{kind}"


def answer(header: Segment, code: str, problems: tuple[Problem, ...], control_id: str, now_us: int) -> bytes:
    """The acknowledgement of a message: its own control id and time, sender and receiver exchanged, MSH-15/16 empty."""
    said = header.fields if header.delimiters == STANDARD else _in_our_delimiters(header)
    app, facility, to_app, to_facility, processing, version, charset, replied = (
        said[number] if number < len(said) else "" for number in (3, 4, 5, 6, 11, 12, 18, 10)
    )
    trigger = escape(header.get(9, 2))
    kind = f"ACK^{trigger}^ACK" if trigger else "ACK"
    head = (
        f"MSH|{ENCODING}|{to_app}|{to_facility}|{app}|{facility}|{time_text(now_us)}||{kind}|{escape(control_id)}"
        f"|{processing or 'P'}|{version or '2.6'}"
    )
    rest = f"\rMSA|{code}|{replied}\r" + "".join(f"{error_segment(problem)}\r" for problem in problems)
    if head.isascii() and rest.isascii():
        named = f"||||||{charset}" if charset and codec_of(charset) else ""
    else:
        named = f"||||||{CHARSET}"  # what is written is UTF-8, whatever the sender writes
    return f"{head}{named}{rest}".encode()


def _in_our_delimiters(header: Segment) -> list[str]:
    """The fields as the sender wrote them, with the separators of our answers."""
    mark = header.delimiters.component
    return [
        composite(*(header.get(number, component + 1) for component in range(raw.count(mark) + 1)))
        if mark
        else escape(raw)
        for number, raw in enumerate(header.fields)
    ]


def error_segment(problem: Problem) -> str:
    """ERR: where in ERR-2, what in ERR-3, in words in ERR-8."""
    where = f"{problem.segment}^{problem.sequence}" + (f"^{problem.field}" if problem.field else "")
    system = "HL70357" if problem.code < 9000 else "IHE_PCD"
    return segment(
        "ERR", {2: where, 3: f"{problem.code}^^{system}", 4: problem.severity, 8: escape(problem.text[:250])}
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledgement that came back. code: AA ... CR; control_id: MSA-2; text: what it says is wrong."""

    code: str
    control_id: str
    text: str

    @property
    def positive(self) -> bool:
        return self.code in ("AA", "CA")

    @property
    def again(self) -> bool:
        """The receiver could not keep it now: the same message may be sent again later."""
        return self.code == "CE"


CODES = frozenset(("AA", "AE", "AR", "CA", "CE", "CR"))


def read_answer(raw: bytes) -> Answer | None:
    """The acknowledgement in these bytes; None for anything else, and for one that does not say what it answers."""
    found = read_message(raw, "utf-8")
    if isinstance(found, Unreadable):  # a name in the wrong character set must not hide that it was refused
        found = read_message(raw, "latin-1")
    stated = found.first("MSA") if isinstance(found, Message) else None
    if not isinstance(found, Message) or stated is None or stated.get(1) not in CODES or not stated.get(2):
        return None
    error = found.first("ERR")
    said = [stated.get(3)] + ([error.get(8), error.get(7), error.get(3, 2), error.get(3)] if error else [])
    return Answer(stated.get(1), stated.get(2), next((text for text in said if text), ""))
