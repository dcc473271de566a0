"""All wards as this hub knows them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from pumpd.bus.topics import read_topic
from pumpd.hub.config import KnownWard
from pumpd.hub.shapes import PRIORITIES, AlarmShape, HospitalShape, WardDetail
from pumpd.hub.ward_model import WardModel

MOST_ALARMS = 500
MOST_WARDS = 2_000
"""Somebody who may publish anything must not fill the memory."""


class Hospital:
    """hear() every message; what is said is the same whichever hub says it."""

    def __init__(self, hub: str, name: str, known: Iterable[KnownWard] = ()) -> None:
        """known: wards that are expected: they are shown as silent until they are heard."""
        self.hub, self.name = hub, name
        self.wards = {(one.site, one.ward): WardModel(one.site, one.ward, one.name, one.page) for one in known}
        self.messages = self.strange = 0

    def hear(self, topic: str, payload: bytes, retained: bool, left_s: int | None, now_ms: int) -> WardModel | None:
        """The ward that should be asked to say everything again; mostly None."""
        self.messages += 1
        place = read_topic(topic)
        if place is None or place.historical:
            self.strange += place is None
            return None
        ward = self._ward(place.site, place.ward)
        if ward is None or not ward.hear(place, payload, retained, left_s, now_ms):
            return None
        return ward

    def reconnected(self) -> None:
        """This hub is connected again; everything that stands will be said."""
        for ward in self.wards.values():
            ward.reconnected()

    def all_said(self) -> None:
        """It has been."""
        for ward in self.wards.values():
            ward.all_said()

    def _ward(self, site: str, ward: str) -> WardModel | None:
        found = self.wards.get((site, ward))
        if found is None and len(self.wards) < MOST_WARDS:
            found = self.wards[site, ward] = WardModel(site, ward)
        return found

    def shape(self, now_ms: int, time: str, link: bool) -> HospitalShape:
        """link: this hub is connected; without it nothing here can be live for long."""
        wards = [ward.shape(now_ms) for _, ward in sorted(self.wards.items())]
        alarms = in_order(alarm for ward in self.wards.values() for alarm in ward.alarm_shapes(now_ms))
        more = max(0, len(alarms) - MOST_ALARMS)
        return HospitalShape(self.hub, self.name, time, link, wards, alarms[:MOST_ALARMS], more)

    def detail(self, site: str, ward: str, now_ms: int, time: str) -> WardDetail | None:
        """None: there is no such ward."""
        found = self.wards.get((site, ward))
        if found is None:
            return None
        alarms = in_order(found.alarm_shapes(now_ms))
        return WardDetail(self.hub, time, found.shape(now_ms), found.bed_shapes(now_ms), alarms)


def in_order(alarms: Iterable[AlarmShape]) -> list[AlarmShape]:
    """The highest first, what nobody has acknowledged before what somebody has, then the oldest."""
    rank = {priority: at for at, priority in enumerate(PRIORITIES)}
    return sorted(alarms, key=lambda one: (rank.get(one.priority, len(rank)), one.acknowledged, one.onset, one.id))
