"""What the commander may ask of a pump. Pure. There is no order that starts a pump."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StopOrder:
    """Stop now. Idempotent: may be repeated. Its bytes pre-empt every pending exchange."""

    order_id: str


@dataclass(frozen=True, slots=True)
class SetRateOrder:
    """Set the running rate (absolute, hence idempotent). The driver refuses rate_ul_h > ceiling_ul_h (CEI-03)."""

    order_id: str
    rate_ul_h: int
    ceiling_ul_h: int


@dataclass(frozen=True, slots=True)
class ReadStatus:
    """Read the status now, ahead of the poll."""

    order_id: str


@dataclass(frozen=True, slots=True)
class ReleaseControl:
    """Hand remote control back (clean exit)."""

    order_id: str


PumpOrder = StopOrder | SetRateOrder | ReadStatus | ReleaseControl
