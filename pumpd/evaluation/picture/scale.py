"""Which times and values of a drawing get a label. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pumpd.evaluation.words import clock
from pumpd.units import MS_PER_S

EPOCH_MS = 10**11  # times beyond this count from 1970, not from a start somebody would want to read
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
VALUE_STEPS = (1, 2, 5, 10, 20, 25, 50, 100)
MOST_TIMES = 12
MOST_VALUES = 5


def time_step_s(span_ms: int) -> int:
    """The finest step that gives no more than MOST_TIMES labels; whole days beyond the table."""
    for step in STEPS_S:
        if span_ms / (step * MS_PER_S) <= MOST_TIMES:
            return step
    days = -(-span_ms // (MOST_TIMES * STEPS_S[-1] * MS_PER_S))
    return days * STEPS_S[-1]


def time_ticks(start_ms: int, end_ms: int, origin_ms: int) -> Iterator[tuple[int, str]]:
    """(time, label) of round times since origin_ms."""
    step_s = time_step_s(end_ms - start_ms)
    step_ms = step_s * MS_PER_S
    first = -(-(start_ms - origin_ms) // step_ms) * step_ms
    for since_ms in range(first, end_ms - origin_ms + 1, step_ms):
        yield origin_ms + since_ms, clock(since_ms)


def origin_of(start_ms: int) -> int:
    """What the time axis counts from: t_s itself, or the first row where t_s counts from 1970."""
    return start_ms if start_ms >= EPOCH_MS else 0


def value_ticks(low: int, high: int) -> list[int]:
    """Round values within low..high, no more than MOST_VALUES."""
    step = next((one for one in VALUE_STEPS if (high - low) / one <= MOST_VALUES - 1), VALUE_STEPS[-1])
    return list(range(-(-low // step) * step, high + 1, step))
