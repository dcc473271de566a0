"""What leaves first: stop bytes before the journal and the screens; a rate only after the journal."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace as changed

from pumpd.bedside import BedRuntime
from pumpd.clock import Clock
from pumpd.device import CommandOutcome, Identity, Integrity, Outcome, PumpStatus
from pumpd.journal import JournalUnavailable, Marked
from pumpd.safety.alarms import Alarm, AlarmState, Phase
from pumpd.safety.decisions import AlarmChanged, Decision, ReadStatus, SetRate, StopPump
from pumpd.safety.events import Event, Heard, LinkChanged, LinkState, OrderSent, SelfFault, Tick
from pumpd.safety.policy import AlarmKind, Priority
from pumpd.units import Ms
from tests.bedside.parts import Bench

HIGH = Alarm(
    "a1", "b1", "p1", "over", Priority.HIGH, AlarmKind.PHYSIOLOGICAL, AlarmState.ACTIVE, "over", "", "", 0, True
)
STOP = StopPump("p1", "o1", "over the ceiling")
RATE = SetRate("p1", "r1", 5000, 6000, "reduce")


async def some_turns(count: int = 12) -> None:
    """The loop goes round so often: everything that waits for a turn has had one."""
    for _ in range(count):
        await asyncio.sleep(0)


class Ticking:
    """A clock whose time is another one at each look."""

    def __init__(self, clock: Clock, times: Iterator[int]) -> None:
        self._times, self.wall_ns_of, self.wall_ns = times, clock.wall_ns_of, clock.wall_ns

    def now_ms(self) -> Ms:
        return Ms(next(self._times))


def on_tick(*decisions: Decision) -> object:
    return lambda event: decisions if isinstance(event, Tick) else ()


@pytest.mark.req("INT-02", "ALA-07")
async def test_stop_bytes_are_on_the_wire_before_the_journal_or_a_screen_hears_of_it(bench: Bench) -> None:
    bench.kernel.on = on_tick(AlarmChanged(HIGH, Phase.START), STOP)  # type: ignore[assignment]
    bench.seen.clear()
    bench.bed.post(Tick())
    assert [who for who, _ in bench.seen] == ["foreseen", "journal", "mark"]
    await some_turns()
    assert "alarm" in [who for who, _ in bench.seen], "on one of the next turns"
    assert [wire.endswith(b"STOP,") for _, wire in bench.seen[:3]] == [False, True, True]


@pytest.mark.req("ALA-07")
async def test_alarms_reach_the_screens_in_their_order_one_on_each_turn_of_the_loop(bench: Bench) -> None:
    changes = [AlarmChanged(changed(HIGH, id=f"a{number}"), Phase.START) for number in range(3)]
    bench.kernel.on = on_tick(*changes)  # type: ignore[assignment]
    told: list[str] = []
    bench.hub.alarm = lambda alarm, phase: told.append(alarm.id)  # type: ignore[method-assign]
    bench.bed.post(Tick())
    bench.bed.post(Tick())
    for count in range(7):
        assert told == [f"a{number % 3}" for number in range(min(count, 6))]
        await asyncio.sleep(0)


@pytest.mark.req("ALA-06")
async def test_only_a_step_that_stops_is_foreseen_and_it_is_the_one_that_is_recorded(bench: Bench) -> None:
    bench.kernel.on = on_tick(AlarmChanged(HIGH, Phase.START))  # type: ignore[assignment]
    bench.bed.post(Tick())
    assert bench.journal.foreseen == []
    bench.kernel.on = on_tick(STOP)  # type: ignore[assignment]
    bench.bed.post(Tick())
    assert bench.journal.foreseen == [bench.journal.records[-1]]


SENT = OrderSent("p1", "o1")
DONE = Heard("p1", CommandOutcome("o1", Outcome.DONE))
STANDING = Heard("p1", PumpStatus(False, 0, None, None, Integrity.CRC16))
OVER = Heard("p1", PumpStatus(True, 900_000, None, None, Integrity.CRC16))


@pytest.mark.req("INT-02", "ALA-06")
async def test_a_certain_stop_is_marked_then_on_the_wire_and_then_its_step_is_decided_and_sends_it_no_second_time(
    bench: Bench,
) -> None:
    bench.kernel.at_once = "o1"
    at_the_step: list[bytes] = []

    def step(event: Event) -> tuple[Decision, ...]:
        at_the_step.append(bench.look())
        return (STOP,) if event == OVER else ()

    bench.kernel.on = step
    bench.seen.clear()
    before = bench.look()
    bench.bed.post(OVER)
    assert ([who for who, _ in bench.seen], bench.look()) == (["marked"], before + b"STOP,")
    await some_turns()
    assert [who for who, _ in bench.seen][:3] == ["marked", "journal", "mark"]
    assert bench.seen[0][1] == before, "marked before the stop leaves"
    assert at_the_step[0] == bench.look() == before + b"STOP,"
    assert bench.journal.marked == [(record.seq, OVER) for record in bench.journal.records if record.event == OVER]


@pytest.mark.req("INT-02", "ALA-06")
async def test_a_held_step_is_decided_as_of_its_mark_however_late_its_turn_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.kernel.at_once = "o1"
    bench.kernel.on = lambda event: (STOP,) if event == OVER else ()
    times = itertools.count(bench.bed.now_ms + 1_000)  # each look at the clock is a millisecond later
    monkeypatch.setattr(bench.bed, "_clock", Ticking(bench.bed._clock, times))
    bench.bed.post(OVER)
    await some_turns()
    (record,) = [record for record in bench.journal.records if record.event == OVER]
    assert bench.journal.marked_ms == [record.now_ms]


@pytest.mark.req("ALA-08")
async def test_a_stop_that_its_step_does_not_decide_is_an_alarm_and_other_stops_of_the_step_leave(bench: Bench) -> None:
    bench.kernel.at_once = "o7"
    bench.kernel.on = lambda event: (STOP,) if event == OVER else ()
    bench.bed.post(OVER)
    await some_turns()
    assert bench.look().count(b"STOP,") == 2
    assert [(e.code, e.active) for e in bench.kernel.of(SelfFault)] == [("kernel_disagrees", True)]  # type: ignore[attr-defined]


FINISHERS: dict[str, Callable[[BedRuntime], object]] = {
    "another event": lambda bed: bed.post(Tick()),
    "a checkpoint": lambda bed: bed.checkpoint(),
    "the question what is being stopped": lambda bed: bed.stopping(),
    "the end": lambda bed: bed.close(),
}


@pytest.mark.req("INT-02", "ALA-06")
@pytest.mark.parametrize("finish", FINISHERS.values(), ids=FINISHERS.keys())
async def test_nothing_comes_before_a_step_that_is_held(bench: Bench, finish: Callable[[BedRuntime], object]) -> None:
    bench.kernel.at_once = "o1"
    bench.kernel.on = lambda event: (STOP,) if event == OVER else ()
    recorded = len(bench.journal.records)
    assert bench.bed.post(OVER) is None
    assert len(bench.journal.records) == recorded
    finish(bench.bed)
    assert bench.journal.records[recorded].event == OVER
    assert bench.journal.records[recorded].decisions == (STOP,)
    await some_turns()
    assert [record.event for record in bench.journal.records[recorded:]].count(OVER) == 1


@pytest.mark.req("INT-02")
async def test_no_frame_is_passed_over_before_what_waits(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.kernel, "passes_over", lambda calm, event, now: True)
    bench.bed.post_soon(SENT)
    assert not bench.bed.hear(DONE, bench.bed.now_ms)
    await some_turns()
    assert bench.bed.hear(DONE, bench.bed.now_ms)


@pytest.mark.req("INT-02")
async def test_what_stops_nothing_is_judged_on_a_turn_of_its_own_and_carried_out_on_the_next(bench: Bench) -> None:
    bench.kernel.on = lambda event: (ReadStatus("p1", "q1"),) if event == SENT else ()
    recorded, judged = len(bench.journal.records), len(bench.kernel.events)
    bench.bed.post_soon(SENT)
    assert len(bench.kernel.events) == judged
    found = []
    for _ in range(3):
        found.append((len(bench.kernel.events) - judged, len(bench.journal.records) - recorded))
        await asyncio.sleep(0)
    assert found == [(0, 0), (1, 0), (1, 1)]
    assert bench.look().endswith(b"read,")


@pytest.mark.req("INT-02")
async def test_what_waits_comes_before_what_is_heard_later(bench: Bench) -> None:
    judged = len(bench.kernel.events)
    bench.bed.post_soon(SENT)
    bench.bed.post_soon(DONE)
    bench.bed.post(Tick())
    assert bench.kernel.events[judged:] == [SENT, DONE, Tick()]
    assert [record.event for record in bench.journal.records[-3:]] == [SENT, DONE, Tick()]
    await some_turns()
    assert bench.kernel.events[judged:] == [SENT, DONE, Tick()]


@pytest.mark.req("INT-02")
async def test_a_report_of_a_pump_whose_stop_has_left_waits_for_its_turn_and_any_other_is_judged_now(
    bench: Bench,
) -> None:
    judged = len(bench.kernel.events)
    bench.kernel.at_once = "o1"
    bench.kernel.on = lambda event: (STOP,) if event == OVER else ()
    bench.bed.post(OVER)
    bench.kernel.at_once = None
    bench.bed.post(STANDING)
    assert bench.kernel.events[judged:] == []
    other = Heard("p2", STANDING.fact)
    bench.bed.post(other)
    assert bench.kernel.events[judged:] == [OVER, OrderSent("p1", "o1"), STANDING, other]


@pytest.mark.req("INT-02")
async def test_a_bug_in_the_shortcut_leaves_the_stop_to_the_step(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(bench.kernel, "stop_at_once", broken)
    bench.kernel.on = lambda event: (STOP,) if event == OVER else ()
    bench.bed.post(OVER)
    assert bench.look().endswith(b"STOP,")


@pytest.mark.req("ALA-06")
async def test_a_marked_report_is_decided_again_at_its_own_time_unless_its_record_is_there(bench: Bench) -> None:
    bench.kernel.on = lambda _: (STOP,)
    seq, now_ms = bench.bed.seq, bench.bed.now_ms
    bench.bed.relive(Marked("b1", seq, now_ms, OVER), seq)
    assert bench.bed.seq == seq
    bench.bed.relive(Marked("b1", seq + 3, Ms(now_ms + 40), OVER), seq)
    record = bench.journal.records[-1]
    assert (record.seq, record.now_ms, record.event, record.decisions) == (seq + 1, now_ms + 40, OVER, (STOP,))
    assert bench.journal.foreseen[-1] == record


async def test_the_kernel_hears_that_the_stop_was_sent(bench: Bench) -> None:
    bench.kernel.on = on_tick(STOP)  # type: ignore[assignment]
    bench.bed.post(Tick())
    await bench.kernel.until(lambda: bench.kernel.of(OrderSent))
    assert bench.kernel.of(OrderSent) == [OrderSent("p1", "o1")]


async def test_a_rate_leaves_only_when_the_journal_has_it(bench: Bench) -> None:
    bench.journal.durable_at_once = False
    bench.kernel.on = on_tick(RATE)  # type: ignore[assignment]
    bench.bed.post(Tick())
    await bench.journal.asked.wait()
    assert b"rate" not in bench.look()
    bench.journal.waiting[0].set_result(None)
    await bench.arrived(b"rate 5000,")
    await bench.kernel.until(lambda: OrderSent("p1", "r1") in bench.kernel.events)


async def test_a_rate_that_cannot_be_recorded_is_refused_and_never_leaves(bench: Bench) -> None:
    bench.journal.durable_at_once = False
    bench.kernel.on = on_tick(RATE)  # type: ignore[assignment]
    bench.bed.post(Tick())
    await bench.journal.asked.wait()
    bench.journal.waiting[0].set_exception(JournalUnavailable("disk full"))
    await bench.kernel.until(lambda: bench.kernel.heard(CommandOutcome))
    outcome = bench.kernel.heard(CommandOutcome)[0]
    assert outcome == CommandOutcome("r1", Outcome.REFUSED, "not recorded, so not sent: disk full")
    assert b"rate" not in bench.look()


@pytest.mark.req("INT-02", "INT-03")
async def test_a_stop_overtakes_a_rate_that_waits_for_the_disk(bench: Bench) -> None:
    bench.journal.durable_at_once = False
    bench.kernel.on = on_tick(RATE)  # type: ignore[assignment]
    bench.bed.post(Tick())
    await bench.journal.asked.wait()
    bench.kernel.on = on_tick(STOP)  # type: ignore[assignment]
    bench.bed.post(Tick())
    assert bench.look().endswith(b"STOP,")
    bench.journal.waiting[0].set_result(None)
    await bench.kernel.until(lambda: bench.kernel.heard(CommandOutcome))
    assert bench.kernel.heard(CommandOutcome) == [CommandOutcome("r1", Outcome.REFUSED, "overtaken by a stop")]
    assert bench.look().endswith(b"STOP,")


@pytest.mark.req("INT-02")
async def test_a_stop_that_a_frame_causes_leaves_before_what_the_driver_meant_to_send_next(bench: Bench) -> None:
    def stop_on_identity(event: Event) -> tuple[Decision, ...]:
        return (STOP,) if isinstance(event, Heard) and isinstance(event.fact, Identity) else ()

    bench.kernel.on = stop_on_identity
    bench.end.send(b"rate too high,")
    await bench.arrived(b"STOP,")
    await bench.kernel.until(lambda: bench.kernel.of(OrderSent))
    assert bench.look() == b"hello,STOP,"


async def test_a_status_read_is_sent_at_once(bench: Bench) -> None:
    bench.kernel.on = on_tick(ReadStatus("p1", "q1"))  # type: ignore[assignment]
    bench.bed.post(Tick())
    assert bench.look().endswith(b"read,")


@pytest.mark.req("INT-04")
async def test_an_order_without_a_line_is_refused_and_one_in_flight_becomes_unknown(bench: Bench) -> None:
    bench.kernel.on = on_tick(RATE)  # type: ignore[assignment]
    bench.bed.post(Tick())
    await bench.kernel.until(lambda: bench.kernel.of(OrderSent))
    bench.end.unplug()
    await bench.kernel.until(lambda: bench.kernel.heard(CommandOutcome))
    bench.kernel.on = on_tick(STOP)  # type: ignore[assignment]
    bench.bed.post(Tick())
    await bench.kernel.until(lambda: len(bench.kernel.heard(CommandOutcome)) == 2)
    first, second = bench.kernel.heard(CommandOutcome)
    assert first == CommandOutcome("r1", Outcome.UNKNOWN, "line down (unplugged)")
    assert isinstance(second, CommandOutcome)
    assert (second.order_id, second.outcome) == ("o1", Outcome.REFUSED)
    assert second.detail.startswith("line down (")


async def test_a_resolved_order_is_not_called_unknown_when_the_line_goes(bench: Bench) -> None:
    bench.kernel.on = on_tick(RATE)  # type: ignore[assignment]
    bench.bed.post(Tick())
    await bench.kernel.until(lambda: bench.kernel.of(OrderSent))
    bench.end.send(b"done r1,")
    await bench.kernel.until(lambda: bench.kernel.heard(CommandOutcome))
    bench.end.unplug()
    await bench.kernel.until(
        lambda: any(isinstance(e, LinkChanged) and e.state is LinkState.DOWN for e in bench.kernel.events)
    )
    assert bench.kernel.heard(CommandOutcome) == [CommandOutcome("r1", Outcome.DONE)]


@pytest.mark.req("INT-02", "INT-03")
async def test_a_stop_in_the_same_turn_of_the_loop_overtakes_a_rate_that_has_not_begun_to_wait(bench: Bench) -> None:
    bench.kernel.on = on_tick(RATE)  # type: ignore[assignment]
    bench.bed.post(Tick())
    bench.kernel.on = on_tick(STOP)  # type: ignore[assignment]
    bench.bed.post(Tick())
    await bench.kernel.until(lambda: bench.kernel.heard(CommandOutcome))
    assert bench.kernel.heard(CommandOutcome) == [CommandOutcome("r1", Outcome.REFUSED, "overtaken by a stop")]
    assert bench.look().endswith(b"STOP,")
