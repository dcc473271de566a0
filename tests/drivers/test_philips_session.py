"""Philips IntelliVue: association, who the monitor is, polls and their fall-backs, and what ends a session."""

from __future__ import annotations

import struct

import pytest
from pumpd_drivers import philips_intellivue_wire as wire

from pumpd.device import DeviceAlarms, Driver, Identity, Out, Send, SetLine, Silent, Vitals
from pumpd.sim.devices.philips_frames import ABORT, REFUSE, RELEASED, accept, frame, operation
from pumpd.units import Ms
from tests.drivers import philips_bytes as p
from tests.drivers.monitor_line import MonitorLine, driver_of, values

NAME = "philips_intellivue"
RESULT = p.result([p.value(p.HR, p.BEATS, 72)])


def sent(outs: list[Out]) -> list[bytes]:
    return [out.data for out in outs if isinstance(out, Send)]


def run(driver: Driver, until_ms: int) -> list[tuple[int, Out]]:
    """Ticks up to that time; what came of them with its time."""
    found: list[tuple[int, Out]] = []
    while (due := driver.next_deadline()) is not None and due <= until_ms:
        found += [(due, out) for out in driver.tick(due)]
    return found


def requests(found: list[tuple[int, Out]], data: bytes) -> list[int]:
    return [at for at, out in found if out == Send(data)]


def ready(**options: str) -> Driver:
    """Associated at 0 ms, with its first polls sent."""
    driver = driver_of(NAME, **options)
    driver.receive(frame(accept(500, 1000)) + p.created(), Ms(0))
    return driver


def test_the_association_is_asked_for_every_two_seconds() -> None:
    assert requests(run(driver_of(NAME), 9000), wire.ASSOCIATION_REQUEST) == [2000, 4000, 6000, 8000]


def test_unanswered_requests_go_on_at_the_other_speed_unless_one_is_fixed() -> None:
    speeds = [(at, out.baud) for at, out in run(driver_of(NAME), 13_000) if isinstance(out, SetLine)]
    assert speeds == [(6000, 19_200), (12_000, 115_200)]
    fixed = driver_of(NAME, baud="19200")
    assert not [out for _, out in run(fixed, 30_000) if isinstance(out, SetLine)]


def test_nothing_is_polled_before_the_monitor_has_said_who_it_is_and_been_answered() -> None:
    driver = driver_of(NAME)
    assert sent(driver.receive(frame(accept(500, 1000)), Ms(10))) == []
    outs = driver.receive(p.created(invoke=7), Ms(20))
    assert sent(outs)[0] == wire.created_answer(7, struct.pack(">HHHI", 33, 0, 0, p.TICKS))
    assert sent(outs)[1:] == [wire.POLL_PERIODIC, wire.POLL_ALERTS, wire.POLL_PRODUCT]


def test_a_repeated_creation_is_answered_again() -> None:
    driver = ready()
    assert len(sent(driver.receive(p.created(), Ms(100)))) >= 1


def test_an_accepted_association_without_creation_is_given_up() -> None:
    driver = driver_of(NAME)
    driver.receive(frame(accept(500, 1000)), Ms(10))
    assert requests(run(driver, 6000), wire.ASSOCIATION_REQUEST) == [5010]


def test_a_refused_association_is_tried_again_and_then_left_alone_until_the_monitor_has_forgotten_it() -> None:
    driver = driver_of(NAME)
    assert sent(driver.receive(frame(REFUSE), Ms(100))) == [wire.RELEASE_REQUEST]  # one from before may still be held
    assert requests(run(driver, 2100), wire.ASSOCIATION_REQUEST) == [2100]
    assert not sent(driver.receive(frame(REFUSE), Ms(2200)))
    found = run(driver, 14_000)
    assert requests(found, wire.ASSOCIATION_REQUEST) == [13_200]
    assert [out for _, out in found if isinstance(out, Silent)] == [Silent("the monitor refuses the association")]


@pytest.mark.parametrize("end", [ABORT, RELEASED, bytes.fromhex("0918c11661803080020101a0806280800100") + bytes(8)])
def test_a_session_that_the_monitor_ends_is_asked_for_anew(end: bytes) -> None:
    driver = ready()
    driver.receive(RESULT, Ms(900))
    outs = driver.receive(frame(end), Ms(1000))
    assert sent(outs) == ([wire.RELEASE_ANSWER] if end[0] == 0x09 else [])
    found = run(driver, 4000)
    assert requests(found, wire.ASSOCIATION_REQUEST)[0] == 3000
    assert not requests(found, wire.POLL_ALERTS)


