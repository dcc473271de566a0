"""Takes out of a sentence the words by which patients are known. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pumpd.bus.making import Hush
from pumpd.safety.events import Patient

INSTEAD = "(withheld)"
SHORTEST = 3
"""Letters: a shorter word is found in too many others, and says little by itself."""


def hush_of(patients: Iterable[Patient]) -> Hush:
    """Numbers, names and birth dates of these patients taken out, however they are written."""
    words = {word for patient in patients for word in _words(patient) if len(word) >= SHORTEST}
    if not words:
        return str
    pattern = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))), re.IGNORECASE)
    return lambda text: pattern.sub(INSTEAD, text)


def _words(patient: Patient) -> Iterator[str]:
    born = patient.birth_date
    whole = (patient.mrn, patient.family_name, patient.given_name, born, born.replace("-", ""))
    for text in whole:
        yield text.strip()
    for name in (patient.family_name, patient.given_name):
        yield from re.split(r"[\s,'-]+", name)
