"""What every simulated device has: a name, a serial number, a power switch and a line that may be bad. Sans-IO."""

from __future__ import annotations

from typing import ClassVar, Literal

from pumpd.sim.faults import LineFaults, NoisyLine


class SimCore:
    """Power and line of one device.

    A subclass sets: kind (the bases do), model (the name of its driver), text (one line for people), number (its serial
    number unless another one is given; None where the protocol tells none), other_number (what `wrong_serial` claims),
    usual_baud and usual_frame (its line's speed, data bits and parity), power_off_ms (how long a power cycle keeps it
    dark; our choice).
    """

    kind: ClassVar[Literal["pump", "monitor"]]
    model: ClassVar[str]
    text: ClassVar[str]
    number: ClassVar[str | None] = None
    other_number: ClassVar[str] = "999999"
    usual_baud: ClassVar[int] = 9600
    usual_frame: ClassVar[str] = "8N"
    power_off_ms: ClassVar[int] = 3000

    def __init__(self, faults: LineFaults, serial: str | None, now_ms: int, seed: int) -> None:
        self.serial = serial if serial is not None else self.number
        self._line_faults = faults
        self._line = NoisyLine(faults, seed, now_ms)
        self._off_until_ms: int | None = None

    @property
    def shown_serial(self) -> str:
        """The serial number that it tells now; "" where it has none."""
        return self.other_number if self._line_faults.wrong_serial else self.serial or ""

    @property
    def dark(self) -> bool:
        """Switched off by a power cycle."""
        return self._off_until_ms is not None

    def switch_off(self, now_ms: int, for_ms: int | None = None) -> None:
        """Power cycle: dark for a while, then in the power-on state."""
        self._off_until_ms = now_ms + (self.power_off_ms if for_ms is None else for_ms)

    def switched_on(self, now_ms: int) -> None:
        """Power has just come back: forget what a device forgets without power. For a subclass."""

    def _awake(self, now_ms: int) -> bool:
        """Is there power now?"""
        if self._line_faults.power_cycle:
            self._line_faults.power_cycle = False
            self.switch_off(now_ms)
        if self._off_until_ms is not None and now_ms >= self._off_until_ms:
            self._off_until_ms = None
            self.switched_on(now_ms)
        return self._off_until_ms is None
