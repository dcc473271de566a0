"""From messages to rows. Pure. Every row has a key of its own, so that writing it twice is writing it once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from pumpd.bus.payload import EventOut, VitalsPast, decode
from pumpd.bus.topics import read_topic

Row = tuple[Any, ...]


class FrameHead(msgspec.Struct, gc=False):
    session: str
    seq: int
    t: datetime


_frame = msgspec.json.Decoder(FrameHead)
_json = msgspec.json.Encoder()
FRAMES = """INSERT INTO frames (site, ward, bed, session, seq, at, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::jsonb[])
ON CONFLICT DO NOTHING"""
EVENTS = """INSERT INTO events (id, site, ward, bed, seq, kind, at, historical, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::timestamptz[],
$8::boolean[], $9::jsonb[]) ON CONFLICT DO NOTHING"""
VITALS = """INSERT INTO vitals (site, ward, bed, signal, at, every_s, low, mean, high)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::integer[], $7::integer[],
$8::integer[], $9::integer[]) ON CONFLICT DO NOTHING"""


@dataclass(slots=True)
class Batch:
    """Rows of one transaction. acks: what the broker may forget once it is committed."""

    frames: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    vitals: list[Row] = field(default_factory=list)
    acks: list[int] = field(default_factory=list)

    def statements(self) -> list[tuple[str, list[Row]]]:
        made = ((FRAMES, self.frames), (EVENTS, self.events), (VITALS, _once(self.vitals)))
        return [(statement, rows) for statement, rows in made if rows]

    def __len__(self) -> int:
        return len(self.frames) + len(self.events) + len(self.vitals)

    def add(self, topic: str, payload: bytes) -> bool:
        """False: there is nothing to keep of it."""
        place = read_topic(topic)
        if place is None or not payload:
            return False
        where = (place.site, place.ward)
        if place.kind == "frame":
            return self._frame(where, place.name, payload)
        if place.kind == "event":
            return self._event(where, payload)
        return place.kind == "vitals" and self._vitals(where, payload)

    def _frame(self, where: tuple[str, str], bed: str, payload: bytes) -> bool:
        try:
            head, text = _frame.decode(payload), payload.decode()
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return False
        self.frames.append((*where, bed, head.session, head.seq, head.t, text))
        return True

    def _event(self, where: tuple[str, str], payload: bytes) -> bool:
        event = decode(payload, EventOut)
        at = None if event is None else _time(event.t)
        if event is None or at is None:
            return False
        body = _json.encode(event.body).decode()
        self.events.append((event.id, *where, event.bed, event.seq, event.kind, at, event.historical, body))
        return True

    def _vitals(self, where: tuple[str, str], payload: bytes) -> bool:
        past = decode(payload, VitalsPast)
        start = None if past is None else _time(past.start)
        if past is None or start is None:
            return False
        for signal, points in past.points.items():
            for index, point in enumerate(points):
                if point is not None:
                    at = datetime.fromtimestamp(start.timestamp() + index * past.every_s, start.tzinfo)
                    self.vitals.append((*where, past.bed, signal, at, past.every_s, *point))
        return True


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _once(rows: list[Row]) -> list[Row]:
    return list({row[:5]: row for row in rows}.values())
