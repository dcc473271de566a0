"""Checks of pumps: a stop that waits for nothing, no command twice, control that is kept, lost and handed back."""

from __future__ import annotations

from collections.abc import Iterator

from pumpd.device import (
    CommandOutcome,
    Control,
    ControlState,
    DeviceAlarms,
    Outcome,
    PumpDriver,
    PumpStatus,
    ReadStatus,
    Send,
    SetRateOrder,
    StopOrder,
)
from pumpd.sim.conformance.case import Case
from pumpd.sim.conformance.truth import FIELDS, false_facts
from pumpd.sim.conformance.wire import START_RATE_UL_H, Quality, Wire

COMMANDS = ("stop", "rate", "start", "control", "release", "clear")
NEW_RATE_UL_H = 5_000
END_MS = 15_000  # an order has an outcome by then, whatever happens


def commanding(case: Case, **options: object) -> Wire:
    """A wire whose driver may command: control is held where the pump lends it."""
    wire = Wire(case, control=True, **options)  # type: ignore[arg-type]
    wire.until(lambda: controls(wire), wire.settle_ms)
    wire.until(lambda: bool(wire.of(PumpStatus)), wire.settle_ms)
    return wire


def controls(wire: Wire) -> bool:
    said = wire.last(Control)
    return said is not None and said.state is ControlState.GRANTED


def outcomes(wire: Wire, order_id: str) -> list[CommandOutcome]:
    return [out for out in wire.of(CommandOutcome) if out.order_id == order_id]


