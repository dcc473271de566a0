"""The client's half of RFC 2217 with golden bytes by the RFC's numbers; what a server may answer, and refuse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.device.info import Line, Parity
from pumpd.links.comport import ComPort, Got

GE = Line(bauds=(19200,), parity=Parity.EVEN, rtscts=True)
GRASEBY = Line(bauds=(9600,))
AGREED = "ff fd 2c"
CONFIRMED_GE = "ff fa 2c 65 00 00 4b 00 ff f0  ff fa 2c 66 08 ff f0  ff fa 2c 67 03 ff f0  ff fa 2c 68 01 ff f0"
PURGE_BOTH = "ff fa 2c 0c 03 ff f0"


def hear(port: ComPort, text: str) -> Got:
    return port.receive(bytes.fromhex(text))


def opened(line: Line, baud: int, *, tap: bool = False) -> ComPort:
    port = ComPort(line, baud, tap=tap)
    port.start()
    return port


def test_it_offers_the_option_and_asks_for_every_byte_value() -> None:
    assert ComPort(GE, 19200, tap=False).start() == bytes.fromhex("ff fb 00  ff fb 03  ff fb 2c  ff fd 00  ff fd 03")


def test_a_port_is_set_up_with_speed_parity_and_handshake_and_is_ready_once_all_is_confirmed() -> None:
    port = opened(GE, 19200)
    got = hear(port, AGREED)
    assert got.reply == bytes.fromhex(
        "ff fa 2c 0a 00 ff f0"  # SET-LINESTATE-MASK, SET-MODEMSTATE-MASK: no notices
        "ff fa 2c 0b 00 ff f0"
        "ff fa 2c 05 01 ff f0"  # SET-CONTROL: no flow control, so that no XON/XOFF is left
        "ff fa 2c 05 03 ff f0"  # hardware flow control
        "ff fa 2c 05 08 ff f0"  # DTR on; RTS is a handshake line
        "ff fa 2c 01 00 00 4b 00 ff f0"  # SET-BAUDRATE 19200
        "ff fa 2c 02 08 ff f0"  # SET-DATASIZE 8
        "ff fa 2c 03 03 ff f0"  # SET-PARITY even
        "ff fa 2c 04 01 ff f0"  # SET-STOPSIZE 1
    )
    assert not port.ready
    assert port.unanswered == "SET-BAUDRATE, SET-DATASIZE, SET-PARITY, SET-STOPSIZE"
    assert hear(port, CONFIRMED_GE).reply == bytes.fromhex(PURGE_BOTH)
    assert port.ready
    assert port.unanswered == ""
    assert port.trouble is None


@pytest.mark.parametrize(
    ("line", "tap", "controls"),
    [
        (GRASEBY, False, (1, 8, 11)),
        (Line(bauds=(9600,), dtr=False, rts=False), False, (1, 9, 12)),
        (GE, False, (1, 3, 8)),
        (GE, True, (1, 9, 12)),
    ],
)
def test_the_handshake_lines_are_as_the_driver_wants_them_and_low_on_a_tap(
    line: Line, tap: bool, controls: tuple[int, ...]
) -> None:
    reply = hear(opened(line, line.bauds[0], tap=tap), AGREED).reply
    assert b"".join(bytes.fromhex(f"ff fa 2c 05 {one:02x} ff f0") for one in controls) in reply
    assert reply.count(b"\xff\xfa\x2c\x05") == len(controls)


def test_on_a_tap_only_what_was_received_is_purged() -> None:
    port = opened(GE, 19200, tap=True)
    assert hear(port, AGREED + CONFIRMED_GE).reply.endswith(bytes.fromhex("ff fa 2c 0c 01 ff f0"))


def test_seven_even_one_is_asked_for_by_its_numbers() -> None:
    line = Line(bauds=(1200,), data_bits=7, parity=Parity.EVEN)
    reply = hear(opened(line, 1200), AGREED).reply
    assert reply.endswith(
        bytes.fromhex("ff fa 2c 01 00 00 04 b0 ff f0  ff fa 2c 02 07 ff f0  ff fa 2c 03 03 ff f0  ff fa 2c 04 01 ff f0")
    )


def test_a_server_that_offers_the_option_itself_is_taken_up_on_it_once() -> None:
    port = opened(GE, 19200)
    reply = hear(port, "ff fb 2c").reply
    assert reply.startswith(bytes.fromhex("ff fd 2c"))
    assert hear(port, AGREED + "ff fb 2c").reply == b""


def test_other_options_are_refused_and_answers_are_not_answered() -> None:
    port = opened(GE, 19200)
    assert hear(port, "ff fb 00 ff fd 00 ff fb 03 ff fd 03").reply == b""
    assert hear(port, "ff fb 01 ff fd 01 ff fd 18").reply == bytes.fromhex("ff fe 01 ff fc 01 ff fc 18")
    assert hear(port, "ff fc 01 ff fe 18").reply == b""


def ready(line: Line = GE) -> ComPort:
    port = opened(line, 19200)
    hear(port, AGREED + CONFIRMED_GE)
    assert port.ready
    return port


def test_bytes_are_the_devices_only_once_the_port_is_set_up() -> None:
    port = opened(GE, 19200)
    banner = b"Welcome to port 1\r\n".hex()
    assert hear(port, banner + AGREED + "7e").data == b""
    assert hear(port, CONFIRMED_GE + "7e ff ff 41 ff fa 2c 6b 30 ff f0 7e").data == b"\x7e\xff\x41\x7e"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("ff fa 2c 65 00 00 25 80 ff f0", "the server set 9600 baud instead of 19200 baud"),
        ("ff fa 2c 66 07 ff f0", "the server set 7 data bits instead of 8 data bits"),
        ("ff fa 2c 67 01 ff f0", "the server set no parity instead of even parity"),
        ("ff fa 2c 68 02 ff f0", "the server set 2 stop bits instead of 1 stop bit"),
        ("ff fa 2c 69 02 ff f0" * 2, "the server set XON/XOFF instead of RTS/CTS flow control"),
        ("ff fa 2c 69 01 ff f0" * 2, "the server set no flow control instead of RTS/CTS flow control"),
        ("ff fa 2c 69 09 ff f0", "the server refuses DTR raised"),
        ("ff fe 00", "the server refuses BINARY: bytes could be changed on their way"),
        ("ff fc 00", "the server refuses BINARY: bytes could be changed on their way"),
    ],
)
def test_a_setting_that_the_server_refuses_is_told_in_words(answer: str, words: str) -> None:
    port = opened(GE, 19200)
    hear(port, AGREED + answer)
    assert port.trouble == words
    assert not port.ready


def test_a_server_without_the_option_is_told_to_be_a_raw_port() -> None:
    port = opened(GE, 19200)
    hear(port, "ff fe 2c")
    assert port.trouble == "the server speaks no RFC 2217 on this port; a raw TCP port is socket://host:port"


def test_a_server_that_answers_both_flow_commands_with_the_second_is_no_refusal() -> None:
    """ser2net 4.3.11."""
    port = opened(GE, 19200)
    hear(port, AGREED + "ff fa 2c 69 03 ff f0" * 2 + "ff fa 2c 69 08 ff f0" + CONFIRMED_GE)
    assert (port.ready, port.trouble) == (True, None)


def test_what_known_servers_answer_oddly_is_no_refusal() -> None:
    """sredird, by pyserial's notes: four more bytes after a speed, the flow control as the answer to DTR and RTS."""
    port = opened(GRASEBY, 19200)
    hear(
        port,
        AGREED
        + "ff fa 2c 69 01 ff f0" * 3
        + CONFIRMED_GE.replace("67 03", "67 01").replace("4b 00", "4b 00" + "00" * 4),
    )
    assert (port.ready, port.trouble) == (True, None)


