"""How a person's act is answered: what every act needs, and the refusal that names who asked and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from pumpd.safety.decisions import Refused
from pumpd.safety.state import Draft


def unnamed(by: str) -> list[str]:
    """A blank name is no name."""
    return [] if by.strip() else ["a named user is required"]


def unexplained(reason: str) -> list[str]:
    return [] if reason.strip() else ["a reason is required"]


def refuse(d: Draft, act: str, subject: str, reasons: Iterable[str], by: str, why: str = "") -> None:
    """Refuse an act with ALL its reasons; by and why as the person gave them, so that the journal has both."""
    d.out.append(Refused(act, subject, tuple(reasons), by, why))
