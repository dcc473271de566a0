"""The ward's present state as cached JSON fragments, each with the seq of its last change. No I/O, no tasks.

Theory of operation. Every top-level key of every bed is one fragment: encoded once when its part of
the view changed (or when its printed ages have grown old), stamped with the seq of that change. A
snapshot is all fragments joined; the delta for a client is the fragments with a seq above the one
that client has. So a client's whole backlog is one integer: it cannot grow, and whatever was
skipped is contained in what is sent, because every fragment is absolute.

Who lies in a bed is told to each screen only as far as its Identity goes: that one fragment is kept once per variant,
made when the first screen of its kind asks, and frames are made once per seq and variant.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pumpd.access.roles import Identity
from pumpd.live.clinical_shape import clinical_shape
from pumpd.live.course_shape import calm_caps, course_part, course_shape
from pumpd.live.messages import encode
from pumpd.live.shape import (
    alarm_shape,
    audio_pause_shape,
    device_shape,
    oxygen_shape,
    patient_shape,
    prodigy_shape,
    pumps_shape,
    values_shape,
)
from pumpd.live.stamp import Stamp
from pumpd.live.stay import stay_of
from pumpd.live.told_shape import told_shape
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.view import BedView


@dataclass(frozen=True)
class Key:
    """One top-level key. part decides whether it changed, shape is what is encoded; ages: it prints ages.

    private: it tells who a patient is; made by `private_shape`, for the identity that a screen may see.
    """

    name: str
    part: Callable[[BedView], object]
    shape: Callable[[BedView, Stamp], object]
    ages: bool = False
    private: bool = False

    @functools.cached_property
    def head(self) -> bytes:
        """`"name":`"""
        return b'"%b":' % self.name.encode()


KEYS = (
    Key("label", lambda v: v.label, lambda v, s: v.label),
    Key("patient", lambda v: v.patient, lambda v, s: None, private=True),
    Key("stay", lambda v: v.patient and v.patient.mrn, lambda v, s: stay_of(v.patient)),
    Key("values", lambda v: v.values, values_shape, ages=True),
    Key(
        "pumps",
        lambda v: (v.pumps, v.patient and v.patient.weight_g, calm_caps(v)),
        pumps_shape,
        ages=True,
    ),
    Key("devices", lambda v: v.devices, lambda v, s: [device_shape(device, s) for device in v.devices]),
    Key("monitored", lambda v: v.monitored, lambda v, s: v.monitored),
    Key("audio_paused_until", lambda v: v.audio_paused_until_ms, lambda v, s: s.maybe(v.audio_paused_until_ms)),
    Key("audio_pause", lambda v: (v.audio_paused_by, v.audio_paused_ward), lambda v, s: audio_pause_shape(v)),
    Key("oxygen", lambda v: v.oxygen, lambda v, s: oxygen_shape(v.oxygen, s)),
    Key("prodigy", lambda v: v.episodes, lambda v, s: prodigy_shape(v)),
    Key("course", course_part, course_shape),
    Key("clinical", lambda v: v.clinical, lambda v, s: clinical_shape(v.clinical, s)),
    Key("told", lambda v: v.told, lambda v, s: told_shape(v.told, s)),
)
AGED = tuple(key.name for key in KEYS if key.ages)


@dataclass(slots=True)
class Fragment:
    part: object
    json: bytes
    seq: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class AlarmFragment:
    alarm: Alarm
    json: bytes


class BedBoard:
    """One bed's fragments and live alarms."""

    def __init__(self, bed_id: str) -> None:
        self.id = bed_id
        self.id_json = encode(bed_id)
        self.seq = 0
        self.fragments: dict[str, Fragment] = {}
        self.alarms: dict[str, AlarmFragment] = {}
        self.view: BedView | None = None
        self.ahead = False  # an alarm was listed that the figures do not know yet
        self.encodes = 0
        self._patient: dict[Identity, bytes] = {}
        self._news: dict[Identity, tuple[int, int, bytes]] = {}
        self._oldest_ms = -(1 << 62)

    def age_ms(self, now_ms: int) -> int:
        """How old the oldest printed age is."""
        return now_ms - self._oldest_ms

    def render(self, view: BedView, stamp: Stamp, seq: int, max_age_ms: int) -> bool:
        """Encode what changed and what has aged, stamping it seq; True if anything did."""
        self.view, self.ahead = view, False
        changed = False
        for key in KEYS:
            changed |= self._render_key(key, view, stamp, seq, max_age_ms)
        if changed:
            before, self.seq = self.seq, seq
            self._make_news(before)
            self._oldest_ms = min(self.fragments[name].at_ms for name in AGED)
        return changed

    def _render_key(self, key: Key, view: BedView, stamp: Stamp, seq: int, max_age_ms: int) -> bool:
        part, old = key.part(view), self.fragments.get(key.name)
        if old is not None and old.part == part and not (key.ages and stamp.now_ms - old.at_ms >= max_age_ms):
            return False
        if key.private:
            self._patient.clear()
        data = b"" if key.private else self._encode(key, view, stamp)
        self.fragments[key.name] = Fragment(part, data, seq, stamp.now_ms)
        return True

    def _encode(self, key: Key, view: BedView, stamp: Stamp) -> bytes:
        self.encodes += 1
        return encode(key.shape(view, stamp))

    def _who(self, identity: Identity) -> bytes:
        """Who lies here, as far as identity goes; made when it is first wanted."""
        data = self._patient.get(identity)
        if data is None:
            self.encodes += 1
            patient = None if self.view is None else self.view.patient
            data = self._patient[identity] = encode(patient_shape(patient, identity))
        return data

    def is_news(self, alarm: Alarm) -> bool:
        """Does the list hold another word of this alarm, or none of one that lives?"""
        kept = self.alarms.get(alarm.id)
        return alarm.state is not AlarmState.ENDED if kept is None else kept.alarm != alarm

    def keep_alarm(self, alarm: Alarm, stamp: Stamp) -> bytes:
        """Put the alarm on the list (or take an ended one off) and return its JSON."""
        data = encode(alarm_shape(alarm, stamp))
        if alarm.state is AlarmState.ENDED:
            self.alarms.pop(alarm.id, None)
        else:
            self.alarms[alarm.id] = AlarmFragment(alarm, data)
        return data

    def json(self, identity: Identity) -> bytes:
        """The whole bed."""
        return b'{"id":' + self.id_json + b"," + self._join(KEYS, identity) + b"}"

    def since(self, seq: int, identity: Identity) -> bytes:
        """The keys that changed after seq."""
        low, high, data = self._news.get(identity, (0, 0, b""))
        if not low <= seq < high:  # else no fragment changed between this seq and the one that it was made for
            low, high, newer = self._newer(seq)
            data = b"{" + self._join(newer, identity) + b"}"
            self._news[identity] = low, high, data
        return data

    def _make_news(self, seq: int) -> None:
        """What screens that have all up to seq will ask for: else the first one's turn makes that of all beds."""
        asked = tuple(self._news)
        self._news.clear()
        for identity in asked:
            self.since(seq, identity)

    def _newer(self, seq: int) -> tuple[int, int, list[Key]]:
        """The keys that changed after seq, and between which changes that seq lies (0: there is none)."""
        low, high, newer, fragments = 0, 0, [], self.fragments
        for key in KEYS:
            at = fragments[key.name].seq
            if at > seq:
                newer.append(key)
                if not high or at < high:
                    high = at
            elif at > low:
                low = at
        return low, high, newer

    def _join(self, keys: Iterable[Key], identity: Identity) -> bytes:
        return b",".join(
            [key.head + (self._who(identity) if key.private else self.fragments[key.name].json) for key in keys]
        )