@pytest.mark.parametrize(("says", "agrees"), [(19200, True), (19230, True), (18900, True), (19600, False), (0, False)])
def test_a_speed_that_the_divider_cannot_make_exactly_is_the_speed(says: int, agrees: bool) -> None:
    port = opened(GE, 19200)
    hear(port, AGREED + f"ff fa 2c 65 {says:08x} ff f0")
    assert (port.trouble is None) is agrees


def test_another_speed_is_asked_for_and_waited_for() -> None:
    port = ready()
    assert port.set_baud(65535) == bytes.fromhex("ff fa 2c 01 00 00 ff ff ff ff ff f0")
    assert port.unanswered == "SET-BAUDRATE"
    assert port.set_baud(9600) == bytes.fromhex("ff fa 2c 01 00 00 25 80 ff f0")
    hear(port, "ff fa 2c 65 00 00 25 80 ff f0")  # or 65535: whatever is in force when the server answers
    assert port.unanswered == "SET-BAUDRATE"
    hear(port, "ff fa 2c 65 00 00 25 80 ff f0")
    assert (port.unanswered, port.trouble, port.ready) == ("", None, True)


def test_a_setting_that_somebody_changes_at_the_server_later_is_trouble() -> None:
    port = ready()
    hear(port, "ff fa 2c 67 01 ff f0")
    assert port.trouble == "the server set no parity instead of even parity"


def test_the_server_may_suspend_and_resume_what_is_sent() -> None:
    port = ready()
    hear(port, "ff fa 2c 6c ff f0")
    assert port.suspended
    hear(port, "ff fa 2c 6d ff f0")
    assert not port.suspended


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_bytes_make_it_fail_or_answer_without_end(before: bytes, noise: bytes) -> None:
    port = opened(GE, 19200)
    port.receive(before)
    got = port.receive(noise)
    assert len(got.reply) <= 100 + len(noise)
    assert len(got.data) <= len(before) + len(noise)


SESSION = bytes.fromhex(AGREED + "ff fb 00" + CONFIRMED_GE + "7e ff ff 02 ff fa 2c 6a 00 ff f0 7e")


@given(st.integers(1, len(SESSION)))
def test_a_session_is_the_same_however_it_is_cut(step: int) -> None:
    whole, pieces = opened(GE, 19200), opened(GE, 19200)
    expected = whole.receive(SESSION)
    gots = [pieces.receive(SESSION[at : at + step]) for at in range(0, len(SESSION), step)]
    assert b"".join(got.data for got in gots) == expected.data == b"\x7e\xff\x02\x7e"
    assert b"".join(got.reply for got in gots) == expected.reply
