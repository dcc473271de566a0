"""Ceilings and caps: a number and the rule that set it, so that every screen can name it (CEI-02). Frozen, pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """A ceiling and the rule that set it, so that every screen can name it (CEI-02)."""

    ug_kg_h: int
    set_by: str


@dataclass(frozen=True, slots=True)
class Cap:
    """A dose that may be given in some span, and the rule that set it."""

    ug_kg: int
    set_by: str


@dataclass(frozen=True, slots=True)
class DoseCaps:
    """CEI-09: what may be delivered in one infusion, in one course, in a sliding window; None: no such cap.

    warn_percent: of a cap; from there on a warning stands.
    """

    per_infusion: Cap | None
    per_course: Cap | None = None
    per_window: Cap | None = None
    window_ms: int = 86_400_000
    warn_percent: int = 90
