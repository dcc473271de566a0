"""A bed's recorded steps through the kernel again, with what was decided then held against what it decides now."""

from __future__ import annotations

from dataclasses import dataclass

from pumpd.journal.records import Restored
from pumpd.journal.rows import decision_of
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Event, HistoryKept
from pumpd.safety.history import Record
from pumpd.safety.kept import Kept
from pumpd.safety.kernel import initial_state, step
from pumpd.safety.policy import BedPolicy
from pumpd.safety.state import BedState
from pumpd.safety.wire import WireError, not_understood, state_from_bytes


class Rules:
    """The policy in force at a step; steps are asked for in order."""

    def __init__(self, policies: list[tuple[int, BedPolicy]], fallback: BedPolicy | None = None) -> None:
        self._coming = list(reversed(policies))
        self._now = fallback

    def at(self, seq: int) -> BedPolicy:
        """Raises LookupError when none was recorded."""
        while self._coming and self._coming[-1][0] <= seq:
            self._now = self._coming.pop()[1]
        if self._now is None:
            raise LookupError("no policy was recorded for the first step")
        return self._now


@dataclass(frozen=True, slots=True)
class Differing:
    """Steps that were judged otherwise than recorded: how many, and the first of them."""

    steps: int
    seq: int
    event: str
    recorded: tuple[Decision | str, ...]
    recomputed: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A bed's state after its last recorded step.

    differing: None where every recorded decision came out again. kept: the event by which the state takes over what
    the record says instead, to be the bed's next step; None where the state is that of the record.
    """

    state: BedState
    differing: Differing | None
    kept: HistoryKept | None


def judge(restored: Restored, policy: BedPolicy) -> Judged:
    """Replay what was restored. policy: what the ward file says today, only used if the journal recorded none.

    Raises what state_from_bytes raises (WireError).
    """
    rules = Rules(list(restored.policies), policy)
    first = restored.events[0][0] if restored.events else restored.seq
    state = initial_state(rules.at(first)) if restored.state is None else state_from_bytes(restored.state)
    record, differing = Record(state), None
    for seq, now_ms, event in restored.events:
        state, made = step(state, event, now_ms, rules.at(seq))
        if type(event) is HistoryKept:  # from here on state and record are one again
            record, differing = Record(state), None
        said = tuple(map(read, restored.decisions.get(seq, ())))
        if said != made:
            differing = differing_at(differing, seq, event, said, made)
        if said:
            known = tuple(decision for decision in said if not isinstance(decision, str))
            record.take(event, now_ms, known, state, rules.at(seq))
    return Judged(state, differing, kept(restored, state, record, differing))


def read(text: str) -> Decision | str:
    """The recorded decision; its text where another version wrote what this one does not know."""
    try:
        return decision_of(text)
    except WireError:
        return text


def differing_at(
    before: Differing | None, seq: int, event: Event, said: tuple[Decision | str, ...], made: tuple[Decision, ...]
) -> Differing:
    if before is None:
        return Differing(1, seq, repr(event), said, made)
    return Differing(before.steps + 1, before.seq, before.event, before.recorded, before.recomputed)


def kept(restored: Restored, state: BedState, record: Record, differing: Differing | None) -> HistoryKept | None:
    """The event that makes the state one with the record, and tells a person why; None: nothing is to be told."""
    words: list[str] = []
    if restored.unreadable and restored.other_kernel and restored.state is None:
        words.append("no saved state could be read, all that was recorded was judged anew")
    beyond = not_understood(restored.state) if restored.state is not None and restored.other_kernel else ()
    if beyond:
        words.append(f"the saved state says more than this software knows: {', '.join(beyond[:3])}")
    took = Kept(alarm_n=record.alarm_n, order_n=record.order_n, course_n=record.course_n)
    if differing is not None:
        took = record.against(state)
        steps = "1 step" if differing.steps == 1 else f"{differing.steps} steps"
        words.append(f"{steps} judged otherwise, from step {differing.seq} on")
        words.append(f"kept as recorded: {', '.join(took.parts()) or 'nothing was lost'}")
    return HistoryKept("; ".join(words), record.patient, took) if words else None
