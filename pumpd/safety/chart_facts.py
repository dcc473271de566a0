"""What a patient's kept entries say, newest by newest: pain, observation, checklist, adjunct. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pumpd.clinical.entries import Adjunct, Assessment, Checklist
from pumpd.safety.course_state import Noted
from pumpd.safety.protocol_policy import ProtocolPolicy

NONE = "none"  # the decision of a named person to give no adjunct


def judged_by(entries: Mapping[str, Noted], protocol: ProtocolPolicy | None) -> dict[str, Any]:
    """The fields of Course that follow from the kept entries."""
    kept = list(entries.values())
    seen = [noted for noted in kept if isinstance(noted.entry, Assessment)]
    adjuncts = [noted for noted in kept if isinstance(noted.entry, Adjunct)]
    return {
        "nrs_ms": last_ms(n for n in seen if isinstance(n.entry, Assessment) and n.entry.nrs is not None),
        "seen_ms": last_ms(seen),
        "checked_ms": last_ms(n for n in kept if isinstance(n.entry, Checklist)),
        "present": tuple(name for name, present in answers(kept).items() if present),
        "adjunct_ms": last_ms(n for n in adjuncts if counts(n.entry, protocol)),
        "benzodiazepine_ms": last_ms(n for n in adjuncts if isinstance(n.entry, Adjunct) and n.entry.benzodiazepine),
    }


def last_ms(found: Iterable[Noted]) -> int | None:
    return max((noted.at_ms for noted in found), default=None)


def counts(entry: object, protocol: ProtocolPolicy | None) -> bool:
    """Is this one of the adjuncts that the protocol asks for, or the decision to give none?"""
    if not isinstance(entry, Adjunct):
        return False
    names = {NONE} if protocol is None else {NONE, *protocol.adjuncts}
    return protocol is None or not protocol.adjuncts or entry.drug.casefold() in {name.casefold() for name in names}


def answers(entries: Iterable[Noted]) -> dict[str, bool]:
    """The newest answer to each contra-indication."""
    lists = [noted for noted in entries if isinstance(noted.entry, Checklist)]
    found: dict[str, bool] = {}
    for noted in sorted(lists, key=lambda noted: noted.at_ms):
        if isinstance(noted.entry, Checklist):
            found.update(noted.entry.answers)
    return found
