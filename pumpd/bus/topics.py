"""The topic tree pumpd/v1/{site}/{ward}/...: made in one place, and read back in the same. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from pumpd.config.topic_id import is_topic_id, topic_id

ROOT: Final = "pumpd/v1"
LEVELS: Final = 4
"""pumpd, v1, site, ward: what every topic of a ward begins with."""


class Topics:
    """The topics of one ward. Names of beds, devices and alarms may be as the ward writes them."""

    def __init__(self, site: str, ward: str) -> None:
        self.base = f"{ROOT}/{site}/{ward}"
        self.state = f"{self.base}/daemon/state"
        self.birth = f"{self.base}/daemon/birth"
        self.health = f"{self.base}/daemon/health"
        self.rebirth = f"{self.base}/cmd/rebirth"

    def device(self, device: str) -> str:
        return f"{self.base}/dev/{topic_id(device)}/state"

    def frame(self, bed: str) -> str:
        return f"{self.base}/bed/{topic_id(bed)}/frame"

    def alarm(self, bed: str, alarm: str) -> str:
        return f"{self.base}/bed/{topic_id(bed)}/alarm/{topic_id(alarm)}"

    def event(self, bed: str, *, historical: bool = False) -> str:
        """historical: it happened while nobody was connected; never for displays."""
        return f"{self.base}/{'hist/' if historical else ''}bed/{topic_id(bed)}/event"

    def vitals(self, bed: str) -> str:
        """What was measured while nobody was connected."""
        return f"{self.base}/hist/bed/{topic_id(bed)}/vitals"


class Place(NamedTuple):
    """A topic read. kind: state, birth, health, bridge, device, frame, alarm, event, vitals. name: of the bed or the
    device, item: of the alarm; as they stand in the topic.
    """

    site: str
    ward: str
    kind: str
    name: str = ""
    item: str = ""
    historical: bool = False


_WHOLE: Final[dict[tuple[str, ...], str]] = {
    ("daemon", "state"): "state",
    ("daemon", "birth"): "birth",
    ("daemon", "health"): "health",
    ("bridge", "state"): "bridge",
}
_OF_BED: Final = frozenset({"frame", "event", "vitals"})


def read_topic(topic: str) -> Place | None:
    """None: not one of ours, or none that a reader looks at."""
    levels = tuple(topic.split("/"))
    if len(levels) <= LEVELS or "/".join(levels[:2]) != ROOT or not all(map(is_topic_id, levels)):
        return None
    site, ward, rest = levels[2], levels[3], levels[LEVELS:]
    historical = rest[0] == "hist"
    found = _read(rest[1:] if historical else rest)
    return None if found is None else Place(site, ward, *found, historical)


def _read(rest: tuple[str, ...]) -> tuple[str, str, str] | None:
    if (kind := _WHOLE.get(rest)) is not None:
        return kind, "", ""
    match rest:
        case ("dev", device, "state"):
            return "device", device, ""
        case ("bed", bed, kind) if kind in _OF_BED:
            return kind, bed, ""
        case ("bed", bed, "alarm", alarm):
            return "alarm", bed, alarm
    return None
