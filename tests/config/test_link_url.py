"""Link URLs: what they say, which line they are, and the speed that they fix for the driver."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.config.link_url import (
    LinkError,
    LinkSpec,
    SerialLink,
    ServerLink,
    SocketLink,
    driver_options,
    is_tap,
    line_of,
    parse_link,
)
from pumpd.config.load import load_ward
from pumpd.config.model import DeviceConfig, WardConfig
from pumpd.device import DeviceSettings, SetLine
from pumpd.registry import drivers
from pumpd.units import Ms
from tests.config.conftest import Break


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("serial:///dev/serial/by-id/usb-FTDI_A-if00-port0", SerialLink("/dev/serial/by-id/usb-FTDI_A-if00-port0")),
        ("serial:///dev/ttyUSB0?baud=9600", SerialLink("/dev/ttyUSB0", 9600)),
        ("serial:///tmp/a folder/50%/p1", SerialLink("/tmp/a folder/50%/p1")),
        ("socket://10.0.0.5:4001", SocketLink("10.0.0.5", 4001)),
        ("socket://[::1]:4001", SocketLink("::1", 4001)),
        ("rfc2217://192.0.2.7:4001", ServerLink("192.0.2.7", 4001)),
        ("rfc2217://[::1]:4001?baud=19200", ServerLink("::1", 4001, 19200)),
        ("serial:///dev/ttyUSB0?baud=9600&receive_only=1", SerialLink("/dev/ttyUSB0", 9600, receive_only=True)),
        ("socket://192.0.2.7:4001?receive_only=1", SocketLink("192.0.2.7", 4001, receive_only=True)),
        ("rfc2217://192.0.2.7:4001?receive_only=1", ServerLink("192.0.2.7", 4001, receive_only=True)),
    ],
)
def test_a_link_url_is_understood_and_reads_the_same_again(url: str, link: object) -> None:
    assert parse_link(url) == link
    assert str(link) == url


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("/dev/ttyUSB0", "expected serial"),
        ("rfc2217://host", "a host and a port"),
        ("rfc2217://host:1?baud=x", "whole number"),
        ("rfc2217://host:1?baud=99999999999", "whole number"),
        ("rfc2217://host:1?logging=debug", 'unknown option "logging"; known: baud, receive_only'),
        ("socket://host:1?baud=9600", 'unknown option "baud"; known: receive_only'),
        ("socket://user@host:1", "a host and a port"),
        ("serial:///dev/ttyUSB0?receive_only", 'receive_only must be 1 (never send a byte) or 0, not ""'),
        ("serial:///dev/ttyUSB0?receive_only=yes", "receive_only must be 1"),
        ("hl7:EHR", "no line of its own"),
        ("serial://ttyUSB0", "full path"),
        ("serial:///dev/", "names no port"),
        ("serial:///dev/ttyUSB0?baud=fast", "whole number"),
        ("serial:///dev/ttyUSB0?baud=0", "whole number"),
        ("serial:///dev/ttyUSB0?parity=E", 'unknown option "parity"'),
        ("socket://host", "a host and a port"),
        ("socket://host:0", "a host and a port"),
        ("socket://host:99999", "0-65535"),
        ("socket://host:10/x", "a host and a port"),
    ],
)
def test_a_wrong_link_url_is_a_value_that_says_what_is_wrong(url: str, word: str) -> None:
    answer = parse_link(url)
    assert isinstance(answer, LinkError)
    assert word in answer.message


def _link(url: str) -> LinkSpec:
    link = parse_link(url)
    assert not isinstance(link, LinkError)
    return link


def test_two_spellings_of_one_line_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "by-id").symlink_to(tmp_path / "port")
    assert line_of(_link(f"serial://{tmp_path}/by-id?baud=9600")) == line_of(_link(f"serial://{tmp_path}/./port"))
    assert line_of(_link("socket://localhost:4001")) == line_of(_link("socket://[::1]:4001"))
    assert line_of(_link("socket://10.0.0.5:4001")) != line_of(_link("socket://10.0.0.5:4002"))
    assert line_of(_link("socket://10.0.0.5:4001")) == line_of(_link("rfc2217://10.0.0.5:4001?receive_only=1"))


def test_only_a_link_that_says_so_is_a_tap() -> None:
    taps = ("serial:///dev/ttyUSB0?receive_only=1", "rfc2217://host:1?baud=9600&receive_only=1")
    others = ("serial:///dev/ttyUSB0", "socket://host:1?receive_only=0", "no link?receive_only=1")
    assert [is_tap(url) for url in (*taps, *others)] == [True, True, False, False, False]


def test_a_link_without_a_speed_leaves_the_drivers_options_as_they_are() -> None:
    for link in ("serial:///dev/ttyUSB0", "socket://10.0.0.5:4001", "no link"):
        assert driver_options(link, {"baud": "auto", "other": "1"}) == {"baud": "auto", "other": "1"}


def _monitor(path: Path) -> DeviceConfig:
    ward = load_ward(path)
    assert isinstance(ward, WardConfig), ward
    return ward.beds[0].devices[1]


def test_a_driver_with_an_automatic_speed_never_leaves_the_one_that_the_link_fixes(ward_file: Break) -> None:
    device = _monitor(ward_file(("socket://10.0.0.5:4001", "serial:///dev/ttyUSB9?baud=57600")))
    driver = drivers()[device.driver](DeviceSettings(device.id, options=device.options))
    sent = driver.start(Ms(0))
    while (due := driver.next_deadline()) is not None and due < 20_000:
        sent += driver.tick(due)
    assert {out.baud for out in sent if isinstance(out, SetLine)} == {57600}


@pytest.mark.parametrize(("baud", "problems"), [("57600", 0), ("9600", 1), ("auto", 1)])
def test_an_option_that_contradicts_the_links_speed_is_one_line(ward_file: Break, baud: str, problems: int) -> None:
    link = 'link = "serial:///dev/ttyUSB9?baud=57600"\noptions.baud = ' + f'"{baud}"'
    loaded = load_ward(ward_file(('link = "socket://10.0.0.5:4001"', link)))
    found = loaded if isinstance(loaded, list) else []
    assert [p.key for p in found] == ["bed[0].monitor[0].options.baud"] * problems
