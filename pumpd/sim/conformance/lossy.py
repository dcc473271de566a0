"""Checks of a driver at its simulated device on a bad line, in virtual time."""

from __future__ import annotations

from collections.abc import Iterator

from pumpd.device import PumpStatus, Silent, Vitals
from pumpd.sim.conformance.case import Case, numbers
from pumpd.sim.conformance.truth import false_facts
from pumpd.sim.conformance.wire import START_RATE_UL_H, Quality, Wire

LATE_MS = 3500  # a reply may come so late and must still be known for what it is (late_ms of the exchange)


def _reads(case: Case) -> tuple[type, ...]:
    return (PumpStatus,) if case.is_pump else (Vitals,)


def _window_ms(case: Case) -> int:
    return 2 * case.info.quiet_ms + LATE_MS + 2000


def messages_lost(case: Case) -> Iterator[str]:
    """With every fifth message lost, either way, it goes on reading and says nothing that is not so."""
    wire = Wire(case, control=case.stops, quality=Quality(lost=0.2), seed=5)
    wire.run(6 * wire.settle_ms)
    yield from wire.problems
    yield from false_facts(wire, _window_ms(case))
    if not wire.of(*_reads(case)):
        yield f"nothing was read in {wire.now} ms"
    yield from _recovers(case, wire, "the loss")


def bytes_lost(case: Case) -> Iterator[str]:
    """With every fifth byte lost, either way, it never makes a false reading, and reads again once the line is good.

    Where nothing protects a frame (integrity none) a lost digit cannot be seen; there every sensor is off, and no
    number may come out of what has none.
    """
    for share in (0.2, 0.02):
        wire = Wire(case, control=case.stops, quality=Quality(bytes_lost=share), seed=6)
        blank = not case.checked and not case.is_pump
        if blank:
            _sensors(wire, off=True)
        wire.run(4 * wire.settle_ms)
        yield from wire.problems
        yield from false_facts(wire, _window_ms(case), checked=True)
        if blank:
            yield from _numbers_of_blank(wire)
            _sensors(wire, off=False)
        yield from _recovers(case, wire, f"{share:.0%} of bytes lost")


_SENSORS = ("sensor_off", "no_filterline", "leads_off", "cuff_off", "temp_off")


def _sensors(wire: Wire, off: bool) -> None:
    for fault in _SENSORS:
        setattr(wire.device.faults, fault, off)


def _numbers_of_blank(wire: Wire) -> Iterator[str]:
    """Numbers of signals that the display never showed one of."""
    shown = {name for _, one in wire.truth[1:] for name, value in one.items() if value is not None}
    made = numbers(wire.of(Vitals)) - shown
    if made:
        yield f"numbers out of no value: {sorted(made)}"


def _recovers(case: Case, wire: Wire, after: str) -> Iterator[str]:
    """On a good line it reads what is shown again, within two settling times."""
    wire.quality = Quality()
    good_ms = wire.now
    if not wire.until(lambda: bool(wire.of(*_reads(case), since=good_ms + 1)), 2 * wire.settle_ms):
        yield f"{wire.now - good_ms} ms after {after} nothing is read"
    wire.run(_window_ms(case) + wire.settle_ms)
    yield from false_facts(wire, case.info.quiet_ms + 2000, since=good_ms + _window_ms(case))


def late_replies(case: Case) -> Iterator[str]:
    """Replies that come late, or not at all, never pass for answers to a later question: a status that claims to be
    asked for after a stop knows of the stop."""
    step_ul_h = max(1000, getattr(case.model.make, "rate_step_ul_h", 100))
    for seed, (delays, lost) in enumerate((((0, 400), 0.0), ((100, 1500), 0.1), ((0, LATE_MS), 0.2)), start=11):
        wire = Wire(case, control=case.stops, quality=Quality(delay_ms=delays, lost=lost), seed=seed)
        for number in range(wire.settle_ms // 100):  # a new rate at each moment tells when a status was made
            wire.device.panel.set_rate(START_RATE_UL_H + number % 200 * step_ul_h, wire.now)
            if number % 9 in (4, 6):
                (wire.device.panel.stop if number % 9 == 4 else wire.device.panel.start)(wire.now)
            wire.run(200)
        yield from wire.problems
        yield from false_facts(wire, _window_ms(case))


def silence(case: Case) -> Iterator[str]:
    """Silence is said once per outage, in time, and ends with the next reading."""
    wire = Wire(case)
    wire.run(wire.settle_ms)
    most_ms = case.info.quiet_ms + case.info.poll_ms + 1000
    for outage in (1, 2):
        wire.quality.muted = True
        before_ms = wire.now
        wire.run(max(60_000, 5 * most_ms))
        said = [at for at, out in wire.log if at > before_ms and isinstance(out, Silent)]
        if len(said) != 1:
            yield f"outage {outage}: silence was said {len(said)} times"
        elif said[0] - before_ms > most_ms:
            yield f"outage {outage}: silence was said after {said[0] - before_ms} ms; {case.info.quiet_ms} is declared"
        wire.quality.muted = False
        back_ms = wire.now
        if not wire.until(lambda since=back_ms: bool(wire.of(*_reads(case), since=since + 1)), 2 * wire.settle_ms):  # type: ignore[misc]
            yield f"outage {outage}: nothing is read {wire.now - back_ms} ms after it"
        wire.run(wire.settle_ms)
    yield from wire.problems


def never_there(case: Case) -> Iterator[str]:
    """A device that was never there is silent once, and asked without end in bounded time."""
    wire = Wire(case, quality=Quality(cut=True)).run(120_000)
    if len(wire.of(Silent)) != 1:
        yield f"silence was said {len(wire.of(Silent))} times"
    yield from wire.problems


def one_message_lost(case: Case) -> Iterator[str]:
    """One lost message alone is no silence."""
    first = Wire(case).run(Wire(case).settle_ms)
    for number in range(1, min(first.said, 15) + 1):
        wire = Wire(case)
        wire.spoil = lambda said, data, lost=number: b"" if said == lost else data  # type: ignore[misc]
        wire.run(wire.settle_ms)
        if wire.of(Silent):
            yield f"message {number} was lost, and silence was said"


def time_moves(case: Case) -> Iterator[str]:
    """Every tick moves the deadline, whatever was heard."""
    for fault, value in (("garbage_bytes_s", 500), ("drop_percent", 30.0), ("power_cycle", True)):
        wire = Wire(case, control=case.stops).run(3000)
        setattr(wire.device.faults, fault, value)
        yield from wire.run(wire.settle_ms).problems


def power_cycles(case: Case) -> Iterator[str]:
    """A device that was switched off and on is read again, and what it shows then is what is said."""
    wire = Wire(case, control=case.stops)
    wire.run(wire.settle_ms)
    wire.device.faults.power_cycle = True
    wire.run(wire.settle_ms)
    yield from _recovers(case, wire, "a power cycle")


def frozen_values(case: Case) -> Iterator[str]:
    """Values that a device repeats are told as it tells them."""
    wire = Wire(case)
    wire.run(wire.settle_ms)
    wire.device.faults.frozen_values = True
    wire.run(wire.settle_ms)
    yield from false_facts(wire, _window_ms(case))
    if not wire.of(*_reads(case), since=wire.now - wire.settle_ms // 2):
        yield "nothing is read from a device whose values stand still"
