"""The session: enabled until the monitor says who it is, at a configured or an automatic speed."""

from __future__ import annotations

from pumpd_drivers.capnostream20 import Capnostream20

from pumpd.device import DeviceSettings, Identity, Out, Send, SetLine, Silent, Vitals
from pumpd.device.framing import EscapedFramer
from pumpd.units import Ms
from tests.drivers.test_capnostream_data import numerics

ENABLE, START = bytes.fromhex("85010100"), bytes.fromhex("85010405")
DEVICE_ID = EscapedFramer().build(b"\x04V04.10 01/02/2007 BA10123456  ")


class Line:
    def __init__(self, **options: str) -> None:
        self.driver = Capnostream20(DeviceSettings("m1", options=options))
        self.now = 0
        self.log: list[tuple[int, Out]] = [(0, out) for out in self.driver.start(Ms(0))]

    def hear(self, data: bytes, at: int) -> None:
        self.run_until(at)
        self.now = at
        self.log += [(at, out) for out in self.driver.receive(data, Ms(at))]

    def run_until(self, until: int) -> None:
        due = self.driver.next_deadline()
        while due is not None and due < until:
            self.now = max(self.now, due)
            self.log += [(self.now, out) for out in self.driver.tick(Ms(self.now))]
            due = self.driver.next_deadline()

    def times_of(self, data: bytes) -> list[int]:
        return [at for at, out in self.log if out == Send(data)]


def test_enable_is_repeated_until_the_monitor_says_who_it_is_and_then_real_time_starts() -> None:
    line = Line(baud="9600")
    line.hear(DEVICE_ID, 1_700)
    assert line.times_of(ENABLE) == [0, 500, 1000, 1500]
    assert line.times_of(START) == [1700]
    assert [out for _, out in line.log if isinstance(out, Identity)] == [
        Identity("Capnostream", "BA10123456", "V04.10 01/02/2007")
    ]


def test_an_automatic_speed_tries_all_in_turn_and_stays_where_the_monitor_answers() -> None:
    line = Line()
    line.run_until(6_100)
    assert [out.baud for _, out in line.log if isinstance(out, SetLine)] == [19200, 57600, 115200, 9600]
    line.hear(DEVICE_ID, 6_200)
    for second in range(7, 30):
        line.hear(numerics(), second * 1000)
    assert len([out for _, out in line.log if isinstance(out, SetLine)]) == 4


def test_a_configured_speed_is_the_only_one() -> None:
    line = Line(baud="115200")
    line.run_until(20_000)
    assert [out for _, out in line.log if isinstance(out, SetLine)] == [SetLine(115200)]


def test_a_monitor_that_already_streams_is_heard_and_enabled_gently() -> None:
    line = Line()
    for second in range(1, 20):
        line.hear(numerics(), second * 1000)
    assert len([out for _, out in line.log if isinstance(out, Vitals)]) == 19
    assert not [out for _, out in line.log if isinstance(out, SetLine | Silent)]
    assert 3 <= len([at for at in line.times_of(ENABLE) if at >= 2000]) <= 5


def test_real_time_is_asked_for_again_where_it_does_not_begin() -> None:
    line = Line()
    line.hear(DEVICE_ID, 100)
    line.run_until(3_000)
    assert line.times_of(START) == [100, 1600]


def test_a_silent_monitor_is_enabled_anew_and_runs_again_after_a_power_cycle() -> None:
    line = Line()
    line.hear(DEVICE_ID, 100)
    line.hear(numerics(), 1_000)
    line.run_until(10_000)
    assert [at for at, out in line.log if isinstance(out, Silent)] == [3_000]
    assert line.times_of(ENABLE)[1] == 3_000
    line.hear(DEVICE_ID, 10_000)
    line.hear(numerics(), 11_000)
    assert line.times_of(START)[-1] == 10_000


def test_finish_ends_the_stream_and_the_session_in_one_piece() -> None:
    assert Line().driver.finish(Ms(0)) == [Send(bytes.fromhex("85010504 85010203"))]


def test_a_device_id_of_another_form_is_still_an_answer() -> None:
    line = Line()
    line.hear(EscapedFramer().build(b"\x04" + bytes(30)), 100)
    assert line.times_of(START) == [100]
    assert [out for _, out in line.log if isinstance(out, Identity)] == [Identity("Capnostream", None, None)]
