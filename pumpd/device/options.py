"""What a ward file may tell one driver beyond what every device has: its own keys, each with what it may say. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DriverOption:
    """One key of a device's `options`. pattern: a regular expression that the whole value must match.

    default: what holds where the ward file says nothing; text: what it means, with its unit, for people.
    period_unit_ms: the value is how often the device reports, in so many milliseconds; None: it is something else.
    """

    name: str
    pattern: str
    default: str
    text: str
    period_unit_ms: int | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The words that it may be, where these are all that it may be: a pattern such as "basic|safe"."""
        return tuple(self.pattern.split("|")) if re.fullmatch(r"[a-z0-9_-]+(\|[a-z0-9_-]+)+", self.pattern) else ()

    def allows(self, value: str) -> bool:
        return re.fullmatch(self.pattern, value) is not None

    def of(self, options: Mapping[str, str]) -> str:
        """The ward file's value, or the default where there is none or where it is none that the check would pass."""
        value = options.get(self.name, self.default)
        return value if self.allows(value) else self.default
