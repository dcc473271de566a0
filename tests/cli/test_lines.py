"""Looking at a line never commands the device behind it."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from pumpd.cli.demo import demo_ward, free_port
from pumpd.cli.devices.capture import Count, Writer, _capture
from pumpd.cli.devices.decode import facts_of
from pumpd.cli.devices.lines import link_of
from pumpd.cli.devices.probing.evidence import Sure
from pumpd.cli.devices.probing.search import NoLine, Search
from pumpd.cli.serve import first_of
from pumpd.device import Driver, Garbled, Line, PumpStatus
from pumpd.links import LinkError, parse_link
from pumpd.links.capture import read_files
from pumpd.registry import drivers
from pumpd.sim import AsenaSim, SimWard
from tests.links.serial_server import SerialServer


@pytest.mark.parametrize("links", ["pty", "tcp"])
async def test_probe_identifies_pump_and_monitor_and_never_takes_control(tmp_path: Path, links: str) -> None:
    ward = await SimWard.start(1, folder=tmp_path, links=links, play=False)  # type: ignore[arg-type]
    try:
        pump, monitor = ward.devices
        known = drivers()
        found = await searched(pump.link, known["masimo_ascii1"], known["alaris_asena"])
        assert (found.verdict.sure, found.verdict.drivers) == (Sure.CERTAIN, ("alaris_asena",))
        assert found.ranking[0].serial == pump.serial
        sim = ward.beds[0].pump
        assert isinstance(sim, AsenaSim)
        assert not [word for word in sim.heard if word.startswith(("REM", "INF_"))]
        assert not sim.controlled
        found = await searched(monitor.link, known["capnostream20"])
        assert (found.verdict.sure, found.verdict.drivers) == (Sure.CERTAIN, ("capnostream20",))
    finally:
        await ward.close()


async def searched(link: str, *tried: type[Driver]) -> Search:
    spec = parse_link(link)
    assert not isinstance(spec, LinkError)
    search = Search(spec, 0.2, 6.0, may_ask=True)
    await search.run(tried)
    return search


async def test_behind_a_serial_server_each_setting_is_set_there_and_the_right_one_is_named(tmp_path: Path) -> None:
    ward = await SimWard.start(1, folder=tmp_path, links="pty", play=False)
    server = SerialServer(Path(ward.devices[0].link.removeprefix("serial://")))
    try:
        known = drivers()
        link = parse_link(f"rfc2217://127.0.0.1:{server.port}")
        assert not isinstance(link, LinkError)
        seen: list[str] = []
        search = Search(link, 0.2, 6.0, may_ask=True, say=seen.append)
        await search.run([known["masimo_ascii1"], known["fresenius_base"], known["alaris_asena"]])
        assert (search.verdict.drivers, search.ranking[0].line) == (("alaris_asena",), "38400 8N1")
        assert seen[0] == "listening at 9600 8N1"
        assert set(seen[1:]) <= {"asking as fresenius_base at 19200 7E1", "asking as alaris_asena at 38400 8N1"}
        assert server.settings is not None
        assert (server.settings.baudrate, server.settings.parity) == (38400, "N")
    finally:
        server.close()
        await ward.close()


@pytest.mark.parametrize(
    ("port", "tap", "link"),
    [
        ("/dev/ttyUSB0", False, "serial:///dev/ttyUSB0"),
        ("10.0.0.5:4001", False, "socket://10.0.0.5:4001"),
        ("/dev/ttyUSB0", True, "serial:///dev/ttyUSB0?receive_only=1"),
        ("serial:///dev/ttyUSB0?baud=9600", True, "serial:///dev/ttyUSB0?baud=9600&receive_only=1"),
        ("socket://h:1?receive_only=1", True, "socket://h:1?receive_only=1"),
        ("socket://h:1?receive_only=0", True, "socket://h:1?receive_only=1"),
        ("rfc2217://h:1?receive_only=0&baud=9600", True, "rfc2217://h:1?baud=9600&receive_only=1"),
    ],
)
def test_what_a_person_types_becomes_a_link(port: str, tap: bool, link: str) -> None:
    assert link_of(port, tap) == link
    assert not isinstance(parse_link(link), LinkError)


async def test_a_tap_is_only_listened_to(tmp_path: Path) -> None:
    ward = await SimWard.start(1, folder=tmp_path, links="tcp", play=False)
    try:
        spec = parse_link(f"{ward.devices[0].link}?receive_only=1")
        assert not isinstance(spec, LinkError)
        search = Search(spec, 0.1, 6.0, may_ask=not spec.receive_only)
        await search.run([drivers()["alaris_asena"]])
        assert (search.verdict.sure, search.sent) == (Sure.SILENT, [])
        assert not ward.beds[0].pump.heard
    finally:
        await ward.close()


async def test_a_line_that_is_not_there_is_said_to_be_absent() -> None:
    with pytest.raises(NoLine, match="absent"):
        await searched("serial:///dev/no-such-port", drivers()["alaris_asena"])


async def captured(link: str, driver: type[Driver] | None, seconds: float | None) -> tuple[str, Count]:
    """seconds None: until three answers have come."""
    spec, file, count = parse_link(link), io.StringIO(), Count()
    assert not isinstance(spec, LinkError)
    writer = Enough(file, count)
    await first_of(_capture(spec, Line((38400,)), driver, seconds, writer), writer.heard.wait())
    return file.getvalue(), count


class Enough(Writer):
    def __init__(self, file: io.StringIO, count: Count) -> None:
        super().__init__(file, count)
        self.answers, self.heard = 0, asyncio.Event()

    def received(self, data: bytes) -> None:
        super().received(data)
        self.answers += data.count(b"\r")
        if self.answers >= 3:
            self.heard.set()


async def test_capture_sends_nothing_and_with_a_driver_records_both_directions(tmp_path: Path) -> None:
    ward = await SimWard.start(1, folder=tmp_path, links="tcp", play=False)
    try:
        link = ward.devices[0].link
        _, count = await captured(f"{link}?receive_only=1", None, 0.3)
        assert (count.received, count.sent) == (0, 0)
        assert not ward.beds[0].pump.heard
        text, count = await captured(link, drivers()["alaris_asena"], None)
        assert count.received
        assert count.sent
    finally:
        await ward.close()
    file = tmp_path / "line.capture.txt"
    file.write_text(text, encoding="ascii")
    facts = list(facts_of(drivers()["alaris_asena"], read_files([file])))
    statuses = [fact for _, fact in facts if isinstance(fact, PumpStatus)]
    assert statuses
    assert not any(isinstance(fact, Garbled) for _, fact in facts)


async def test_the_demos_ward_file_is_a_ward_like_any_other(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    sim = await SimWard.start(4, folder=folder / "lines", play=False)
    try:
        ward = demo_ward(folder, sim, 8080)
    finally:
        await sim.close()
    assert [bed.id for bed in ward.beds] == ["demo-01", "demo-02", "demo-03", "demo-04"]
    assert all(bed.patient is not None for bed in ward.beds)


async def test_a_busy_port_gives_the_next_free_one() -> None:
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert free_port(port) not in (None, port)
    server.close()
    await server.wait_closed()
    assert free_port(0) == 0
