"""A kernel with a bug: its bed is not monitored, others go on, and it is started from its last good state."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pumpd.bedside.lateness import Lateness
from pumpd.clock import Clock
from pumpd.safety.decisions import Decision, StopPump
from pumpd.safety.events import AudioPaused, Event, SelfFault, StopRequested, Tick
from pumpd.units import Ms
from tests.bedside.parts import Bench


def poisoned(event: Event) -> Iterable[Decision]:
    """Fails on a pause; stops on request."""
    if isinstance(event, AudioPaused):
        raise ZeroDivisionError("a bug")
    return (StopPump("p1", "o1", "asked"),) if isinstance(event, StopRequested) else ()


async def test_a_bed_whose_kernel_fails_is_not_monitored_and_comes_back_with_an_alarm(bench: Bench) -> None:
    bench.kernel.on = poisoned
    state, seq = bench.bed.state, bench.bed.seq
    assert bench.bed.post(AudioPaused("x", 1)) is None
    assert bench.hub.calls == [("lost", "b1")]
    assert (bench.bed.state, bench.bed.seq) == (state, seq)
    await bench.hub.until(lambda: ("found", "b1") in bench.hub.calls)
    faults = bench.kernel.of(SelfFault)
    assert [fault.active for fault in faults if isinstance(fault, SelfFault)] == [True]


async def test_a_failing_kernel_still_stops_a_pump(bench: Bench) -> None:
    bench.kernel.on = poisoned
    bench.bed.post(AudioPaused("x", 1))
    bench.bed.post(StopRequested("p1", "x", "y"))
    assert bench.look().endswith(b"STOP,")


async def test_a_kernel_that_keeps_failing_keeps_its_bed_not_monitored(bench: Bench) -> None:
    def always(_: Event) -> Iterable[Decision]:
        raise ZeroDivisionError("a bug")

    bench.kernel.on = always
    bench.bed.post(Tick())
    await bench.hub.until(lambda: len(bench.hub.calls) >= 4)
    assert {call for call, _ in bench.hub.calls} == {"lost"}
    assert bench.bed.failed


async def test_screens_that_fail_do_not_stop_the_bed(bench: Bench) -> None:
    def broken(_: str) -> None:
        raise RuntimeError("a bug")

    bench.hub.mark = broken  # type: ignore[method-assign]
    bench.kernel.on = poisoned
    stepped = bench.bed.post(StopRequested("p1", "x", "y"))
    assert stepped is not None
    assert bench.look().endswith(b"STOP,")


async def test_the_kernel_is_woken_at_its_deadline_and_never_before(bench: Bench) -> None:
    clock = Clock()
    bench.bed._clock = clock
    bench.bed.timer._clock = clock
    due = clock.now_ms() + 30
    woken: list[int] = []

    def note(event: Event) -> Iterable[Decision]:
        if isinstance(event, Tick):
            woken.append(clock.now_ms())
            bench.kernel.due_ms = None
        return ()

    bench.kernel.on = note
    bench.kernel.due_ms = due
    bench.bed.post(AudioPaused("x", 1))
    await bench.kernel.until(lambda: woken)
    assert woken[0] >= due


async def test_a_deadline_that_moves_away_is_not_called_at_its_old_time(bench: Bench) -> None:
    clock = bench.bed._clock
    start = clock.now_ms()
    bench.kernel.due_ms = start + 10
    bench.bed.post(AudioPaused("x", 1))
    bench.kernel.due_ms = start + 40
    bench.bed.post(AudioPaused("x", 1))

    def done(event: Event) -> Iterable[Decision]:
        bench.kernel.due_ms = None
        return ()

    bench.kernel.on = done
    await bench.kernel.until(lambda: bench.kernel.of(Tick))
    assert clock.now_ms() >= start + 40


@pytest.mark.req("ALA-08")
def test_lateness_is_a_fault_that_begins_and_ends_once() -> None:
    late = Lateness(limit_ms=100, clear_ms=1000)
    late.note(50, 0)
    assert late.change(0) is None
    late.note(150, 10)
    assert [late.change(10), late.change(500), late.change(1100), late.change(1200)] == [True, None, False, None]
    assert (late.late, late.seen, late.worst_ms) == (1, 2, 150)


async def test_a_kernel_that_fails_on_what_is_due_leaves_the_loop_to_other_beds(bench: Bench) -> None:
    def always(_: Event) -> Iterable[Decision]:
        raise ZeroDivisionError("a bug")

    bench.kernel.on = always
    bench.kernel.due_ms = due = bench.bed._clock.now_ms()
    bench.bed._due(Ms(due))
    again = bench.bed._deadline()
    assert again is not None
    assert again > due