def facts_equal_the_display(case: Case) -> Iterator[str]:
    """Rate, volume and mode are those of the pump's own display, whatever somebody at its panel does."""
    wire = Wire(case)
    acts = (
        ("starts", lambda: None),
        ("another rate", lambda: wire.device.panel.set_rate(2 * START_RATE_UL_H, wire.now)),
        ("stopped at its panel", lambda: wire.device.panel.stop(wire.now)),
        ("started at its panel", lambda: wire.device.panel.start(wire.now)),
        ("a tenfold slip", lambda: wire.device.panel.tenfold(wire.now)),
    )
    for what, act in acts:
        act()
        since = wire.now
        wire.run(wire.settle_ms)
        yield from (f"{what}: {one}" for one in false_facts(wire, case.info.quiet_ms, since + wire.settle_ms // 2))
        yield from (f"{what}: {one}" for one in _not_read(wire, since))


def _not_read(wire: Wire, since: int) -> Iterator[str]:
    statuses = wire.of(PumpStatus, since=since)
    if not statuses:
        yield "no status"
        return
    shown = wire.device.shown(wire.now)
    for name in FIELDS:
        value = getattr(statuses[-1], name)
        if value is None:
            if name != "infusing" or wire.case.info.pump.can_read_back:  # else it says itself that nobody knows
                yield f"{name} is not read"
        elif name != "volume_ul" and value != shown[name]:
            yield f"{name} is {shown[name]} at the pump, it says {value}"


def alarms_come_and_go(case: Case) -> Iterator[str]:
    """An occlusion is told while it lasts, and that it is over when it is."""
    wire = Wire(case, faults={"occlusion": True})
    wire.device.panel.set_rate(2 * START_RATE_UL_H, 0)
    wire.run(3 * wire.settle_ms)
    if not any(said.alarms for said in wire.of(DeviceAlarms)):
        yield f"after {wire.now} ms of occlusion it says {wire.last(DeviceAlarms)}"
    wire.device.faults.occlusion = False
    wire.run(1000)
    wire.device.panel.silence(wire.now)
    wire.device.panel.start(wire.now)
    wire.run(2 * wire.settle_ms)
    last = wire.last(DeviceAlarms)
    if last is not None and last.alarms:
        yield f"the occlusion is over; it says {last}"


def probing_commands_nothing(case: Case) -> Iterator[str]:
    """Without leave to command it never commands: not at its start, not at its end, nor with its probe bytes."""
    wire = Wire(case)
    wire.run(wire.settle_ms)
    wire.finish()
    for data in case.info.probe_bytes:
        wire.device.receive(data, wire.now)
    yield from (f"{name} was asked for" for name in COMMANDS if wire.device.asked[name])
    if not wire.device.pump.infusing:
        yield "the pump does not infuse any more"


def no_commands_where_none_exist(case: Case) -> Iterator[str]:
    """An order that the pump cannot carry out is refused in the answer, and no command leaves."""
    wire = Wire(case, control=True)
    wire.run(wire.settle_ms)
    if not isinstance(wire.driver, PumpDriver):
        return
    orders = [] if case.info.pump.can_stop else [StopOrder("no stop")]
    if not case.info.pump.can_set_rate:
        orders.append(SetRateOrder("no rate", NEW_RATE_UL_H, NEW_RATE_UL_H))  # type: ignore[arg-type]
    for order in orders:
        wire.order(order)
        told = outcomes(wire, order.order_id)
        if [one.outcome for one in told] != [Outcome.REFUSED]:
            yield f"{order}: {told}"
    wire.run(5000)
    yield from (f"{name} was asked for" for name in ("stop", "rate", "start", "clear") if wire.device.asked[name])


def stop_waits_for_nothing(case: Case) -> Iterator[str]:
    """A stop's bytes are in the answer at once and urgent, whatever exchange is pending; it is done, and verified."""
    for number in range(24):
        wire = commanding(case, quality=Quality(delay_ms=(0, 150)), seed=number)
        wire.run(37 * number)
        if number % 3 == 1 and case.info.pump.can_set_rate:
            wire.order(SetRateOrder("rate", NEW_RATE_UL_H, START_RATE_UL_H))
        before_ms, rates = wire.now, wire.device.asked["rate"]
        outs = wire.order(StopOrder("stop"))
        if not any(isinstance(out, Send) and out.urgent for out in outs):
            yield f"after {before_ms} ms the answer to a stop holds no urgent bytes: {outs}"
        wire.run(END_MS)
        yield from (f"stopped after {before_ms} ms: {one}" for one in _not_stopped(wire, before_ms, rates))
        yield from wire.problems


def _not_stopped(wire: Wire, before_ms: int, rates: int) -> Iterator[str]:
    if wire.device.pump.infusing:
        yield "the pump infuses"
    if wire.device.asked["rate"] > rates:
        yield "a rate was sent after the stop"
    told = [out.outcome for out in outcomes(wire, "stop")]
    if told != [Outcome.DONE]:
        yield f"its outcomes are {told}"
    done_ms = next((at for at, out in wire.log if isinstance(out, CommandOutcome) and out.order_id == "stop"), 0)
    after = [
        s for s in wire.of(PumpStatus, since=before_ms) if s.requested_ms is not None and s.requested_ms >= done_ms
    ]
    if not after or after[0].infusing is not False:
        yield f"no status that was asked for after {done_ms} ms shows a stopped pump: {after[:1]}"


def stop_that_fails_is_seen(case: Case) -> Iterator[str]:
    """A pump that ignores a stop, with or without an acknowledgement, is never said to have stopped."""
    for fault in ("stop_ignored", "stop_silent", "lost_ack"):
        wire = commanding(case, faults={fault: True} if fault != "lost_ack" else {})
        setattr(wire.device.faults, fault, True)
        since = wire.now
        wire.order(StopOrder("stop"))
        wire.run(END_MS)
        told = [out.outcome for out in outcomes(wire, "stop")]
        wanted = Outcome.DONE if fault == "stop_ignored" else Outcome.UNKNOWN
        if told != [wanted]:
            yield f"{fault}: the stop's outcomes are {told}"
        yield from (f"{fault}: {one}" for one in false_facts(wire, case.info.quiet_ms + END_MS, since))
        status = wire.of(PumpStatus, since=since)[-1:]
        if not status or status[0].infusing is not wire.device.pump.infusing:
            yield f"{fault}: infusing is {wire.device.pump.infusing}, the last status says {status}"


def no_command_twice(case: Case) -> Iterator[str]:
    """A command whose acknowledgement is lost or late is not sent again by itself, and ends as unknown, until the
    acknowledgement comes."""
    for fault, value in (("lost_ack", True), ("late_ack_ms", 2500)):
        wire = commanding(case)
        setattr(wire.device.faults, fault, value)
        if case.info.pump.can_set_rate:
            yield from _once(wire, fault, SetRateOrder("rate", NEW_RATE_UL_H, START_RATE_UL_H), "rate")
        yield from _once(wire, fault, StopOrder("stop"), "stop")
        yield from (f"{fault}: {name} was sent" for name in ("start", "clear") if wire.device.asked[name])


def _once(wire: Wire, fault: str, order: SetRateOrder | StopOrder, name: str) -> Iterator[str]:
    before = wire.device.asked[name]
    wire.order(order)
    wire.run(END_MS)
    sent = wire.device.asked[name] - before
    if sent != 1:
        yield f"{fault}: one order, {name} was sent {sent} times"
    told = [out.outcome for out in outcomes(wire, order.order_id)]
    late = [Outcome.DONE] if fault == "late_ack_ms" else []
    if told not in ([Outcome.UNKNOWN], [Outcome.UNKNOWN, *late], late or [Outcome.UNKNOWN]):
        yield f"{fault}: the outcomes of the {name} are {told}"


def rates_within_the_ceiling(case: Case) -> Iterator[str]:
    """A rate at or below the ceiling is set; one above it, out of range or off the pump's step is never sent."""
    wire = commanding(case)
    pump = case.info.pump
    rate_ul_h = NEW_RATE_UL_H + 3 * pump.rate_step_ul_h  # with a last digit
    wrong = (
        SetRateOrder("above the ceiling", rate_ul_h, rate_ul_h - pump.rate_step_ul_h),
        SetRateOrder("above the range", pump.rate_max_ul_h + pump.rate_step_ul_h, 10 * pump.rate_max_ul_h),
        SetRateOrder("off the step", rate_ul_h + 1, 2 * rate_ul_h),
    )
    for order in wrong if pump.rate_step_ul_h > 1 else wrong[:2]:
        wire.order(order)
        wire.run(1000)
        told = [out.outcome for out in outcomes(wire, order.order_id)]
        if told != [Outcome.REFUSED] or wire.device.asked["rate"]:
            yield f"{order.order_id}: {told}, {wire.device.asked['rate']} sent"
    wire.order(SetRateOrder("right", rate_ul_h, rate_ul_h))
    wire.run(END_MS)
    if wire.device.pump.rate_ul_h != rate_ul_h:
        yield f"the pump's rate is {wire.device.pump.rate_ul_h}, ordered was {rate_ul_h}"
    if [out.outcome for out in outcomes(wire, "right")] != [Outcome.DONE]:
        yield f"the outcome is {outcomes(wire, 'right')}"
    yield from _not_read(wire, wire.now - END_MS)


def status_on_order(case: Case) -> Iterator[str]:
    """A status that is ordered is asked for ahead of the poll."""
    wire = commanding(case)
    wire.run(case.info.poll_ms // 3)
    since = wire.now
    wire.order(ReadStatus("read"))
    wire.run(case.info.poll_ms // 3)
    if not any((status.requested_ms or 0) >= since for status in wire.of(PumpStatus, since=since)):
        yield f"{wire.now - since} ms later no status has been asked for and read; it polls each {case.info.poll_ms} ms"


def stop_before_the_first_reply(case: Case) -> Iterator[str]:
    """A stop that comes before anything was heard is sent all the same, or refused; it never just disappears."""
    wire = Wire(case, control=True)
    outs = wire.order(StopOrder("stop"))
    wire.run(END_MS)
    sent = any(isinstance(out, Send) and out.urgent for out in outs)
    if not sent and not outcomes(wire, "stop"):
        yield f"neither bytes nor an outcome: {outs}"
    if len(outcomes(wire, "stop")) != 1:
        yield f"its outcomes are {outcomes(wire, 'stop')}"


def dead_pump_ends_every_order(case: Case) -> Iterator[str]:
    """Orders to a pump that says nothing any more end, once each, as unknown or refused."""
    wire = commanding(case)
    wire.quality.cut = True
    wire.order(StopOrder("stop"))
    wire.order(SetRateOrder("rate", NEW_RATE_UL_H, NEW_RATE_UL_H))
    wire.run(END_MS)
    for order_id in ("stop", "rate"):
        told = [out.outcome for out in outcomes(wire, order_id)]
        if len(told) != 1 or told[0] is Outcome.DONE:
            yield f"{order_id}: {told}"


def flood_of_orders(case: Case) -> Iterator[str]:
    """Any number of stops in a row: each is answered for, none is lost, and the pump stands."""
    wire = commanding(case, quality=Quality(delay_ms=(100, 200)))
    for number in range(60):
        wire.order(StopOrder(f"stop {number}"))
        wire.run(10)
    wire.run(END_MS)
    told = [out.order_id for out in wire.of(CommandOutcome)]
    if sorted(told) != sorted(f"stop {number}" for number in range(60)):
        yield f"60 orders, {len(told)} outcomes"
    if wire.device.pump.infusing:
        yield "the pump infuses"