class WardBoard:
    """All beds in ward order, and the frames made of them."""

    def __init__(self, ward: object, epoch: str, bed_ids: Iterable[str]) -> None:
        self.epoch = epoch
        self.seq = 0
        self.beds = {bed_id: BedBoard(bed_id) for bed_id in bed_ids}
        self._ward = encode(ward)
        self._epoch = encode(epoch)
        self._deltas: dict[tuple[int, Identity], str] = {}
        self._snapshots: dict[Identity, str] = {}

    def bed(self, bed_id: str) -> BedBoard:
        """The bed's board, made on first use."""
        return self.beds.setdefault(bed_id, BedBoard(bed_id))

    def _head(self) -> bytes:
        return b'"epoch":%b,"seq":%d' % (self._epoch, self.seq)

    def ward_json(self, time: str, identity: Identity) -> bytes:
        """`GET /api/v1/ward`, joined from fragments."""
        return b"{" + self._body(time, identity) + b"}"

    def _body(self, time: str, identity: Identity) -> bytes:
        beds = b",".join(bed.json(identity) for bed in self.beds.values())
        alarms = b",".join(kept.json for bed in self.beds.values() for kept in bed.alarms.values())
        parts = (self._head(), encode(time), self._ward, beds, alarms)
        return b'%b,"time":%b,"ward":%b,"beds":[%b],"alarms":[%b]' % parts

    def snapshot(self, time: str, identity: Identity) -> str:
        """All of it, as of `time` or a tick before; one text for all who see as much: each may keep it for long."""
        frame = self._snapshots.get(identity)
        if frame is None:
            frame = (b'{"type":"snapshot","t":%b,' % encode(time) + self._body(time, identity) + b"}").decode()
            self._snapshots[identity] = frame
        return frame

    def delta(self, prev: int, time: Callable[[], str], identity: Identity) -> str:
        """Everything that changed after prev; made once for all clients that have prev and see as much."""
        frame = self._deltas.get((prev, identity))
        if frame is None:
            changed = [bed for bed in self.beds.values() if bed.seq > prev]
            parts = b",".join(bed.id_json + b":" + bed.since(prev, identity) for bed in changed)
            head = b'{"type":"delta",%b,"prev":%d,"t":%b' % (self._head(), prev, encode(time()))
            frame = self._deltas[prev, identity] = (head + b',"set":{' + parts + b'},"del":[]}').decode()
        return frame

    def alarm(self, alarm_json: bytes, phase: str, time: str) -> str:
        parts = (self._head(), encode(time), encode(phase), alarm_json)
        return (b'{"type":"alarm",%b,"t":%b,"phase":%b,"alarm":%b}' % parts).decode()

    def heartbeat(self, time: str) -> str:
        return (b'{"type":"hb","t":%b,"seq":%d}' % (encode(time), self.seq)).decode()

    def next_seq(self) -> int:
        """A new seq; frames made for the old one are forgotten."""
        self.seq += 1
        self.forget_frames()
        return self.seq

    def forget_frames(self) -> None:
        """Frames carry their time; none is used for longer than a tick."""
        self._deltas.clear()
        self._snapshots.clear()
