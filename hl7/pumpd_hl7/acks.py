"""What a message is answered, and how: original and enhanced mode by MSH-15 and MSH-16. Pure.

Original mode (both empty): AA, AE or AR, once it has been dealt with. Enhanced: a commit acknowledgement (CA, CE, CR),
if MSH-15 asks for one, once it is safely stored. AR and CR are for what is not understood at all: message type,
version, processing id; AE and CE for everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pumpd_hl7.message import Segment, escape
from pumpd_hl7.times import time_text
from pumpd_hl7.writer import message, msh, segment

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
    """One ERR segment. code: of table 0357, or of IHE (9001 to 9044). field 0: the whole segment; severity E or W."""

    code: int
    text: str
    segment: str = "MSH"
    sequence: int = 1
    field: int = 0
    severity: str = "E"


def mode_of(header: Segment) -> Mode:
    """Enhanced as soon as the sender says either of MSH-15 and MSH-16."""
    return Mode.ENHANCED if header.raw(15) or header.raw(16) else Mode.ORIGINAL


def answer_code(header: Segment, problems: tuple[Problem, ...]) -> str | None:
    """The code of MSA-1, None where nothing is to be answered."""
    errors = [problem for problem in problems if problem.severity == "E"]
    kind = "A" if not errors else "R" if any(problem.code in UNSUPPORTED for problem in errors) else "E"
    if mode_of(header) is Mode.ORIGINAL:
        return f"A{kind}"
    want = header.get(15)
    if want == Want.NEVER or (want == Want.ERROR and not errors) or (want == Want.SUCCESS and errors):
        return None
    return f"C{kind}"


def answer(header: Segment, code: str, problems: tuple[Problem, ...], control_id: str, now_us: int) -> bytes:
    """The acknowledgement of a message: its own control id and time, sender and receiver exchanged, MSH-15/16 empty."""
    trigger = header.get(9, 2)
    fields = {
        3: header.raw(5),
        4: header.raw(6),
        5: header.raw(3),
        6: header.raw(4),
        7: time_text(now_us),
        9: f"ACK^{trigger}^ACK" if trigger else "ACK",
        10: escape(control_id),
        11: header.raw(11) or "P",
        12: header.raw(12) or "2.6",
        18: header.raw(18),
    }
    rows = [error_segment(problem) for problem in problems]
    return message(msh(fields), segment("MSA", {1: code, 2: header.raw(10)}), *rows)


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
