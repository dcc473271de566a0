"""What the shell predicts of the plasma concentration: kept, and an advisory where it is high. Pure; stops nothing."""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.safety.alarm_table import Condition
from pumpd.safety.events import Predicted
from pumpd.safety.policy import AlarmKind, Priority
from pumpd.safety.protocol_policy import ProtocolPolicy
from pumpd.safety.state import Draft
from pumpd.units import MS_PER_MIN, exact, plain

FORGOTTEN_MS = 5 * MS_PER_MIN  # a prediction comes every minute; after five that are missing it says nothing of now
PG_PER_NG = 1000


def predicted(d: Draft, event: Predicted) -> None:
    """Keep the band. (A bed without a protocol has no level to hold it against.)"""
    if d.policy.protocol is not None:
        d.course = replace(d.course, predicted=event.now_pg_ml, predicted_ms=d.now, models=event.models)


def gone_ms(d: Draft) -> int | None:
    """When the prediction says nothing more."""
    at_ms = d.course.predicted_ms
    return None if at_ms is None else at_ms + FORGOTTEN_MS


def forget(d: Draft) -> None:
    """Drop a prediction that is too old."""
    gone = gone_ms(d)
    if gone is not None and gone <= d.now:
        d.course = replace(d.course, predicted=None, predicted_ms=None, models=())


def ng_ml(pg_ml: int) -> str:
    """A whole number of ng/mL, rounded down: it is a model's word."""
    return plain(exact(pg_ml // PG_PER_NG, 1))


def conditions(d: Draft, protocol: ProtocolPolicy) -> dict[str, Condition]:
    """The advisory while even the lowest of the models is above the protocol's level."""
    band, level = d.course.predicted, protocol.predicted_pg_ml
    if band is None or level is None or band[0] <= level:
        return {}
    low, high = band
    text = (
        f"Predicted plasma ketamine {ng_ml(low)} to {ng_ml(high)} ng/mL, all of it above {ng_ml(level)} ng/mL "
        f"({protocol.set_by}); models {', '.join(d.course.models)}, display only"
    )
    shown, limit = f"{ng_ml(low)} ng/mL", f"> {ng_ml(level)} ng/mL"
    found = Condition("predicted_high", None, Priority.LOW, AlarmKind.ADVISORY, text, shown, limit, low, low=False)
    return {"course/predicted_high": found}
