"""One ward as the hub knows it. Pure: messages and times go in, shapes come out; nothing old comes out as live."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from pumpd.bus.payload import AlarmNow, Birth, DevState, Frame, State, decode
from pumpd.bus.rules import BedHeard, WardLink, waited_ms
from pumpd.bus.topics import Place
from pumpd.config.page_url import page_url
from pumpd.config.topic_id import topic_id
from pumpd.hub.bed_shapes import alarm_shape, pump_shapes, vital_shapes
from pumpd.hub.shapes import LIVE, PRIORITIES, SILENT, STALE, AlarmShape, BedShape, WardShape

MOST_BEDS = 500
"""Of one ward: somebody who may publish anything must not fill the memory."""
MONITORED = b'"monitored":true'
REBIRTH_MS = 10_000
"""A ward is asked at most so often to say everything again."""


class Head(msgspec.Struct, gc=False):
    """What of a frame is looked at when it comes; the rest only when somebody looks at the bed."""

    session: str
    seq: int
    ms: int


_head = msgspec.json.Decoder(Head)


@dataclass(slots=True)
class Bed:
    """id, label: as the ward writes them, once it has said so. raw: the newest frame. unsure: alarms of which nothing
    was heard since this hub is connected again.
    """

    id: str
    label: str
    heard: BedHeard = field(default_factory=BedHeard)
    raw: bytes = b""
    alarms: dict[str, AlarmNow] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)

    def frame(self) -> Frame | None:
        return decode(self.raw, Frame) if self.raw else None

    def highest(self) -> str | None:
        standing = {alarm.priority for alarm in self.alarms.values()}
        return next((priority for priority in PRIORITIES if priority in standing), None)


class WardModel:
    """hear() everything of the ward; shape() and beds_of() for who looks."""

    def __init__(self, site: str, ward: str, name: str = "", page: str | None = None) -> None:
        self.site, self.ward, self.key = site, ward, (site, ward)
        self._name, self._page = name, page
        self.link = WardLink()
        self.birth: Birth | None = None
        self.beds: dict[str, Bed] = {}
        self.heard_ms: int | None = None
        self.gaps = 0
        self.unreadable = 0
        self._asked_ms = -REBIRTH_MS

    # what comes

    def reconnected(self) -> None:
        """What ended while this hub was away is not said again; what stands is."""
        for bed in self.beds.values():
            bed.unsure = set(bed.alarms)

    def all_said(self) -> None:
        """Everything that a broker keeps has come."""
        for bed in self.beds.values():
            for gone in bed.unsure:
                bed.alarms.pop(gone, None)
            bed.unsure = set()

    def hear(self, place: Place, payload: bytes, retained: bool, left_s: int | None, now_ms: int) -> bool:
        """True: something is missing, and the ward should be asked to say everything again."""
        if not retained:
            self.heard_ms = now_ms
        missing = self._hear(place, payload, retained, left_s, now_ms)
        if not missing or now_ms - self._asked_ms < REBIRTH_MS:
            return False
        self._asked_ms = now_ms
        return True

    def _hear(self, place: Place, payload: bytes, retained: bool, left_s: int | None, now_ms: int) -> bool:
        if place.kind == "frame":
            return not retained and self._hear_frame(place.name, payload, left_s, now_ms)
        if place.kind == "alarm":
            self._hear_alarm(place, payload)
        elif place.kind == "state":
            self._hear_state(payload)
        elif place.kind == "birth":
            self._hear_birth(payload, retained)
        elif place.kind == "device":
            self._hear_device(place.name, payload)
        elif place.kind == "bridge":
            self.link.bridge = payload.strip() == b"1" if payload else None
        return False

    def _hear_frame(self, bed: str, payload: bytes, left_s: int | None, now_ms: int) -> bool:
        """A frame that a broker kept (retained) is none: nobody knows how old it is."""
        try:
            head = _head.decode(payload)
        except msgspec.MsgspecError:
            self.unreadable += 1
            return False
        way_ms = max(waited_ms(left_s), self.link.delay.of(head.session, head.ms, now_ms))
        known = self._bed(bed)
        missing = known.heard.hear(head.session, head.seq, now_ms, way_ms)
        if (known.heard.session, known.heard.seq) == (head.session, head.seq):  # the newest
            known.raw = payload
        self.gaps += missing
        state = self.link.state
        return missing or state is None or state.session != head.session

    def _hear_alarm(self, place: Place, payload: bytes) -> None:
        bed = self._bed(place.name)
        bed.unsure.discard(place.item)
        if not payload:
            bed.alarms.pop(place.item, None)
            return
        alarm = decode(payload, AlarmNow)
        if alarm is None:
            self.unreadable += 1
        else:
            bed.alarms[place.item] = alarm

    def _hear_state(self, payload: bytes) -> None:
        state = decode(payload, State) if payload else None
        if state is not None:
            self.link.hear_state(state)

    def _hear_birth(self, payload: bytes, retained: bool) -> None:
        """What the ward does not name any more is gone: beds, and alarms that a broker has kept too long. A birth that
        was kept itself knows nothing of alarms that came after it."""
        birth = decode(payload, Birth) if payload else None
        if birth is None:
            return
        self.birth = birth
        beds = {topic_id(bed.id): bed for bed in birth.beds}
        self.beds = {name: bed for name, bed in self.beds.items() if name in beds}
        for name, said in beds.items():
            bed = self._bed(name)
            bed.id, bed.label = said.id, said.label
        if not retained:
            self._only(birth)

    def _only(self, birth: Birth) -> None:
        """No alarm but those that the birth names."""
        standing = {topic_id(alarm) for alarm in birth.alarms}
        for bed in self.beds.values():
            bed.alarms = {name: alarm for name, alarm in bed.alarms.items() if name in standing}

    def _hear_device(self, device: str, payload: bytes) -> None:
        state = decode(payload, DevState) if payload else None
        if state is not None:
            self.link.devices[state.id] = state
        else:
            self.link.devices.pop(device, None)

    def _bed(self, name: str) -> Bed:
        found = self.beds.get(name)
        if found is None:
            found = Bed(name, name)
            if len(self.beds) < MOST_BEDS:
                self.beds[name] = found
        return found

    # what is shown

    @property
    def name(self) -> str:
        return self._name or (self.birth.name if self.birth is not None else self.ward)

    def shape(self, now_ms: int) -> WardShape:
        stale = {bed.id: bed.heard.stale(self.link, now_ms) for bed in self.beds.values()}
        live = [bed for bed in self.beds.values() if not stale[bed.id]]
        status, why = self._status(len(live))
        high, medium, low = (self._count(priority) for priority in PRIORITIES)
        return WardShape(
            site=self.site,
            id=self.ward,
            name=self.name,
            status=status,
            why=why,
            generation="real" if self.birth is None else self.birth.generation,
            beds=len(self.beds),
            live=len(live),
            monitored=sum(MONITORED in bed.raw for bed in live),
            high=high,
            medium=medium,
            low=low,
            page=self._page or (None if self.birth is None else page_url(self.birth.page)),
            heard_ms=None if self.heard_ms is None else now_ms - self.heard_ms,
            fresh_ms=min((bed.heard.fresh_ms(now_ms) for bed in live), default=0),
        )

    def _status(self, live: int) -> tuple[str, str]:
        if trouble := self.link.trouble():
            return SILENT, trouble
        if live == len(self.beds) and live:
            return LIVE, ""
        return STALE, f"{len(self.beds) - live} of {len(self.beds)} beds are not live"

    def _count(self, priority: str) -> int:
        return sum(alarm.priority == priority for bed in self.beds.values() for alarm in bed.alarms.values())

    def bed_shapes(self, now_ms: int) -> list[BedShape]:
        return [self._bed_shape(bed, now_ms) for bed in self.beds.values()]

    def _bed_shape(self, bed: Bed, now_ms: int) -> BedShape:
        why, frame = bed.heard.stale(self.link, now_ms), bed.frame()
        live = frame is not None and not why
        age_ms = bed.heard.age_ms(now_ms)
        vitals = vital_shapes(frame, self.link, age_ms or 0) if frame is not None and live else {}
        return BedShape(
            id=bed.id,
            label=bed.label,
            status=LIVE if live else STALE,
            why=why,
            age_ms=age_ms,
            monitored=frame is not None and live and frame.monitored,
            stay=frame.stay if frame is not None and live else None,
            vitals=vitals,
            pumps=[] if frame is None else pump_shapes(frame, live),
            highest=bed.highest(),
            alarms=len(bed.alarms),
            fresh_ms=bed.heard.fresh_ms(now_ms) if live else 0,
        )

    def alarm_shapes(self, now_ms: int) -> list[AlarmShape]:
        found = []
        for bed in self.beds.values():
            if bed.alarms:
                stale = bool(bed.heard.stale(self.link, now_ms))
                found += [
                    alarm_shape(self.site, self.ward, bed.id, bed.label, alarm, stale) for alarm in bed.alarms.values()
                ]
        return found
