"""Checks of monitors: what is said is what the display shows, and what it does not show is never a number."""

from __future__ import annotations

from collections.abc import Iterator

from pumpd.device import Identity, Vitals
from pumpd.sim.conformance.case import Case
from pumpd.sim.conformance.truth import false_facts, latest
from pumpd.sim.conformance.wire import Wire

FAULTS = ("sensor_off", "sensor_disconnected", "no_filterline", "leads_off", "cuff_off", "temp_off")


def values_equal_the_display(case: Case) -> Iterator[str]:
    """Each signal's value is that of the display, while the patient lives on, from an opioid's onset into apnoea."""
    wire = Wire(case)
    for load in (0.2, 1.5, 8.0):
        wire.patient.give_opioid(load, 20.0)
        wire.run(wire.settle_ms)
        yield from false_facts(wire, case.info.quiet_ms, wire.now - wire.settle_ms // 2)
        yield from _not_as_shown(wire)
    yield from wire.problems


def _not_as_shown(wire: Wire) -> Iterator[str]:
    """Signals whose last word is not what the display showed at the last two messages."""
    said = latest(wire)
    shown = [one for _, one in wire.truth[-30:]]
    for signal, value in wire.device.shown(wire.now).items():
        if signal not in said:
            yield f"{signal} is {value} on the display and was never said"
        elif said[signal] not in [one[signal] for one in shown]:
            yield f"{signal} is {value} on the display; it says {said[signal]}"
    if not any(value is not None for value in said.values()):
        yield "not one number was said"


def no_value_is_never_a_number(case: Case) -> Iterator[str]:
    """What a missing sensor blanks is said to have no value: never 0, never the last number, never nothing at all."""
    blanked: set[str] = set()
    for fault in (*FAULTS, "finger_off"):
        wire = Wire(case)
        wire.run(wire.settle_ms)
        setattr(wire.patient if fault == "finger_off" else wire.device.faults, fault, True)
        wire.run(wire.settle_ms)
        blank = {signal for signal, value in wire.device.shown(wire.now).items() if value is None}
        blanked |= blank
        yield from (f"{fault}: {one}" for one in _numbers_of(wire, blank, wire.now - wire.settle_ms // 2))
    if not blanked:
        yield "no fault of the simulator blanks any signal"


def _numbers_of(wire: Wire, blank: set[str], since: int) -> Iterator[str]:
    readings = [r for vitals in wire.of(Vitals, since=since) for r in vitals.readings]
    for signal in sorted(blank):
        said = {reading.value_milli for reading in readings if reading.signal == signal}
        if not said:
            yield f"{signal} is blank on the display, and nothing is said of it"
        elif said != {None}:
            yield f"{signal} is blank on the display; it says {said - {None}}"


def who_it_is(case: Case) -> Iterator[str]:
    """Its serial number is told, and told anew when another device answers on the line."""
    for fault in (False, True):
        wire = Wire(case, faults={"wrong_serial": fault})
        wire.run(wire.settle_ms)
        wanted = wire.device.shown_serial if hasattr(wire.device, "shown_serial") else None
        told = {out.serial for out in wire.of(Identity)}
        if wanted is not None and told - {None} != {wanted}:
            yield f"the device tells {wanted!r}, the driver {told}"
        if fault and case.model.serial in told:
            yield f"another device is taken for {case.model.serial!r}"


def says_who_it_is_once(case: Case) -> Iterator[str]:
    """Who it is is said when it is new, not with each frame."""
    wire = Wire(case)
    wire.run(6 * wire.settle_ms)
    if len(wire.of(Identity)) > 5:
        yield f"said {len(wire.of(Identity))} times in {wire.now} ms"
