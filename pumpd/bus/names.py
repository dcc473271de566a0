"""Whose names must not leave: everybody who ever lay in a bed, as far as the journal and this run know."""

from __future__ import annotations

from dataclasses import dataclass, field

from pumpd.bus.hush import hush_of
from pumpd.bus.making import Hush
from pumpd.safety.events import Patient


@dataclass(slots=True)
class Names:
    """note() whoever comes to be known; hush(bed) for what is said of that bed."""

    _known: dict[str, dict[Patient, None]] = field(default_factory=dict)
    _hushes: dict[str, Hush] = field(default_factory=dict)

    def note(self, bed: str, patient: Patient | None) -> None:
        """Cheap where the patient is known already. Other beds' sentences may name whoever lies here, too."""
        known = self._known.setdefault(bed, {})
        if patient is None or patient in known:
            return
        known[patient] = None
        self._hushes.clear()

    def hush(self, bed: str) -> Hush:
        """Takes out whoever ever lay there, and who came last to each other bed."""
        found = self._hushes.get(bed)
        if found is None:
            others = [next(reversed(known)) for known in self._known.values() if known]
            found = self._hushes[bed] = hush_of([*self._known.get(bed, {}), *others])
        return found
