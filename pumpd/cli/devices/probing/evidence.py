"""What one driver has understood of a line, and how sure that makes us. Pure.

Theory. A frame that passed a CRC-16 agrees by chance once in 65 536 times, one with an 8-bit sum once in 256, and a
line of text without a checksum whenever another device writes similar text. So the words "certain" and "likely" depend
on what protects the frames, on how many there were, and on how much of what was heard they explain.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pumpd.cli.common import several
from pumpd.device import (
    DeviceAlarms,
    DriverInfo,
    Garbled,
    Identity,
    Integrity,
    Out,
    PumpStatus,
    Unmapped,
    Vitals,
    Waveform,
)

ENOUGH_CRC = 2
ENOUGH = 3
MOST_OF_IT = 0.9
"""A line is understood where at least so much of it was in believed frames."""

CHECKED_BY = {
    Integrity.CRC16: "with CRC16",
    Integrity.SUM8: "with an 8-bit checksum",
    Integrity.NONE: "without a checksum",
}


class Sure(StrEnum):
    """Best first."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"
    NOTHING = "nothing understood"
    SILENT = "silent"

    @property
    def rank(self) -> int:
        """0 is the best."""
        return list(Sure).index(self)


@dataclass(slots=True)
class Evidence:
    """What one driver heard at one line setting. asked: its questions were sent; failed: a bug of the driver.

    answers: it believes what it hears, though that held no value yet: bytes came, and it has not said Silent in time.
    """

    info: DriverInfo
    line: str
    asked: bool = False
    heard_bytes: int = 0
    frames: int = 0
    alarms: int = 0
    garbled: int = 0
    garbled_bytes: int = 0
    unmapped: set[str] = field(default_factory=set)
    model: str | None = None
    serial: str | None = None
    software: str | None = None
    failed: str = ""
    answers: bool = False

    def note(self, fact: Out) -> None:
        """Add what one fact says."""
        if isinstance(fact, Vitals | PumpStatus | Waveform):
            self.frames += 1
            self.serial = (fact.serial if isinstance(fact, PumpStatus) else None) or self.serial
        elif isinstance(fact, DeviceAlarms):
            self.alarms += 1
        elif isinstance(fact, Identity):
            self.model, self.serial = fact.model or self.model, fact.serial or self.serial
            self.software = fact.software or self.software
        elif isinstance(fact, Garbled):
            self.garbled += 1
            self.garbled_bytes += max(fact.length, len(fact.data))
        elif isinstance(fact, Unmapped):
            self.unmapped.add(fact.tag)

    @property
    def understood(self) -> int:
        """Messages that can only have come from such a device: values, statuses, curves; who it is counts as one."""
        return self.frames + bool(self.model or self.serial) or int(self.answers)

    @property
    def clean(self) -> bool:
        """Nearly all that was heard was in believed frames."""
        return self.garbled_bytes <= (1 - MOST_OF_IT) * self.heard_bytes

    @property
    def sure(self) -> Sure:
        if not self.heard_bytes:
            return Sure.SILENT
        count = self.understood
        if not count:
            return Sure.NOTHING
        if self.info.integrity is Integrity.CRC16:
            return Sure.CERTAIN if count >= ENOUGH_CRC or self.model or self.serial else Sure.LIKELY
        if self.info.integrity is Integrity.SUM8:
            return Sure.CERTAIN if count >= ENOUGH and self.clean else Sure.LIKELY if self.clean else Sure.POSSIBLE
        return Sure.LIKELY if count >= ENOUGH and self.clean else Sure.POSSIBLE

    @property
    def order(self) -> tuple[int, int, int, str]:
        """Sorts the best finding first."""
        strength = list(CHECKED_BY).index(self.info.integrity)
        return self.sure.rank, strength, -self.understood, self.info.name

    def words(self) -> str:
        """ "5 frames with CRC16, serial 8002-51740, 1 garbled"."""
        if self.failed:
            return f"the driver failed: {self.failed}"
        if not self.heard_bytes:
            return "nothing heard"
        parts = []
        if self.frames:
            plausible = "plausible " if self.info.integrity is Integrity.NONE else ""
            parts.append(f"{several(self.frames, f'{plausible}frame')} {CHECKED_BY[self.info.integrity]}")
        elif self.answers and not (self.model or self.serial):
            parts.append(f"it answers, {CHECKED_BY[self.info.integrity]}")
        elif self.understood:
            parts.append(f"it says who it is, {CHECKED_BY[self.info.integrity]}")
        known = (("", self.model), ("serial ", self.serial), ("software ", self.software))
        parts += [f"{word}{value}" for word, value in known if value]
        if self.garbled:
            parts.append(f"{self.garbled} garbled")
        if self.unmapped:
            parts.append(several(len(self.unmapped), "unmapped tag"))
        return ", ".join(parts) or f"{self.heard_bytes} bytes, none of it understood"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One driver or several that cannot be told apart, or nobody. sure: of the best."""

    sure: Sure
    drivers: tuple[str, ...]

    @property
    def identified(self) -> bool:
        return self.sure in (Sure.CERTAIN, Sure.LIKELY) and len(self.drivers) == 1


def ranked(found: list[Evidence]) -> list[Evidence]:
    """The best of each driver, best first."""
    best: dict[str, Evidence] = {}
    for one in sorted(found, key=lambda evidence: evidence.order):
        best.setdefault(one.info.name, one)
    return list(best.values())


def verdict(ranking: list[Evidence]) -> Verdict:
    """Who it is: every driver that is as sure as the best one, at the same line setting or not."""
    understood = [one for one in ranking if one.sure.rank < Sure.NOTHING.rank]
    if not understood:
        heard = any(one.heard_bytes for one in ranking)
        return Verdict(Sure.NOTHING if heard else Sure.SILENT, ())
    best = understood[0].sure
    return Verdict(best, tuple(one.info.name for one in understood if one.sure is best))


ODD_BYTES = frozenset((0x00, 0x80, 0xC0, 0xE0, 0xF0, 0xF8, 0xFC, 0xFE, 0xFF))
"""What a receiver makes of characters that are sent at another speed: runs of equal bits."""


def hint(sample: bytes) -> str:
    """What bytes that nobody understands look like."""
    if not sample:
        return "check the cable (crossed?), the device's data output setting, and that it is switched on"
    odd = sum(byte in ODD_BYTES for byte in sample) / len(sample)
    if odd >= 0.4:
        return "looks like another speed"
    if _is_text(sample):
        return f"looks like text that no driver knows: {_shown(sample)}"
    if any(byte & 0x80 for byte in sample) and _is_text(bytes(byte & 0x7F for byte in sample)):
        return "looks like text with a parity bit: 7 data bits"
    return "no text, and no frame of any driver"


def _is_text(sample: bytes) -> bool:
    return sum(byte in b"\r\n\t" or 0x20 <= byte < 0x7F for byte in sample) >= MOST_OF_IT * len(sample)


def _shown(sample: bytes) -> str:
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in sample[:60])
    return f'"{text}"'
