"""How sure depends on what protects the frames, on how many there were and on how much of the line they explain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pumpd.cli.devices.probing.evidence import Evidence, Sure, hint, ranked, verdict
from pumpd.cli.devices.probing.plan import settings_of
from pumpd.config.link_url import SerialLink, SocketLink
from pumpd.device import DriverInfo, Garbled, Identity, Integrity, Kind, Line, Parity, PumpStatus, Vitals
from pumpd.registry import drivers

INFO = DriverInfo("d", "V", "M", Kind.MONITOR, Line((9600,)), Integrity.CRC16, poll_ms=1000, quiet_ms=2000)


def evidence(integrity: Integrity, frames: int, heard: int = 100, garbled: int = 0, name: str = "d") -> Evidence:
    found = Evidence(replace(INFO, name=name, integrity=integrity), "9600 8N1", heard_bytes=heard)
    for _ in range(frames):
        found.note(Vitals(()))
    if garbled:
        found.note(Garbled("noise", b"", garbled))
    return found


@pytest.mark.parametrize(
    ("integrity", "frames", "garbled", "sure"),
    [
        (Integrity.CRC16, 2, 0, Sure.CERTAIN),
        (Integrity.CRC16, 2, 90, Sure.CERTAIN),
        (Integrity.CRC16, 1, 0, Sure.LIKELY),
        (Integrity.SUM8, 3, 0, Sure.CERTAIN),
        (Integrity.SUM8, 3, 11, Sure.POSSIBLE),
        (Integrity.SUM8, 2, 0, Sure.LIKELY),
        (Integrity.NONE, 12, 0, Sure.LIKELY),
        (Integrity.NONE, 12, 50, Sure.POSSIBLE),
        (Integrity.NONE, 2, 0, Sure.POSSIBLE),
        (Integrity.NONE, 0, 100, Sure.NOTHING),
    ],
)
def test_how_sure(integrity: Integrity, frames: int, garbled: int, sure: Sure) -> None:
    assert evidence(integrity, frames, garbled=garbled).sure is sure


def test_a_line_without_bytes_is_silent_whatever_the_driver() -> None:
    assert evidence(Integrity.CRC16, 0, heard=0).sure is Sure.SILENT
    assert verdict([evidence(Integrity.CRC16, 0, heard=0)]).drivers == ()


def test_the_words_name_the_count_the_check_and_who_it_is() -> None:
    found = evidence(Integrity.CRC16, 0)
    found.note(PumpStatus(True, 0, 0, None, Integrity.CRC16, serial="8002-51740"))
    assert found.words() == "1 frame with CRC16, serial 8002-51740"
    found.note(Identity("Asena", None, "2.1"))
    found.note(Garbled("noise", b"x"))
    assert found.words() == "1 frame with CRC16, Asena, serial 8002-51740, software 2.1, 1 garbled"
    assert evidence(Integrity.NONE, 12).words() == "12 plausible frames without a checksum"
    assert evidence(Integrity.NONE, 0).words() == "100 bytes, none of it understood"


def test_the_surest_comes_first_and_a_driver_is_listed_once() -> None:
    found = [
        evidence(Integrity.NONE, 3, name="text"),
        evidence(Integrity.CRC16, 1, name="crc"),
        evidence(Integrity.CRC16, 5, name="crc"),
    ]
    assert [(one.info.name, one.understood) for one in ranked(found)] == [("crc", 5), ("text", 3)]
    assert verdict(ranked(found)).drivers == ("crc",)


def test_two_that_understand_equally_well_are_told_as_two() -> None:
    found = verdict(ranked([evidence(Integrity.NONE, 3, name="a"), evidence(Integrity.NONE, 9, name="b")]))
    assert (found.sure, sorted(found.drivers), found.identified) == (Sure.LIKELY, ["a", "b"], False)


def test_a_possible_device_is_not_identified() -> None:
    assert not verdict([evidence(Integrity.NONE, 1)]).identified


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        (b"", "check the cable"),
        (bytes.fromhex("f8 00 e0 fe 80 1c 00 f8"), "another speed"),
        (b"HELLO 12 13\r\n", 'text that no driver knows: "HELLO 12 13··"'),
        (bytes(byte | 0x80 * (byte.bit_count() % 2) for byte in b"HELLO 12 13 14 abc\r\n"), "7 data bits"),
        (bytes.fromhex("11 a3 97 45 93 6d 21 9b 77"), "no text"),
    ],
)
def test_what_nobody_understands_is_described(sample: bytes, words: str) -> None:
    assert words in hint(sample)


def test_a_serial_line_is_tried_at_every_setting_of_a_driver_and_tcp_only_once() -> None:
    known = drivers()
    pair = [known["alaris_asena"], known["capnostream20"]]
    serial = settings_of(SerialLink("/dev/ttyUSB0"), pair)
    assert sorted(one.text for one in serial) == ["115200 8N1", "19200 8N1", "38400 8N1", "57600 8N1", "9600 8N1"]
    fixed = settings_of(SerialLink("/dev/ttyUSB0", 4800), pair)
    assert {one.line.bauds for one in fixed} == {(4800,)}
    (tcp,) = settings_of(SocketLink("10.0.0.5", 4001), pair)
    assert (tcp.text, list(tcp.drivers)) == ("", pair)


def test_lines_that_differ_in_parity_are_tried_apart() -> None:
    even = type("Even", (), {"info": replace(INFO, name="even", line=Line((9600,), 7, Parity.EVEN))})
    plain = type("Plain", (), {"info": INFO})
    found = settings_of(SerialLink("/dev/ttyUSB0"), [even, plain])  # type: ignore[list-item]
    assert sorted(one.text for one in found) == ["9600 7E1", "9600 8N1"]
