"""What other systems told, kept until people settle it or the patient leaves. Pure.

A request is settled by a named person, replaced by a newer one for the same pump, or closed when the patient leaves;
each of it is a decision that the journal keeps. Nothing here reaches a pump, an alarm or an interlock.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from pumpd.safety import told_events as events
from pumpd.safety.answers import refuse, unexplained, unnamed
from pumpd.safety.decisions import Permitted
from pumpd.safety.state import Draft
from pumpd.safety.told_events import AlarmReport, StandingOrder, Word
from pumpd.safety.told_state import Notice, Ordered, Placed, Reported, Shown

REQUEST, ORDER, NOTICE, SETTLE = "infusion_request", "order", "notice", "settle"
MOST_PLACED = 32  # people; whoever was at a bed longer ago is not remembered here
MOST_NOTICES, MOST_ORDERS, MOST_REPORTS = 20, 20, 100


# --- requests and notices


def request_told(d: Draft, event: events.RequestTold) -> None:
    """Shown instead of an older one of the same pump; again is the same one again."""
    new = event.request
    old = next((one for one in d.told.requests if one.request.pump == new.pump), None)
    if new.pump not in d.pumps:
        refuse(d, REQUEST, new.id, [f"there is no pump {new.pump} at this bed"], new.source)
        return
    if old is not None and old.request.id != new.id and old.request.asked_us > new.asked_us:
        refuse(d, REQUEST, new.id, ["a newer request for this pump is shown"], new.source)
        return
    kept = tuple(one for one in d.told.requests if one is not old)
    at_ms = old.at_ms if old is not None and old.request.id == new.id else d.now
    d.told = replace(d.told, requests=(*kept, Shown(new, at_ms)))
    replaced = "" if old is None or old.request.id == new.id else f"replaces {old.request.id}"
    d.out.append(Permitted(REQUEST, new.id, new.source, replaced))


def notice_told(d: Draft, event: events.NoticeTold) -> None:
    old = next((one for one in d.told.notices if one.id == event.id), None)
    kept = tuple(one for one in d.told.notices if one is not old)
    new = Notice(event.id, event.source, event.text, 1 if old is None else old.count + 1, d.now)
    d.told = replace(d.told, notices=(*kept, new)[-MOST_NOTICES:])
    d.out.append(Permitted(NOTICE, event.id, event.source))


def told_settled(d: Draft, event: events.ToldSettled) -> None:
    """A request needs a name, and to decline it a reason; a notice needs a name."""
    requests = tuple(one for one in d.told.requests if one.request.id != event.id)
    notices = tuple(one for one in d.told.notices if one.id != event.id)
    reasons = unnamed(event.by) + ([] if event.accepted else unexplained(event.reason))
    if len(requests) == len(d.told.requests) and len(notices) == len(d.told.notices):
        reasons.append("it is no longer shown: it was settled or replaced, or the patient has left")
    if reasons:
        refuse(d, SETTLE, event.id, reasons, event.by, event.reason)
        return
    d.told = replace(d.told, requests=requests, notices=notices)
    said = "seen" if event.accepted else f"declined: {event.reason}"
    d.out.append(Permitted(SETTLE, event.id, event.by, said))


# --- orders


def order_told(d: Draft, event: events.OrderTold) -> None:
    """Orders are a patient's: at a bed without one nothing stands."""
    new = event.order
    if d.patient is None:
        refuse(d, ORDER, new.id, ["no patient is bound"], new.source)
        return
    kept = [one for one in d.told.orders if not is_named(one.order, (new.id, new.also))]
    d.told = replace(d.told, orders=(*kept, Ordered(new, d.now))[-MOST_ORDERS:])
    d.out.append(Permitted(ORDER, new.id, new.source))


def order_ended(d: Draft, event: events.OrderEnded) -> None:
    """None of that name is no mistake: it may never have been one of a pump."""
    kept = tuple(one for one in d.told.orders if not is_named(one.order, event.ids))
    if len(kept) != len(d.told.orders):
        d.told = replace(d.told, orders=kept)
        d.out.append(Permitted(ORDER, event.ids[0], event.by, "discontinued"))


def is_named(order: StandingOrder, names: Iterable[str]) -> bool:
    return any(name and name in (order.id, order.also) for name in names)


# --- alarms elsewhere


def alarm_reported(d: Draft, event: events.AlarmReported) -> None:
    """The last word of each person about an alarm that stands; nothing is acknowledged by it."""
    new, standing = event.report, {alarm.id for alarm in d.alarms.values()}
    if new.alarm not in standing:
        return
    kept = (one for one in d.told.reports if one.report.alarm in standing and not same_word(one.report, new))
    d.told = replace(d.told, reports=(*kept, Reported(new, d.now))[-MOST_REPORTS:])


def same_word(old: AlarmReport, new: AlarmReport) -> bool:
    return (old.alarm, old.source, old.person, old.status) == (new.alarm, new.source, new.person, new.status)


# --- who is where


def note_bound(d: Draft, mrn: str, word: Word | None) -> None:
    """The patient is here since this word."""
    place(d, mrn, word)


def note_released(d: Draft, word: Word | None) -> None:
    """Before the patient is closed: whoever leaves by a message may have to be bound elsewhere by the same message."""
    patient = d.patient
    if patient is None:
        return
    if word is None:
        place(d, patient.mrn, None)
    else:
        orders = tuple(one.order for one in d.told.orders)
        place(d, patient.mrn, word, Placed(patient.mrn, d.now, left=patient, orders=orders))


def place(d: Draft, mrn: str, word: Word | None, what: Placed | None = None) -> None:
    new = what or Placed(mrn, d.now)
    if word is not None:
        new = replace(new, source=word.source, message=word.id, said_us=word.said_us)
    kept = [bare(one, new.message) for one in d.told.placed if one.mrn != mrn]
    d.told = replace(d.told, placed=(*kept, new)[-MOST_PLACED:])


def bare(one: Placed, message: str) -> Placed:
    """Once another message comes, whoever left by an earlier one is elsewhere: only that they left is remembered."""
    return one if one.left is None or message in ("", one.message) else replace(one, left=None, orders=())


def patient_leaves(d: Draft) -> None:
    """Requests and orders were this patient's; notices are of messages, and stay."""
    for one in d.told.requests:
        d.out.append(Permitted(REQUEST, one.request.id, "pumpd", "closed: the patient left"))
    if d.told.requests or d.told.orders or d.told.reports:
        d.told = replace(d.told, requests=(), orders=(), reports=())


def close_orphans(d: Draft) -> None:
    """A request for a pump that is no longer part of the bed is nobody's."""
    gone: Iterable[Shown] = [one for one in d.told.requests if one.request.pump not in d.pumps]
    for one in gone:
        d.out.append(Permitted(REQUEST, one.request.id, "pumpd", f"closed: pump {one.request.pump} is gone"))
        d.told = replace(d.told, requests=tuple(left for left in d.told.requests if left is not one))
