"""The simulated Asena against frames printed in or captured by public sources (SRC).

Provenance: mdpnp Asena.java and SingleSimAlaris.java, infupy backends/alaris.py, ebme.co.uk topic 64957.
"""

import pytest

from pumpd.sim import AsenaSim
from pumpd.sim.asena_frame import control_key, frame

EXCHANGES = [
    (b"!INST_SERIALNO|457D\r", b"!INST_SERIALNO^8002-51740|050B\r"),
    (b"!COMMS_PROTOCOL|E8DA\r", b"!COMMS_PROTOCOL^Asena Rev 2.1.5|661A\r"),
    (b"!COMMS_RESPONSE_MAX|7E29\r", b"!COMMS_RESPONSE_MAX^4000^ms|DFDF\r"),
    (b"!REMOTE_CTRL^ENABLED^3CC1|B1F1\r", b"!REMOTE_CTRL^ENABLED^****^PERMIT^0^ms|7BB0\r"),
    (b"!REMOTE_CTRL^DISABLED|EF95\r", b"!REMOTE_CTRL^DISABLED^****^PERMIT^0^ms|3C5D\r"),
    (b"!INF_RATE_MAX_SYRINGE|8F30\r", b"!INF_RATE_MAX_SYRINGE^1200.00^ml/h|8575\r"),
    (b"!SYRINGE_STATUS|4102\r", b"!SYRINGE_STATUS^BD PLASTIPAK^ 50^CONF|1CF8\r"),
    (b"!REMQUERY^DEACT|F295\r", b"!REMQUERY^DEACT^^^^|E5C9\r"),
    (b"!ALARM|50B2\r", b"!ALARM^AL_NOALM^ ^ |C73B\r"),
]
ENABLE = b"!REMOTE_CTRL^ENABLED^3CC1|B1F1\r"
COMMANDS = [
    b"!INF_RATE^3.50^ml/h|3885\r",
    b"!INF_RATE^0.10^ml/h|D407\r",
    b"!INF_START|38F3\r",
    b"!INF_STOP|CD57\r",
    b"!INF_VI_CLEAR|A706\r",
    b"!INF_VTBI^ACTIV^11.000^ml^STOP|4433\r",
    b"!INF_VTBI^DEACT|D8C5\r",
    b"!INF_BOLUS^ENABLED|E288\r",
]


def _running(rate_ul_h: int = 100) -> AsenaSim:
    sim = AsenaSim("8002-51740")
    sim.panel.set_rate(rate_ul_h, 0)
    sim.panel.start(0)
    return sim


@pytest.mark.parametrize(("asked", "answered"), EXCHANGES)
def test_the_pump_answers_with_the_printed_bytes(asked, answered):
    assert AsenaSim("8002-51740").receive(asked, 0) == answered


@pytest.mark.parametrize("command", COMMANDS)
def test_under_control_a_command_is_echoed_byte_for_byte(command):
    sim = _running()
    sim.receive(ENABLE, 0)
    assert sim.receive(command, 1) == command


@pytest.mark.parametrize(("serial", "key"), [("8002-51740", "3CC1"), ("8002-51733", "9535")])
def test_the_control_key_is_the_checksum_of_the_serial_number(serial, key):
    assert control_key(serial) == key


def test_a_running_pump_reports_the_fields_of_the_running_template():
    reply = _running().receive(b"!INF|4961\r", 0).decode()
    assert reply.startswith("!INF^8002-51740^-^SET^0.10^ml/h^^0.000^ml^17.91^mmHg^24+^EVENT^127904|")
    assert reply.endswith("|57D6\r")


def test_an_occluded_pump_reports_alarm_hold_and_the_captured_pressure():
    sim = _running(3500)
    sim.faults.occlusion = True
    sim.tick(0)
    fields = sim.receive(b"!INF|4961\r", 60_000).decode().split("^")
    assert fields[2:5] == ["A", "HLD", "0.00"]
    assert fields[9:11] == ["530.15", "mmHg"]
    assert sim.receive(b"!ALARM|50B2\r", 60_001) == frame("ALARM^AL_OCCLU^ ^ ")


def test_messages_are_found_in_any_chunks_and_among_noise():
    sim = AsenaSim("8002-51740")
    stream = b"\xff\x00!INST" + b"!INST_SERIALNO|457D\r" + b"\n!ALARM|50B2\r"
    answers = b"".join(sim.receive(stream[at : at + 1], 0) for at in range(len(stream)))
    assert answers == b"!INST_SERIALNO^8002-51740|050B\r!ALARM^AL_NOALM^ ^ |C73B\r"


@pytest.mark.parametrize("wrong", [b"!INF|4962\r", b"!INF|4961", b"INF|4961\r", b"!INF\r", b"!\xc9NF|4961\r"])
def test_a_wrong_frame_is_not_answered(wrong):
    assert _running().receive(wrong, 0) == b""


def test_one_flipped_bit_never_makes_the_pump_obey():
    stop = b"!INF_STOP|CD57\r"
    for bit in range(len(stop) * 8):
        sim = _running()
        sim.receive(ENABLE, 0)
        flipped = bytearray(stop)
        flipped[bit // 8] ^= 1 << bit % 8
        sim.receive(bytes(flipped), 1)
        assert sim.pump.infusing, bit


def test_an_endless_line_without_an_end_costs_no_memory():
    sim = AsenaSim()
    for _ in range(100):
        assert sim.receive(b"!A" * 500, 0) == b""
    assert sim.receive(b"\r!INST_SERIALNO|457D\r", 0) == b"!INST_SERIALNO^8002-51740|050B\r"
