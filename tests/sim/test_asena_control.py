"""Remote control of the simulated Asena: key, lease, refusals."""

import pytest

from pumpd.sim import AsenaSim
from pumpd.sim.asena_frame import frame

PERMIT = frame("REMOTE_CTRL^ENABLED^****^PERMIT^0^ms")
ENABLE = frame("REMOTE_CTRL^ENABLED^3CC1")
STOP = frame("INF_STOP")


@pytest.fixture
def sim() -> AsenaSim:
    sim = AsenaSim("8002-51740")
    sim.panel.set_rate(10_000, 0)
    sim.panel.start(0)
    return sim


def _mode(sim: AsenaSim, now_ms: int) -> str:
    return sim.receive(frame("INF"), now_ms).decode().split("^")[3]


@pytest.mark.parametrize("key", ["9535", "3cc1", "", "0000"])
def test_a_wrong_key_gets_no_permit_and_no_control(sim, key):
    assert PERMIT not in sim.receive(frame(f"REMOTE_CTRL^ENABLED^{key}"), 0)
    assert not sim.controlled


@pytest.mark.parametrize("command", ["INF_STOP", "INF_START", "INF_RATE^5.00^ml/h", "INF_VI_CLEAR", "INF_VTBI^DEACT"])
def test_without_control_a_command_is_refused_and_changes_nothing(sim, command):
    assert sim.receive(frame(command), 0) == frame(f"{command.split('^')[0]}^DENIED")
    assert (sim.pump.infusing, sim.pump.rate_ul_h) == (True, 10_000)


def test_a_pump_set_to_silence_refuses_without_a_word():
    sim = AsenaSim("8002-51740", refusal="silent")
    assert sim.receive(STOP + frame("REMOTE_CTRL^ENABLED^0000"), 0) == b""


def test_newer_software_refuses_control_but_still_reports(sim):
    sim.faults.refuse_control = True
    assert sim.receive(ENABLE, 0) == frame("REMOTE_CTRL^ENABLED^****^DENIED^0^ms")
    assert sim.receive(STOP, 1) == frame("INF_STOP^DENIED")
    assert _mode(sim, 2) == "SET"


def test_a_stop_under_control_holds_the_pump_and_a_start_resumes_it(sim):
    sim.receive(ENABLE, 0)
    sim.receive(STOP, 1)
    assert _mode(sim, 2) == "HLD"
    sim.receive(frame("INF_START"), 3)
    assert _mode(sim, 4) == "SET"


@pytest.mark.req("INT-06")
def test_a_lease_that_is_not_refreshed_holds_the_pump_and_alarms(sim):
    sim.receive(ENABLE, 0)
    assert _mode(sim, 4000) == "SET"
    assert _mode(sim, 4001) == "HLD"
    assert sim.receive(frame("ALARM"), 4002) == frame("ALARM^AL_COMTO^ ^ ")
    assert not sim.controlled


@pytest.mark.req("INT-06")
def test_the_lapse_counts_from_the_moment_it_happened_however_late_anyone_looks(sim):
    sim.receive(ENABLE, 0)
    sim.advance(3_600_000)
    assert sim.pump.counted_ul == 10_000 * 4000 // 3_600_000


def test_refreshing_keeps_control_and_status_reads_alone_do_not(sim):
    for now_ms in range(0, 20_000, 3000):
        assert sim.receive(ENABLE, now_ms) == PERMIT
    for now_ms in range(18_000, 24_000, 1000):
        sim.receive(frame("INF"), now_ms)
    assert "AL_COMTO" in sim.pump.alarms


def test_handing_control_back_ends_the_lease_and_leaves_the_infusion_alone(sim):
    sim.receive(ENABLE, 0)
    sim.receive(frame("REMOTE_CTRL^DISABLED"), 1000)
    assert _mode(sim, 60_000) == "SET"
    assert not sim.pump.alarms


def test_control_after_a_lapse_starts_nothing_and_the_alarm_stays_until_someone_is_there(sim):
    sim.receive(ENABLE, 0)
    sim.advance(9000)
    assert sim.receive(ENABLE, 9001) == PERMIT
    assert _mode(sim, 9002) == "HLD"
    assert sim.pump.top_alarm == "AL_COMTO"
    sim.panel.silence(9003)
    assert sim.pump.top_alarm is None


@pytest.mark.parametrize("rate", ["0.05", "1200.01", "NaN", "Infinity", "-5", "3.501", "", "5^ml/h^x", "0.0"])
def test_a_rate_outside_the_pump_is_refused(sim, rate):
    sim.receive(ENABLE, 0)
    assert sim.receive(frame(f"INF_RATE^{rate}^ml/h"), 1) == frame("INF_RATE^DENIED")
    assert sim.pump.rate_ul_h == 10_000


def test_a_set_rate_is_echoed_with_two_decimals_and_read_back(sim):
    sim.receive(ENABLE, 0)
    assert sim.receive(frame("INF_RATE^3.5^ml/h"), 1) == frame("INF_RATE^3.50^ml/h")
    assert sim.receive(frame("INF_RATE"), 2) == frame("INF_RATE^3.50^ml/h")


def test_the_simulator_counts_what_reached_it(sim):
    sim.receive(STOP + STOP + b"!INF_STOP|0000\r", 0)
    assert sim.heard["INF_STOP"] == 2
