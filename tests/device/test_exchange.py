"""Requests in flight: the oldest of a name is answered first, queries are buried, orders are not."""

from __future__ import annotations

import pytest

from pumpd.device.exchange import InFlight, Request
from pumpd.units import Ms


def _request(name: str, at: int, order_id: str | None = None) -> Request:
    return Request(name, Ms(at), Ms(at + 500), order_id)


@pytest.mark.req("INT-01")
def test_a_reply_belongs_to_the_oldest_request_of_its_name() -> None:
    flight = InFlight(late_ms=4000)
    first, second = _request("INF", 0), _request("INF", 600)
    flight.add(first)
    flight.add(second)
    assert flight.answered("INF", Ms(700)) is first
    assert flight.answered("INF", Ms(710)) is second
    assert flight.answered("INF", Ms(720)) is None


def test_an_answered_query_buries_older_queries_but_no_orders() -> None:
    flight = InFlight(late_ms=4000)
    for request in (_request("INF", 0), _request("STOP", 10, "s1"), _request("ALARM", 600)):
        flight.add(request)
    flight.answered("ALARM", Ms(620))
    assert flight.answered("INF", Ms(630)) is None
    stop = flight.answered("STOP", Ms(640))
    assert stop is not None
    assert stop.order_id == "s1"


def test_an_answer_that_does_not_say_what_it_answers_is_that_of_the_oldest_request_it_may_answer() -> None:
    flight = InFlight(late_ms=4000)
    for request in (_request("RATE?", 0), _request("STOP", 10, "s1"), _request("TIMER", 600)):
        flight.add(request)
    assert flight.oldest(("TIMER", "STOP"), Ms(700)) == "STOP"
    assert flight.oldest(("MODE",), Ms(700)) is None
    late = flight.oldest(("RATE?",), Ms(4000))
    assert late is None, "no reply is expected after late_ms"


@pytest.mark.req("INT-01")
def test_the_answer_to_an_order_buries_nothing() -> None:
    flight = InFlight(late_ms=4000)
    older = _request("INF", 0)
    flight.add(older)
    flight.add(_request("STOP", 10, "s1"))
    flight.answered("STOP", Ms(20))
    assert flight.answered("INF", Ms(30)) is older


def test_requests_too_old_to_be_answered_are_forgotten() -> None:
    flight = InFlight(late_ms=4000)
    flight.add(_request("INF", 0))
    assert flight.answered("INF", Ms(4000)) is None


def test_memory_is_bounded_and_a_pushed_out_request_is_returned() -> None:
    flight = InFlight(late_ms=10**9, most=4)
    first = _request("STOP", 0, "s0")
    assert flight.add(first) is None
    pushed = [flight.add(_request("INF", at)) for at in range(1, 9)]
    assert pushed[3] is first
    assert len(flight) == 4
