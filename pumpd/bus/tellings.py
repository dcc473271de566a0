"""Which past was told when, for whoever may have missed it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 20
"""Tellings of one bed that are told apart; older ones are one."""


@dataclass(slots=True)
class Tellings:
    """What happens is told at once, so that its own time says when. What is told later has to be noted."""

    _of: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def note(self, bed: str, start: int, at_us: int) -> None:
        """Steps after `start` were told as history, until this moment."""
        tellings = self._of.setdefault(bed, [])
        if tellings and tellings[-1][0] == start:
            tellings.pop()
        tellings.append((start, at_us))
        if len(tellings) > MOST:
            (one, _), (other, later_us), *rest = tellings
            self._of[bed] = [(min(one, other), later_us), *rest]

    def start(self, bed: str, since_us: int) -> int | None:
        """After which step everything lies that was told as history at that time or later; None: nothing was."""
        return min((start for start, at_us in self._of.get(bed, ()) if at_us >= since_us), default=None)


@dataclass(slots=True)
class Stretches:
    """Stretches of time (seconds since 1970) whose vital signs were told as history, and when that ended."""

    _of: dict[str, list[tuple[int, int, int]]] = field(default_factory=dict)

    def note(self, bed: str, start_s: int, end_s: int, at_us: int) -> None:
        """Told until this moment. What is noted again takes the place of the first."""
        others = [one for one in self._of.get(bed, ()) if one[:2] != (start_s, end_s)]
        self._of[bed] = [*others, (start_s, end_s, at_us)][-MOST:]

    def since(self, bed: str, since_us: int) -> tuple[tuple[int, int], ...]:
        """Start and end of those that were told at that time or later."""
        return tuple((start_s, end_s) for start_s, end_s, at_us in self._of.get(bed, ()) if at_us >= since_us)
