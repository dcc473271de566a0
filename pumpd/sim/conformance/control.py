"""Checks of remote control: told, kept, lost, refused, handed back, and never taken of another pump."""

from __future__ import annotations

from collections.abc import Iterator

from pumpd.device import (
    CommandOutcome,
    Control,
    ControlState,
    Outcome,
    PumpStatus,
    ReleaseControl,
    Send,
    SetRateOrder,
    StopOrder,
)
from pumpd.sim.conformance.case import Case
from pumpd.sim.conformance.pumps import END_MS, NEW_RATE_UL_H, commanding, controls
from pumpd.sim.conformance.wire import Wire


def control_is_told(case: Case) -> Iterator[str]:
    """Remote control is granted, and told, where the pump lends it."""
    wire = commanding(case)
    if case.info.pump.lease and not controls(wire):
        yield f"control was not granted in {wire.now} ms; it says {wire.last(Control)}"
    yield from wire.problems


def lease_is_kept_and_lost(case: Case) -> Iterator[str]:
    """Control is renewed while the line lives, said to be lost when it does not, and taken anew when it comes back."""
    wire = commanding(case)
    wire.run(60_000)
    if not (wire.device.controlled and wire.device.pump.infusing):
        yield "after a minute the pump is not controlled, or does not infuse"
    if any(out.state is not ControlState.GRANTED for out in wire.of(Control)):
        yield f"on a good line it says {wire.of(Control)}"
    wire.quality.cut = True
    cut_ms = wire.now
    wire.run(30_000)
    if ControlState.LOST not in [out.state for out in wire.of(Control, since=cut_ms)]:
        yield f"half a minute after the line was cut it says {wire.of(Control, since=cut_ms)}"
    if wire.device.lease_ms is not None and wire.device.pump.infusing:
        yield "the pump's own watchdog did not stop it: the simulator's lease is not what the driver renews"
    wire.quality.cut = False
    back_ms = wire.now
    if not wire.until(lambda: controls(wire), 2 * wire.settle_ms):
        yield f"{wire.now - back_ms} ms after the line came back control is not granted"
    yield from wire.problems


def refused_control_is_told(case: Case) -> Iterator[str]:
    """A pump that lends no control is read, and said to refuse."""
    wire = Wire(case, control=True, faults={"refuse_control": True})
    wire.run(3 * wire.settle_ms)
    states = {out.state for out in wire.of(Control)}
    if states != {ControlState.REFUSED}:
        yield f"it says {states}"
    if not wire.of(PumpStatus):
        yield "and it is not read"


def control_is_handed_back(case: Case) -> Iterator[str]:
    """At its end, and on order, control is handed back where the protocol can say so, it is not renewed, and the
    infusion goes on."""
    for on_order in (False, True):
        wire = commanding(case)
        told = wire.order(ReleaseControl("release")) if on_order else wire.finish()
        if not wire.device.pump.infusing:
            yield "the pump does not infuse any more"
        wire.run(2000 if on_order else 0)
        renewed = wire.device.asked["control"]
        if wire.device.asked["release"] and wire.device.held:
            yield f"the pump is still controlled; the answer was {told}"
        if not (on_order or wire.device.asked["release"]) and any(isinstance(out, Send) for out in told):
            yield f"what was sent releases nothing: {told}"
        wire.run(END_MS if on_order else 0)
        if wire.device.asked["control"] != renewed:
            yield "control is asked for again"
        if ControlState.RELEASED not in [out.state for out in wire.of(Control)]:
            yield f"it says {wire.of(Control)}"


def another_serial_is_refused(case: Case) -> Iterator[str]:
    """A pump with another serial number than the ward file's is told, read and never commanded."""
    wire = Wire(case, control=True, faults={"wrong_serial": True})
    wire.run(wire.settle_ms)
    if any(out.state is ControlState.GRANTED for out in wire.of(Control)) or wire.device.asked["control"]:
        yield "control was taken"
    outs = wire.order(StopOrder("stop"))
    outs += wire.order(SetRateOrder("rate", NEW_RATE_UL_H, NEW_RATE_UL_H))
    wire.run(END_MS)
    yield from (f"{name} was sent" for name in ("stop", "rate") if wire.device.asked[name])
    refused = {out.order_id for out in wire.of(CommandOutcome) if out.outcome is Outcome.REFUSED}
    if refused != {"stop", "rate"}:
        yield f"refused are {sorted(refused)}: {outs}"
