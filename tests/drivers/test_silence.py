"""A lost device is noticed within two missed frames; one lost frame is not yet a silence. All in virtual time."""

from __future__ import annotations

import pytest
from pumpd_drivers.alaris_asena import AlarisAsena
from pumpd_drivers.capnostream20 import Capnostream20

from pumpd.device import Silent
from pumpd.device.framing import EscapedFramer
from tests.drivers.asena_line import REPLIES, AsenaLine
from tests.drivers.test_capnostream_data import numerics
from tests.drivers.test_capnostream_session import DEVICE_ID, ENABLE, Line

WAVE = EscapedFramer().build(bytes.fromhex("0001050000"))
POLLS = (200, 500, 1000, 2000)


def _silences(line: AsenaLine) -> int:
    return len(line.of(Silent))


@pytest.mark.parametrize("control", [True, False])
@pytest.mark.parametrize("poll_ms", POLLS)
def test_a_pump_that_dies_at_any_moment_is_silent_two_polls_later(poll_ms: int, control: bool) -> None:
    for dies_at in range(7, 8 * poll_ms, 7 + poll_ms // 7):
        line = AsenaLine(control=control, poll_ms=poll_ms)
        line.run_until(dies_at)
        line.replies = {}
        while not _silences(line):
            line.step()
        assert line.now == line.answered_ms + 2 * poll_ms
        line.run_until(line.now + 20 * poll_ms)
        assert _silences(line) == 1


@pytest.mark.parametrize("control", [True, False])
@pytest.mark.parametrize("poll_ms", POLLS)
def test_no_single_lost_reply_is_a_silence(poll_ms: int, control: bool) -> None:
    for number in range(1, 30):
        line = AsenaLine(control=control, poll_ms=poll_ms)
        line.lost = {number}
        while len(line.sent) <= number:
            line.step()
        line.reply_ms = poll_ms // 4  # nor is the next reply a quick one
        line.run_until(line.now + 4 * poll_ms)
        assert not _silences(line), number


def test_questions_that_a_pump_does_not_know_are_no_silence() -> None:
    line = AsenaLine(COMMS_PROTOCOL=None, COMMS_RESPONSE_MAX=None, **{"REMQUERY^DEACT": None})
    line.run_until(20_000)
    assert not _silences(line)


def test_a_pump_that_answers_again_is_read_again_and_its_next_silence_is_told_anew() -> None:
    line = AsenaLine()
    line.run_until(3_000)
    line.replies = {}
    line.run_until(10_000)
    line.replies = dict(REPLIES)
    back_ms = line.now
    line.run_until(13_000)
    assert next(at for at in line.times_of("INF") if at >= back_ms) < back_ms + 1_500
    line.replies = {}
    line.run_until(20_000)
    assert _silences(line) == 2


def test_what_the_drivers_declare_is_what_they_do() -> None:
    assert AlarisAsena.info.quiet_ms == 2 * AlarisAsena.info.poll_ms
    assert Capnostream20.info.quiet_ms == 2 * Capnostream20.info.poll_ms


def _streaming() -> Line:
    line = Line(baud="9600")
    line.hear(DEVICE_ID, 100)
    line.hear(numerics(), 1_000)
    return line


def _silent_at(line: Line) -> list[int]:
    return [at for at, out in line.log if isinstance(out, Silent)]


@pytest.mark.parametrize("last", [numerics(), WAVE], ids=["numerics", "wave"])
def test_a_monitor_is_silent_two_seconds_after_its_last_frame_whatever_it_was(last: bytes) -> None:
    line = _streaming()
    line.hear(last, 1_950)
    line.run_until(30_000)
    assert _silent_at(line) == [3_950]


def test_numerics_lost_among_waves_are_no_silence() -> None:
    line = _streaming()
    for at in range(1_050, 6_000, 50):
        line.hear(WAVE, at)
    assert _silent_at(line) == []


@pytest.mark.parametrize("garbage", [numerics()[:-1] + b"\x00", WAVE[:-2], b"noise"])
def test_bytes_that_cannot_be_believed_do_not_keep_a_monitor_alive(garbage: bytes) -> None:
    line = _streaming()
    for at in range(1_100, 4_000, 100):
        line.hear(garbage, at)
    assert _silent_at(line) == [3_000]


def test_a_monitor_that_only_says_who_it_is_stays_silent_and_is_not_heard_anew_each_time() -> None:
    line = _streaming()
    line.run_until(4_000)
    heard = len([out for _, out in line.log])
    for at in range(4_000, 30_000, 2_500):
        line.hear(DEVICE_ID, at)
    said = [out for _, out in line.log[heard:]]
    assert _silent_at(line) == [3_000]
    assert [type(out).__name__ for out in said if type(out).__name__ != "Send"] == []
    line.hear(numerics(), 30_100)
    line.run_until(40_000)
    assert _silent_at(line) == [3_000, 32_100]
    assert line.times_of(ENABLE)[-1] > 32_000
