"""Builders for tests of a resume: a pump that was stopped, reset, and permitted to start."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pumpd.safety.decisions import Decision, Permitted, Refused
from pumpd.safety.events import InterlockReset, ResumeRequested
from tests.safety.build import KETAMINE, PUMP, TIMES, Bed

RESET = InterlockReset(PUMP, "RN Abel", "cause found")
ASK = ResumeRequested(PUMP, "RN Abel", "pain is back")
WELL: dict[str, Any] = {"rr": 14, "spo2": 97, "etco2": 38}
STEADY_S = TIMES.resume_steady_ms // 1000
VALID_S = TIMES.resume_valid_ms // 1000
MORPHINE = replace(KETAMINE, code="morphine", label="morphine", governed=False, hard=None, soft=None, opioid=True)
SALINE = replace(MORPHINE, code="saline", label="saline", opioid=False)


def watch(bed: Bed, seconds: int, **values: Any) -> list[Decision]:
    """A well patient (or as said) for so long, and the pump heard each second: it stands still."""
    decided: list[Decision] = []
    for _ in range(seconds):
        decided += bed.vitals(after=500, **{**WELL, **values})
        decided += bed.pump(0, False, after=500, requested_ms=bed.now + 480)
    return decided


def stopped(policy: Any = None, **more: Any) -> Bed:
    """A pump whose stop is verified."""
    bed = Bed(policy, **more)
    bed.vitals(**WELL)
    bed.verified_stop()
    return bed


def reset(seconds: int = STEADY_S, policy: Any = None, **more: Any) -> Bed:
    """The same, watched for so long afterwards, and reset."""
    bed = stopped(policy, **more)
    watch(bed, seconds)
    assert not refusals(bed.do(RESET, 10))
    return bed


def allowed() -> Bed:
    bed = reset()
    assert bed.do(ASK, 10) == (Permitted("resume", PUMP, "RN Abel"),)
    return bed


def refusals(decisions: tuple[Decision, ...]) -> tuple[str, ...]:
    """All reasons."""
    return tuple(reason for d in decisions if isinstance(d, Refused) for reason in d.reasons)
