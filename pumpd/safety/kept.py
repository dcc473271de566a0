"""What the record says of a bed where judging the past anew comes to something else (HistoryKept). Values. Pure."""

from __future__ import annotations

from msgspec import Struct

from pumpd.safety.alarms import Alarm
from pumpd.safety.course_state import Manual, Mark
from pumpd.safety.decisions import InfusionPhase, InterlockState


class KeptLock(Struct, frozen=True):
    """A pump's interlock as recorded. tripped_ms: of the newest trip."""

    pump: str
    state: InterlockState
    cause: str
    tripped_ms: int


class KeptInfusion(Struct, frozen=True):
    """An infusion of the open course as last recorded; low_ng, high_ng: given in it until then.

    mark: the totals that it began with, where the checkpoint knew it.
    """

    number: int
    phase: InfusionPhase
    pump: str
    started_ms: int
    changed_ms: int
    low_ng: int
    high_ng: int
    why: str = ""
    mark: Mark | None = None


class KeptCourse(Struct, frozen=True):
    """The course that is open by the record, with its infusions, in order."""

    id: str
    opened_ms: int
    by: str
    infusions: tuple[KeptInfusion, ...] = ()


class Kept(Struct, frozen=True):
    """Each part None or empty where the state has nothing else.

    alarms: every alarm that stands, by its key. locks: interlocks to be replaced. alarm_n, order_n, course_n: the
    highest numbers ever given, so that no id is used twice. missing: (pump, ng) that the pump's `at most` lacks.
    doses: by hand, which the record counts. held: why a cap forbids another infusion that nobody has planned.
    """

    alarms: tuple[tuple[str, Alarm], ...] | None = None
    locks: tuple[KeptLock, ...] = ()
    alarm_n: int = 0
    order_n: int = 0
    course_n: int = 0
    missing: tuple[tuple[str, int], ...] = ()
    doses: tuple[Manual, ...] = ()
    course: KeptCourse | None = None
    held: str = ""

    def parts(self) -> tuple[str, ...]:
        """What is kept, in words for a person."""
        found = (
            ("alarms", self.alarms is not None),
            ("interlocks", self.locks),
            ("delivered doses", self.missing),
            ("doses by hand", self.doses),
            ("course", self.course is not None),
            ("dose cap", self.held),
        )
        return tuple(words for words, there in found if there)