def test_after_five_silent_seconds_the_association_is_made_anew_and_silence_said_once() -> None:
    driver = ready()
    driver.receive(RESULT, Ms(1000))
    found = run(driver, 30_000)
    assert [(at, out) for at, out in found if isinstance(out, Silent)] == [(6000, Silent("nothing heard"))]
    assert requests(found, wire.ASSOCIATION_REQUEST)[0] == 6000


def test_the_extended_poll_is_renewed_in_time_and_asked_again_when_results_stop() -> None:
    driver = ready()
    asked: list[int] = []
    for second in range(1, 70):
        driver.receive(RESULT, Ms(second * 1000))
        driver.receive(p.alerts(), Ms(second * 1000))
        asked += requests(run(driver, second * 1000 + 999), wire.POLL_PERIODIC)
    assert asked == [30_000, 60_000]
    driver.receive(p.alerts(), Ms(72_000))
    assert requests(run(driver, 72_500), wire.POLL_PERIODIC) == [72_000]


def test_a_monitor_that_refuses_the_extended_poll_is_polled_each_second() -> None:
    driver = ready()
    driver.receive(frame(operation(3, wire.PERIODIC_ID, 9, b"")), Ms(100))
    assert requests(run(driver, 4000), wire.POLL_NUMERICS) == [100, 1100, 2100, 3100]


def test_a_monitor_that_ignores_the_extended_poll_is_polled_each_second() -> None:
    driver = ready()
    found: list[tuple[int, Out]] = []
    for second in range(1, 12):
        driver.receive(p.alerts(), Ms(second * 1000))
        found += run(driver, second * 1000 + 999)
    assert requests(found, wire.POLL_PERIODIC) == [3000]
    assert requests(found, wire.POLL_NUMERICS) == [6000, 7000, 8000, 9000, 10_000, 11_000]


def test_single_polls_are_an_option() -> None:
    driver = ready(poll="single")
    found = run(driver, 3000)
    assert requests(found, wire.POLL_NUMERICS) == [1000, 2000, 3000]
    assert not requests(found, wire.POLL_PERIODIC)


def test_a_monitor_that_allows_fewer_polls_is_asked_less_often_and_waited_for_longer() -> None:
    driver = driver_of(NAME, poll="single")
    driver.receive(frame(accept(4000, 1000)) + p.created(), Ms(0))
    found = run(driver, 11_000)
    assert requests(found, wire.POLL_NUMERICS) == [4000, 8000]
    assert requests(found, wire.POLL_ALERTS) == [4000, 8000]


def test_it_releases_the_association_on_a_clean_exit() -> None:
    assert sent(ready().finish(Ms(1))) == [wire.RELEASE_REQUEST]


def test_what_another_host_asked_for_is_heard_too() -> None:
    outs = driver_of(NAME).receive(wire.ASSOCIATION_REQUEST + wire.POLL_PERIODIC + RESULT, Ms(0))
    assert [values(out) for out in outs if isinstance(out, Vitals)] == [{"hr": "72000"}]
    assert not sent(outs)


# --- with the simulated monitor


def test_the_simulated_monitor_is_read_by_linked_results_as_well() -> None:
    line = MonitorLine(NAME)
    line.sim.mtu = 130
    line.run(20_000)
    said, shown = next(pair for pair in reversed(line.pairs) if len(pair[0].readings) > 1)
    numbers = {r.signal: r.value_milli for r in said.readings}
    assert numbers == shown


def test_serial_number_and_model_are_told() -> None:
    line = MonitorLine(NAME)
    line.run(3000)
    assert line.last(Identity) == Identity("Philips M8000", "DE00123456", "A.10.47")


def test_alarms_of_the_simulated_monitor_are_told_and_end() -> None:
    line = MonitorLine(NAME)
    line.sim.faults.leads_off = True
    line.run(10_000)
    assert [alarm.text for alarm in line.last(DeviceAlarms).alarms] == ["ECG LEADS OFF"]
    line.sim.faults.leads_off = False
    line.run(5000)
    assert line.last(DeviceAlarms) == DeviceAlarms(())


def test_single_polls_read_the_simulated_monitor() -> None:
    line = MonitorLine(NAME, poll="single")
    line.run(10_000)
    assert len(line.pairs) >= 8
    assert any(said.device_time == "2026-11-22T10:00:05" for said, _ in line.pairs)


def test_a_client_that_was_killed_and_started_again_is_soon_associated_anew() -> None:
    line = MonitorLine(NAME)
    line.run(5000)
    line.driver = driver_of(NAME)
    line._take(line.driver.start(Ms(line.now)))
    line.run(4000)
    assert line.sim.associated
    before = len(line.pairs)
    line.run(3000)
    assert len(line.pairs) > before
