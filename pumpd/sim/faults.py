"""Fault switches of the simulated devices, and a line that loses and invents bytes. Sans-IO.

Every switch may be flipped at any time from a test, a scenario or a debugger; it acts on the next byte.
Unplugging is not a switch here: it belongs to the endpoint (`Endpoint.unplug`).
"""

from __future__ import annotations

import random
from dataclasses import dataclass

CHATTER_MS = 100  # how often garbage is put on the line


@dataclass
class LineFaults:
    """What any device's line may suffer.

    garbage_bytes_s: random bytes a second between the frames. drop_percent: share of single bytes lost, both ways.
    frozen_values: the device answers but repeats its last numbers. wrong_serial: says it is another device.
    shifted_fields: measured fields stand one place too far left under a right checksum.
    power_cycle: one-shot; off for a few seconds, then up in its power-on state.
    """

    garbage_bytes_s: int = 0
    drop_percent: float = 0.0
    frozen_values: bool = False
    wrong_serial: bool = False
    shifted_fields: bool = False
    power_cycle: bool = False


@dataclass
class PumpFaults(LineFaults):
    """What a pump may do wrong.

    lost_ack: commands are carried out, their echo never comes. late_ack_ms: the echo comes that much later.
    stop_ignored: INF_STOP is echoed but the pump keeps infusing. stop_silent: keeps infusing and does not even echo.
    refuse_control: never PERMITs remote control (software after 2.3.6). occlusion: the line is blocked.
    """

    lost_ack: bool = False
    late_ack_ms: int = 0
    stop_ignored: bool = False
    stop_silent: bool = False
    refuse_control: bool = False
    occlusion: bool = False


@dataclass
class MonitorFaults(LineFaults):
    """What a monitor may suffer: SpO2 probe off the finger or unplugged, no CO2 sampling line, mute to its host.

    leads_off: no ECG lead. cuff_off: no cuff, what it measured is gone. temp_off: no temperature probe.
    """

    sensor_off: bool = False
    sensor_disconnected: bool = False
    no_filterline: bool = False
    no_device_id: bool = False
    leads_off: bool = False
    cuff_off: bool = False
    temp_off: bool = False


class NoisyLine:
    """Applies drop_percent and garbage_bytes_s to a device's bytes; deterministic for a seed."""

    def __init__(self, faults: LineFaults, seed: int, now_ms: int = 0) -> None:
        self._faults = faults
        self._random = random.Random(seed)
        self._next_ms = now_ms

    def lose(self, data: bytes) -> bytes:
        """The bytes that get through."""
        if not self._faults.drop_percent:
            return data
        kept = 1.0 - self._faults.drop_percent / 100.0
        return bytes(byte for byte in data if self._random.random() < kept)

    def chatter(self, now_ms: int) -> bytes:
        """Garbage due by now; at most one second's worth after a pause."""
        rate = self._faults.garbage_bytes_s
        if not rate:
            self._next_ms = now_ms
            return b""
        start_ms = max(self._next_ms, now_ms - 1000)
        slots = max(0, (now_ms - start_ms) // CHATTER_MS + 1) if now_ms >= start_ms else 0
        self._next_ms = start_ms + slots * CHATTER_MS
        return self.scramble(slots * max(1, rate * CHATTER_MS // 1000))

    def scramble(self, length: int) -> bytes:
        """That many random bytes: garbage, or what a frame looks like at the wrong speed."""
        return self._random.randbytes(length)

    def next_deadline(self) -> int | None:
        return self._next_ms if self._faults.garbage_bytes_s else None
