"""What a person does in front of a simulated pump. Sans-IO: time is an argument."""

from __future__ import annotations

from typing import Protocol

from pumpd.sim.syringe import SyringePump


class _Pump(Protocol):
    pump: SyringePump

    def advance(self, now_ms: int) -> bool: ...
    def switch_off(self, now_ms: int) -> None: ...


class PumpPanel:
    """The keys of a pump. They work whether or not a host holds remote control (assumption)."""

    def __init__(self, sim: _Pump, max_rate_ul_h: int = 1_200_000) -> None:
        self._sim = sim
        self._max_rate_ul_h = max_rate_ul_h

    def _at(self, now_ms: int) -> SyringePump:
        self._sim.advance(now_ms)
        return self._sim.pump

    def set_rate(self, rate_ul_h: int, now_ms: int) -> None:
        """Key a rate; a running infusion goes on at it."""
        self._at(now_ms).set_rate(min(rate_ul_h, self._max_rate_ul_h))

    def tenfold(self, now_ms: int) -> None:
        """The classic slip: a missed decimal point."""
        pump = self._at(now_ms)
        pump.set_rate(min(pump.rate_ul_h * 10, self._max_rate_ul_h))

    def start(self, now_ms: int) -> bool:
        """False when the pump does not start (no rate, empty syringe)."""
        return self._at(now_ms).start()

    def stop(self, now_ms: int) -> None:
        self._at(now_ms).hold()

    def clear_volume(self, now_ms: int) -> None:
        self._at(now_ms).clear_volume()

    def new_syringe(self, now_ms: int) -> None:
        self._at(now_ms).new_syringe()

    def silence(self, now_ms: int) -> None:
        """Clear the alarms that are shown."""
        self._at(now_ms).alarms.clear()

    def power_cycle(self, now_ms: int) -> None:
        self._at(now_ms)
        self._sim.switch_off(now_ms)
