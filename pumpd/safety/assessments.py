"""What a named person assesses at the bedside: POSS, RASS, supplemental oxygen (RSP-02, RSP-08). Pure.

A score becomes the newest value of its signal, so that a rule such as "poss >= 3" sees it; it counts until the next
one, or until the patient leaves.
"""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.safety.answers import refuse, unnamed
from pumpd.safety.decisions import Permitted
from pumpd.safety.events import Assessed
from pumpd.safety.state import Draft
from pumpd.safety.vital_state import Assessment, Oxygen

POSS = range(1, 5)  # Pasero opioid-induced sedation scale: 1 awake and alert to 4 somnolent; S asleep, easy to arouse
RASS = range(-5, 5)  # Richmond agitation-sedation scale: -5 unarousable to 4 combative
ASLEEP = "S"
ACT = "assessment"


def assessed(d: Draft, event: Assessed) -> None:
    """Take all of it or nothing; a refusal names every reason."""
    reasons = unnamed(event.by) + score_reasons(event)
    if reasons:
        refuse(d, ACT, d.bed, reasons, event.by)
        return
    scores = {**d.breath.assessed, **scores_of(event, d.now)}
    given = d.breath.oxygen if event.oxygen is None else Oxygen(event.oxygen, d.now, event.by)
    d.breath = replace(d.breath, assessed=scores, oxygen=given)
    d.out.append(Permitted(ACT, d.bed, event.by))


def score_reasons(event: Assessed) -> list[str]:
    """Why this is no assessment."""
    reasons = []
    if event.poss is None and not event.asleep and event.rass is None and event.oxygen is None:
        reasons.append("an assessment needs at least one of poss, rass, oxygen")
    if event.poss is not None and event.asleep:
        reasons.append("POSS is S or a number, not both")
    if event.poss is not None and event.poss not in POSS:
        reasons.append("POSS is S, 1, 2, 3 or 4")
    if event.rass is not None and event.rass not in RASS:
        reasons.append("RASS is a whole number from -5 to 4")
    return reasons


def scores_of(event: Assessed, now: int) -> dict[str, Assessment]:
    """Signal by signal; S is acceptable sedation, below every number."""
    found = {}
    if event.asleep:
        found["poss"] = Assessment(0, now, event.by, ASLEEP)
    if event.poss is not None:
        found["poss"] = Assessment(event.poss * 1000, now, event.by)
    if event.rass is not None:
        found["rass"] = Assessment(event.rass * 1000, now, event.by)
    return found
