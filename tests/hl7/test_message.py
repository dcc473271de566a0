"""Messages read from bytes: delimiters, segments, character sets, escapes; what cannot be read says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pumpd_hl7.message import Delimiters, Message, Unreadable, escape, read_message, unescape
from pumpd_hl7.times import parse_time, time_text

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.hl7"))
MSH = b"MSH|^~\\&|ADT|HOSP|PUMPD|HOSP|20260115100000+0000||ADT^A01|1|P|2.6"


def _read(raw: bytes, blank: str = "ascii") -> Message:
    found = read_message(raw, blank)
    assert isinstance(found, Message), found
    return found


def _problem(raw: bytes) -> Unreadable:
    found = read_message(raw)
    assert isinstance(found, Unreadable), found
    return found


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_every_fixture_is_read_and_its_bytes_are_kept(path: Path) -> None:
    raw = path.read_bytes()
    message = _read(raw)
    assert message.raw == raw
    assert message.kind[0] in ("ORU", "ORA", "ADT", "ACK", "RAS")
    assert message.control_id


def test_fields_are_numbered_as_in_the_standard() -> None:
    message = _read(MSH + b"\rPID|||1^^^H^MR~2^^^H^PI||Test&Von^Ada\r")
    assert message.msh.get(1) == "|"
    assert message.msh.get(2, 1) == ""  # the encoding characters are no components of anything
    assert message.msh.get(3) == "ADT"
    assert message.kind == ("ADT", "A01")
    pid = message.first("PID")
    assert pid is not None
    assert [pid.get(3, 1, repetition) for repetition in (1, 2, 3)] == ["1", "2", ""]
    assert (pid.get(3, 4, 2), pid.get(3, 5)) == ("H", "MR")
    assert (pid.get(5, 1, 1, 2), pid.get(5, 2), pid.get(5, 9), pid.get(50)) == ("Von", "Ada", "", "")


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\r\r"])
def test_segments_may_end_with_cr_lf_or_both(end: bytes) -> None:
    message = _read(MSH + end + b"PID|1" + end + b"PV1|2" + end)
    assert [segment.name for segment in message.segments] == ["MSH", "PID", "PV1"]


def test_delimiters_are_those_of_the_message() -> None:
    message = _read(b"MSH#*!?%#A#B#C#D###ADT*A01#7#P#2.6\rPID###1*x%y!2#?F?#\r")
    assert message.delimiters == Delimiters("#", "*", "!", "?", "%")
    pid = message.first("PID")
    assert pid is not None
    assert (pid.get(3, 2, 1, 2), pid.get(3, 1, 2), pid.get(4)) == ("y", "2", "#")


def test_a_message_may_do_without_subcomponents_and_escapes() -> None:
    message = _read(b"MSH|^~|A\rPID|||a&b\\F\\\r")
    assert message.get("PID", 3) == "a&b\\F\\"


@pytest.mark.parametrize(
    ("charset", "text", "codec"),
    [
        ("", "Mueller", "ascii"),
        ("ASCII", "Mueller", "ascii"),
        ("UNICODE UTF-8", "Müller ż", "utf-8"),
        ("8859/1", "Müller", "latin-1"),
        ("8859/2", "Łódź", "iso8859-2"),
        ("UNICODE UTF-8~8859/1", "Müller", "utf-8"),
    ],
)
def test_the_character_set_is_the_one_of_msh_18(charset: str, text: str, codec: str) -> None:
    raw = MSH + b"||||||" + charset.encode() + b"\rPID|||||" + text.encode(codec) + b"\r"
    assert _read(raw).get("PID", 5) == text


def test_bytes_that_are_not_of_the_said_character_set_are_refused_with_the_field() -> None:
    for charset in (b"", b"ASCII", b"UNICODE UTF-8"):
        problem = _problem(MSH + b"||||||" + charset + b"\rPID|||||M\xfcller\r")
        assert (problem.segment, problem.field, problem.code) == ("MSH", 18, 102)
        assert problem.msh is not None
        assert problem.msh.get(10) == "1"
    assert _problem(MSH + b"||||||UNICODE UTF-16\r").code == 103


def test_a_peer_may_mean_latin_1_when_it_says_nothing() -> None:
    assert _read(MSH + b"\rPID|||||M\xfcller\r", "iso8859-1").get("PID", 5) == "Müller"


def test_a_byte_order_mark_is_no_part_of_the_message() -> None:
    assert _read(b"\xef\xbb\xbf" + MSH + b"\r").control_id == "1"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", 100),
        (b"PID|1\r", 100),
        (b"BHS|^~\\&|A\r" + MSH, 100),
        (b"MSH", 102),
        (b"MSH|", 102),
        (b"MSH||||", 102),
        (b"MSHAbcdeA", 102),
        (b"MSH|^^\\&|A", 102),
        (MSH + b"\rPI\r", 100),
        (MSH + b"\rpid|1\r", 100),
        (MSH + b"\rPID^1\r", 100),
        (MSH + b"\r" + MSH, 100),
    ],
)
def test_what_is_no_message_says_why(raw: bytes, code: int) -> None:
    problem = _problem(raw)
    assert problem.code == code
    assert problem.reason


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.binary(max_size=80).map(lambda tail: MSH + b"\r" + tail))
def test_no_bytes_raise(raw: bytes) -> None:
    found = read_message(raw)
    if isinstance(found, Message):
        for segment in found.segments:
            for number in range(12):
                segment.get(number, 2, 2, 2)


@settings(max_examples=300)
@given(st.text(max_size=40).map(lambda text: text.replace("\r\n", "\n").replace("\r", "\n")))
def test_what_is_escaped_is_read_back(text: str) -> None:
    written = escape(text)
    assert not set("|^~&\r\n") & set(written)
    assert unescape(written) == text


def test_escapes_that_are_not_known_stay_as_they_are() -> None:
    assert unescape(r"a\Z99\b \ c\F") == r"a\Z99\b \ c\F"
    assert unescape(r"\X41C3BC\ \H\x\N\\.br\y") == "Aü x\ny"


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("20260115101530-0500", "20260115151530+0000"),
        ("202601151015", "20260115101500+0000"),
        ("2026", "20260101000000+0000"),
        ("20260115101530.25+0100", "20260115091530.25+0000"),
    ],
)
def test_times_are_read_with_their_zone(text: str, same_as: str) -> None:
    one, other = parse_time(text), parse_time(same_as)
    assert one is not None
    assert other is not None
    assert one.us == other.us
    assert time_text(one.us) == same_as


@pytest.mark.parametrize(
    "text", ["", "2026011", "20261301", "20260230", "2026011524", "20260115+9900", "x", "20260115101530+"]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_time(text) is None


def test_a_time_without_zone_takes_the_peers() -> None:
    moment = parse_time("20260115101530", 60)
    assert moment is not None
    assert not moment.zoned
    assert time_text(moment.us) == "20260115091530+0000"
