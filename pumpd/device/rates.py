"""The last of the three checks of the ceiling: in the driver, where the command is built. Pure."""

from __future__ import annotations

from pumpd.device.info import PumpCapabilities
from pumpd.device.orders import SetRateOrder


def why_not_rate(order: SetRateOrder, pump: PumpCapabilities) -> str | None:
    """Why this rate must not be sent to a pump with these capabilities; None where it may (CEI-03).

    Refuses rather than rounds: a driver never sends another rate than the one that was decided.
    """
    rate_ul_h, ceiling_ul_h = order.rate_ul_h, order.ceiling_ul_h
    if type(rate_ul_h) is not int or type(ceiling_ul_h) is not int:
        return "rate and ceiling must be whole microlitres per hour"
    if rate_ul_h > ceiling_ul_h:
        return f"rate {rate_ul_h} is above the ceiling {ceiling_ul_h} uL/h"
    if not pump.rate_min_ul_h <= rate_ul_h <= pump.rate_max_ul_h:
        return f"rate {rate_ul_h} is outside {pump.rate_min_ul_h} to {pump.rate_max_ul_h} uL/h"
    if rate_ul_h % pump.rate_step_ul_h:
        return f"rate {rate_ul_h} is not on the pump's step of {pump.rate_step_ul_h} uL/h"
    return None
