"""What other systems told of a bed, as screens read it: the public JSON shapes, and how they are made. Pure."""

from __future__ import annotations

from msgspec import Struct

from pumpd.live.stamp import Stamp
from pumpd.safety.told_view import OrderView, ToldView


class RequestShape(Struct):
    """An infusion that another system asks for, until a named person settles it. It sets no pump.

    verified: nothing stands against it; else against has every reason. text: drug, rate and volume, "" where it may
    not be shown at this bed. asked_by: the clinician as that system names them.
    """

    id: str
    source: str
    pump: str
    at: str
    text: str
    verified: bool
    against: tuple[str, ...]
    order: str
    asked_by: str


class OrderShape(Struct):
    """An order that stands. pumps: those of the bed that have its drug. differs: in what the pump differs, in words.

    text: rate or dose as a screen prints it ("7 mL/h"). starts, ends: null where it does not say.
    """

    id: str
    source: str
    at: str
    drug: str
    text: str
    route: str
    held: bool
    pumps: tuple[str, ...]
    differs: tuple[str, ...]
    starts: str | None
    ends: str | None


class NoticeShape(Struct):
    """Something about messages of another system that a named person should see. at: the last of count times."""

    id: str
    source: str
    at: str
    text: str
    count: int


class ReportedShape(Struct):
    """What became of one of our alarms at an alarm manager: in its word, who, and when. Acknowledges nothing."""

    alarm: str
    source: str
    status: str
    person: str
    at: str


class ToldShape(Struct):
    """What other systems told of the bed; each list oldest first."""

    requests: list[RequestShape]
    orders: list[OrderShape]
    notices: list[NoticeShape]
    alarms: list[ReportedShape]


def told_shape(view: ToldView, stamp: Stamp) -> ToldShape:
    return ToldShape(
        [
            RequestShape(
                one.request.id,
                one.request.source,
                one.request.pump,
                stamp.text(one.at_ms),
                one.request.text,
                not one.request.against,
                one.request.against,
                one.request.order,
                one.request.clinician,
            )
            for one in view.requests
        ],
        [_order(one, stamp) for one in view.orders],
        [NoticeShape(one.id, one.source, stamp.text(one.at_ms), one.text, one.count) for one in view.notices],
        [
            ReportedShape(
                one.report.alarm, one.report.source, one.report.status, one.report.person, stamp.text(one.at_ms)
            )
            for one in view.reports
        ],
    )


def _order(view: OrderView, stamp: Stamp) -> OrderShape:
    order = view.order
    return OrderShape(
        order.id,
        order.source,
        stamp.text(view.at_ms),
        order.drug,
        order.text,
        order.route,
        order.held,
        view.pumps,
        view.differs,
        stamp.maybe(order.from_ms),
        stamp.maybe(order.until_ms),
    )
