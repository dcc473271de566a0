"""Quantities as people write them ("1.0 mg/kg/h", "60 s") into exact integers of pumpd.units. Pure.

One parser for every file of the configuration. A number that would lose digits is refused, never rounded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pumpd.units import scaled

_SHAPE = re.compile(r"(?P<number>\d+(?:\.\d+)?) ?(?P<unit>[A-Za-zµμ%][A-Za-zµμ/%]*)")
_GREEK = re.compile("[µμ]")


class QuantityError(ValueError):
    """The text is not this kind of quantity; the message names what was expected."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """A kind of quantity: accepted units, each worth an integer number of `base`; `example` for messages."""

    name: str
    base: str
    units: Mapping[str, int]
    example: str

    def parse(self, text: str) -> int:
        """The quantity in whole `base` units. Raises QuantityError."""
        match = _SHAPE.fullmatch(text.strip())
        if match is None:
            raise QuantityError(f'expected {self.name} such as "{self.example}", found "{text}"')
        return self._scaled(match["number"], match["unit"], text)

    def _scaled(self, number: str, unit: str, text: str) -> int:
        factor = self.units.get(unit)
        if factor is None:
            allowed = ", ".join(self.units)
            hint = "; write mcg, never the Greek letter" if _GREEK.search(unit) else ""
            raise QuantityError(f'unit "{unit}" is not {self.name}; expected one of {allowed}{hint}')
        value = scaled(Decimal(number), factor)
        if value is None:
            raise QuantityError(f'"{text}" is finer than 1 {self.base}, digits would be lost')
        return value


DURATION = Dimension("a duration", "ms", {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}, "60 s")
DOSE_RATE = Dimension(
    "a dose rate",
    "mcg/kg/h",
    {"mg/kg/h": 1000, "mcg/kg/h": 1, "mcg/kg/min": 60},
    "1.0 mg/kg/h",
)
DOSE = Dimension("a dose", "mcg/kg", {"mg/kg": 1000, "mcg/kg": 1}, "0.5 mg/kg")
CONCENTRATION = Dimension("a concentration", "mcg/mL", {"mg/mL": 1000, "mcg/mL": 1}, "1 mg/mL")
MASS = Dimension("an amount", "mcg", {"mg": 1000, "mcg": 1}, "50 mg")
LEVEL = Dimension("a plasma concentration", "pg/mL", {"ng/mL": 1000, "mcg/mL": 1_000_000}, "200 ng/mL")
WEIGHT = Dimension("a weight", "g", {"kg": 1000, "g": 1}, "70 kg")
VOLUME = Dimension("a volume", "µL", {"mL": 1000}, "50 mL")
FLOW = Dimension("a rate", "µL/h", {"mL/h": 1000}, "10 mL/h")
