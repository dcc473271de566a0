"""The simulated Capnostream's bytes. SRC: the escape vector (mdpnp test). GEN: built from the rule of D006045C."""

import pytest

from pumpd.sim.capno_frame import HostReader, encode
from pumpd.sim.capno_numerics import Numerics, Unit, data_bytes, shifted

OFF = b"\xff\xff\xff"
PLAIN = Numerics(time_s=0x57A3C000, etco2=38, fico2=0, rr=14, spo2=97, pulse=72, events=OFF)
PLAIN_FRAME = "851c0157a3c00026000e614800ffffff0000003c0f1e050864588c32010074"
HOST = [(1, "85010100"), (2, "85010203"), (4, "85010405"), (5, "85010504"), (11, "85010b0a"), (21, "85011514")]


@pytest.mark.parametrize(("code", "wire"), HOST)
def test_host_commands_are_read_in_any_chunks_and_among_noise(code, wire):
    stream = b"\x00\x80\x07" + bytes.fromhex(wire)
    reader = HostReader()
    found = [frame for at in range(len(stream)) for frame in reader.feed(stream[at : at + 1])]
    assert found == [(code, b"")]


def test_an_inquiry_carries_its_item():
    assert HostReader().feed(bytes.fromhex("8502030302")) == [(3, b"\x03")]


@pytest.mark.parametrize("wire", ["85010101", "8501", "8500000000", "85ff0102", "010100"])
def test_a_damaged_command_is_not_heard(wire):
    assert HostReader().feed(bytes.fromhex(wire)) == []


def test_header_and_escape_bytes_are_escaped_as_in_the_printed_vector():
    # printed without length and checksum: 44 85 55 80 00 77 -> 85 44 80 05 55 80 00 00 77
    wire = encode(0x44, bytes.fromhex("8555800077"))
    assert bytes.fromhex("4480055580000077") in wire
    assert wire.count(b"\x85") == 1


def test_escaped_commands_are_read_back():
    for code in range(256):
        assert HostReader().feed(encode(code, b"\x80\x85\x00")) == [(code, b"\x80\x85\x00")]


def test_numerics_are_the_documented_bytes():
    assert encode(1, data_bytes(PLAIN)).hex() == PLAIN_FRAME


def test_no_breath_sets_its_bit_and_blanks_the_co2():
    gone = Numerics(
        time_s=0x57A3C001,
        etco2=None,
        fico2=None,
        rr=0,
        spo2=92,
        pulse=58,
        no_breath_s=31,
        no_breath=True,
        events=OFF,
    )
    assert encode(1, data_bytes(gone)).hex() == "851c0157a3c001ffff005c3a08ffffff01001f3c0f1e050864588c32010004"


@pytest.mark.parametrize(
    ("unit", "etco2", "high"), [(Unit.MMHG, 38, 60), (Unit.KPA, 51, 80), (Unit.VOL_PERCENT, 53, 84)]
)
def test_co2_and_its_limits_are_written_in_the_current_unit(unit, etco2, high):
    data = data_bytes(Numerics(0, 38, 0, 14, 97, 72, unit=unit))
    assert (data[4], data[16], data[25]) == (etco2, high, unit)


ALARMS = [
    ({"etco2": 61}, 0x02, 0),
    ({"etco2": 60}, 0, 0),
    ({"etco2": 14}, 0x04, 0),
    ({"rr": 31}, 0x08, 0),
    ({"rr": 4}, 0x10, 0),
    ({"rr": 5}, 0, 0),
    ({"fico2": 9}, 0x20, 0),
    ({"spo2": 87}, 0, 0x04),
    ({"pulse": 141}, 0, 0x08),
    ({"pulse": 49}, 0, 0x10),
    ({"spo2": None, "pulse": None, "sensor_off": True}, 0, 0x20),
    ({"spo2": None, "pulse": None, "sensor_disconnected": True}, 0, 0x40),
    ({"rr": 0, "etco2": 5, "no_breath": True}, 0x01, 0),
]


@pytest.mark.parametrize(("change", "co2_bits", "spo2_bits"), ALARMS)
def test_alarm_bits_follow_the_limits(change, co2_bits, spo2_bits):
    values = {"etco2": 38, "fico2": 0, "rr": 14, "spo2": 97, "pulse": 72} | change
    data = data_bytes(Numerics(time_s=0, **values))
    assert (data[13], data[14]) == (co2_bits, spo2_bits)


def test_shifted_numerics_put_spo2_where_rr_belongs_and_keep_their_length():
    data = shifted(data_bytes(PLAIN))
    assert (data[6], len(data)) == (97, 27)
