"""A curve reaches who asked for it, in order, with its gaps told; it never waits in a queue and delays nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from pumpd.access.roles import Identity
from pumpd.device.facts import Waveform
from pumpd.live.client import LiveTimes
from pumpd.live.hub import LiveHub
from pumpd.live.stamp import Stamp
from pumpd.live.waves import Waves
from pumpd.safety.alarms import Phase
from tests.live.fakes import alarm, bed_view

ZERO = datetime(2026, 1, 15, tzinfo=UTC)
BEDS = frozenset({"b1"})


def wall(now_ms: int) -> datetime:
    return ZERO + timedelta(milliseconds=now_ms)


def piece(*mmhg: float | None) -> Waveform:
    return Waveform("co2_wave", 50, tuple(None if one is None else int(one * 1000) for one in mmhg))


def all_frames(waves: Waves, got: dict[Any, int], now_ms: int) -> list[dict[str, Any]]:
    found = []
    while (text := waves.frame(BEDS, got, Stamp(now_ms, wall))) is not None:
        found.append(msgspec.json.decode(text))
    return found


def test_samples_come_once_in_order_at_their_own_time() -> None:
    waves, got = Waves(), dict[Any, int]()
    for n in range(4):
        waves.heard("b1", "m1", piece(n, None), 1_000 + 100 * n)
    (first,) = all_frames(waves, got, 1_300)
    assert first["samples"] == [0, None, 1, None, 2, None, 3, None]
    assert (first["start"], first["period_ms"], first["gap"]) == ("2026-01-15T00:00:00.950Z", 50, True)
    waves.heard("b1", "m1", piece(9), 1_350)
    (second,) = all_frames(waves, got, 1_350)
    assert (second["samples"], second["gap"]) == ([9], False)
    assert second["start"] == "2026-01-15T00:00:01.350Z"
    assert not waves.pending(BEDS, got)


def test_a_hole_in_what_was_heard_is_told_and_ends_a_piece() -> None:
    waves, got = Waves(), dict[Any, int]()
    waves.heard("b1", "m1", piece(1), 1_000)
    waves.heard("b1", "m1", piece(2), 1_050)
    waves.heard("b1", "m1", piece(3), 2_000)
    one, two = all_frames(waves, got, 2_000)
    assert (one["samples"], two["samples"]) == ([1, 2], [3])
    assert two["gap"]
    assert two["start"] == "2026-01-15T00:00:02.000Z"


def test_a_line_that_is_a_little_late_breaks_nothing() -> None:
    waves, got = Waves(), dict[Any, int]()
    for n in range(20):
        waves.heard("b1", "m1", piece(n), 1_000 + 50 * n + (40 if n % 3 else 0))
    (frame,) = all_frames(waves, got, 2_000)
    assert len(frame["samples"]) == 20


def test_who_is_too_far_behind_gets_the_newest_seconds_and_a_gap() -> None:
    waves, got = Waves(), dict[Any, int]()
    waves.heard("b1", "m1", piece(1), 0)
    all_frames(waves, got, 0)
    for n in range(1, 200):
        waves.heard("b1", "m1", piece(n % 40), 50 * n)
    (frame,) = all_frames(waves, got, 10_000)
    assert frame["gap"]
    assert len(frame["samples"]) <= 42


def test_only_what_was_asked_for_is_sent() -> None:
    waves = Waves()
    waves.heard("b2", "m1", piece(1), 0)
    waves.heard("b1", "m1", Waveform("ecg_wave", 4, (1, 2)), 0)
    assert not waves.pending(BEDS, {})
    assert not waves.pending((), {})


def live_hub() -> LiveHub:
    hub = LiveHub("w", "W", now_ms=lambda: 1_000, wall_of=wall, bed_ids=("b1",), times=LiveTimes())
    hub.register("b1", lambda: bed_view("b1"))
    hub.tick()
    return hub


def test_alarms_and_values_go_first_and_a_screen_that_does_not_keep_up_gets_none() -> None:
    hub = live_hub()
    client = hub.join(1, "none", Identity.NONE)
    client.wave_beds = BEDS
    hub.waves.heard("b1", "m1", piece(1, 2), 1_000)
    kinds = [kind_of(client.next_frame(hub, 1_000))]
    assert client.next_frame(hub, 1_000) is None  # its one credit is out
    hub.alarm(alarm("b1"), Phase.START)
    kinds.append(kind_of(client.next_frame(hub, 1_000)))
    client.ack(hub.seq)
    kinds.append(kind_of(client.next_frame(hub, 1_000)))
    assert kinds == ["snapshot", "alarm", "wave"]
    assert client.next_frame(hub, 1_000) is None


def kind_of(text: str | None) -> str:
    assert text is not None
    return str(msgspec.json.decode(text)["type"])
