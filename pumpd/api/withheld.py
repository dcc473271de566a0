"""What another system wrote in its own words, for somebody who may not know who the patients are. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pumpd.access.roles import Identity
from pumpd.safety.events import Patient

INSTEAD = "(withheld)"
SHORTEST = 3  # letters: a shorter word is found in too many others, and says little by itself


def without_names(text: str, patients: Iterable[Patient], identity: Identity) -> str:
    """Numbers, names and birth dates of these patients taken out of it."""
    if identity is Identity.FULL:
        return text
    words = words_of(patients)
    if not words:
        return text
    longest_first = sorted(words, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), INSTEAD, text, flags=re.IGNORECASE)


def words_of(patients: Iterable[Patient]) -> set[str]:
    """What is looked for: all that is long enough to be somebody's."""
    return {word for patient in patients for word in _words(patient) if len(word) >= SHORTEST}


def _words(patient: Patient) -> tuple[str, ...]:
    born = patient.birth_date
    return (patient.mrn, patient.family_name, patient.given_name, born, born.replace("-", ""))
