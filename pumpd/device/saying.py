"""What a driver says only on change: the set of alarms, who the device is, tags without a row. Pure."""

from __future__ import annotations

from pumpd.device.facts import AlarmCode, DeviceAlarms, Identity, Unmapped
from pumpd.units import Ms

ALARM_REPEAT_MS = 5000  # ours: an unchanged set of alarms is said again that often
MOST_TAGS = 200  # a device that invents tags must not fill the memory


class Sayings:
    """The last of each that was said on this connection."""

    def __init__(self) -> None:
        self._alarms: tuple[AlarmCode, ...] | None = None
        self._alarms_ms = Ms(0)
        self._identity: Identity | None = None
        self._tags: set[str] = set()

    def alarms(self, alarms: tuple[AlarmCode, ...], now: Ms) -> list[DeviceAlarms]:
        """The device's whole present set, said when it changes and every ALARM_REPEAT_MS."""
        if alarms == self._alarms and now - self._alarms_ms < ALARM_REPEAT_MS:
            return []
        self._alarms, self._alarms_ms = alarms, now
        return [DeviceAlarms(alarms)]

    def identity(self, model: str | None, serial: str | None = None, software: str | None = None) -> list[Identity]:
        """Who the device says it is, said when that changes."""
        identity = Identity(model, serial, software)
        if identity == self._identity:
            return []
        self._identity = identity
        return [identity]

    def unmapped(self, tag: str, value: str = "") -> list[Unmapped]:
        """A tag without a row, said once."""
        if tag in self._tags or len(self._tags) >= MOST_TAGS:
            return []
        self._tags.add(tag)
        return [Unmapped(tag[:64], value[:64])]
