"""A broadcast is paced: a few screens at a time, and still all of them within half a tick."""

from __future__ import annotations

import pytest

from pumpd.live.client import LiveClient, LiveTimes
from pumpd.live.pacer import Pacer

TIMES = LiveTimes(slice_s=3600)


def rounds_of(pacer: Pacer, clients: list[LiveClient], pause_s: float) -> int:
    """How many rounds it takes when every pause is that long."""
    rounds = 0
    while not all(client.wake.is_set() for client in clients):
        pacer.wake_some(pacer.next_few(TIMES.tick_ms / 2000 - rounds * pause_s, pause_s))
        rounds += 1
    return rounds


@pytest.mark.parametrize("pause_s", [TIMES.pace_pause_s, 3 * TIMES.pace_pause_s])
@pytest.mark.parametrize("screens", [1, 84, 1000])
def test_numbers_reach_every_screen_within_half_a_tick_however_long_the_pauses_get(
    screens: int, pause_s: float
) -> None:
    pacer, clients = Pacer(TIMES, lambda: 0), [LiveClient(TIMES, 0) for _ in range(screens)]
    pacer.wake(clients)
    assert (rounds_of(pacer, clients, pause_s) - 1) * pause_s <= TIMES.tick_ms / 2000


def test_few_screens_get_numbers_one_at_a_time() -> None:
    pacer, clients = Pacer(TIMES, lambda: 0), [LiveClient(TIMES, 0) for _ in range(53)]
    pacer.wake(clients)
    assert rounds_of(pacer, clients, TIMES.pace_pause_s) == 53


def test_however_late_it_is_the_loop_is_not_held() -> None:
    pacer, clients = Pacer(TIMES, lambda: 0), [LiveClient(TIMES, 0) for _ in range(1000)]
    pacer.wake(clients)
    pacer.wake_some(pacer.next_few(-1.0, 0.0015))
    assert sum(client.wake.is_set() for client in clients) == TIMES.pace_most


def test_an_alarm_overtakes_numbers() -> None:
    pacer, clients = Pacer(TIMES, lambda: 0), [LiveClient(TIMES, 0) for _ in range(100)]
    pacer.wake(clients)
    pacer.wake(clients[-5:], urgent=True)
    pacer.wake_some(pacer.next_few(1.0, 0.0015))
    assert [client.wake.is_set() for client in clients] == [False] * 95 + [True] * 5


def test_turns_that_take_long_are_not_given_in_one_go() -> None:
    pacer, clients = Pacer(LiveTimes(slice_s=0), lambda: 0), [LiveClient(TIMES, 0) for _ in range(5)]
    pacer.wake(clients, urgent=True)
    assert pacer.wake_some(5) == 1
    assert [client.wake.is_set() for client in clients] == [True] + [False] * 4


def test_who_is_told_while_a_round_is_under_way_is_told_in_the_next_and_nobody_twice_in_one() -> None:
    turns: list[int] = []
    pacer, clients = Pacer(TIMES, lambda: 0), [LiveClient(TIMES, 0) for _ in range(3)]
    for number, client in enumerate(clients):
        client.turn = lambda now_ms, number=number: turns.append(number)  # type: ignore[misc]
    pacer.everyone(clients)
    pacer.wake_some(1)
    pacer.everyone(clients)
    pacer.everyone(clients)
    while pacer.busy:
        pacer.wake_some(1)
    assert turns == [0, 1, 2, 0, 1, 2]
