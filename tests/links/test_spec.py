"""Link URLs."""

from __future__ import annotations

import pytest

from pumpd.links import LinkError, SerialLink, SocketLink, parse_link


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("serial:///dev/serial/by-id/usb-FTDI_A-if00-port0", SerialLink("/dev/serial/by-id/usb-FTDI_A-if00-port0")),
        ("serial:///dev/ttyUSB0?baud=9600", SerialLink("/dev/ttyUSB0", 9600)),
        ("serial:///tmp/a folder/50%/p1", SerialLink("/tmp/a folder/50%/p1")),
        ("socket://10.0.0.5:4001", SocketLink("10.0.0.5", 4001)),
        ("socket://[::1]:4001", SocketLink("::1", 4001)),
    ],
)
def test_a_link_url_is_understood_and_reads_the_same_again(url: str, link: object) -> None:
    assert parse_link(url) == link
    assert str(link) == url


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("/dev/ttyUSB0", "expected serial"),
        ("rfc2217://host:1", "expected serial"),
        ("serial://ttyUSB0", "full path"),
        ("serial:///dev/ttyUSB0?baud=fast", "whole number"),
        ("serial:///dev/ttyUSB0?baud=0", "whole number"),
        ("serial:///dev/ttyUSB0?parity=E", 'unknown option "parity"'),
        ("socket://host", "host:port"),
        ("socket://host:0", "host:port"),
        ("socket://host:99999", "1 to 65535"),
        ("socket://host:10/x", "nothing more"),
    ],
)
def test_a_wrong_link_url_is_a_value_that_says_what_is_wrong(url: str, word: str) -> None:
    answer = parse_link(url)
    assert isinstance(answer, LinkError)
    assert word in answer.message
