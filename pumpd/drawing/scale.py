"""From a value to a place. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Linear from low..high to at_low..at_high; values outside are put on the nearer end."""

    low: float
    high: float
    at_low: float
    at_high: float

    def __call__(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        return self.at_low + (inside - self.low) * (self.at_high - self.at_low) / (self.high - self.low)
