"""Looking at a line never commands the device behind it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pumpd.cli.demo import demo_ward, free_port
from pumpd.cli.devices.capture import _capture
from pumpd.cli.devices.probe import Finding, _probe, judge
from pumpd.links import LinkError, parse_link
from pumpd.registry import drivers
from pumpd.sim import AsenaSim, SimWard


@pytest.mark.parametrize("links", ["pty", "tcp"])
async def test_probe_identifies_pump_and_monitor_and_never_takes_control(tmp_path: Path, links: str) -> None:
    ward = await SimWard.start(1, folder=tmp_path, links=links, play=False)  # type: ignore[arg-type]
    try:
        pump, monitor = ward.devices
        found = await _probe(pump.link, drivers()["alaris_asena"], 20)
        assert (found.sure, found.serial) == ("certain", pump.serial)
        sim = ward.beds[0].pump
        assert isinstance(sim, AsenaSim)
        assert sim.heard["INF"] >= 3
        assert not [word for word in sim.heard if word.startswith("REMOTE_CTRL") or word == "INF_STOP"]
        assert not sim.controlled
        assert (await _probe(monitor.link, drivers()["capnostream20"], 20)).sure == "certain"
    finally:
        await ward.close()


async def test_capture_sends_nothing(tmp_path: Path) -> None:
    ward = await SimWard.start(1, folder=tmp_path, links="tcp", play=False)
    try:
        link = parse_link(ward.devices[0].link)
        assert not isinstance(link, LinkError)
        await _capture(link, 38400, 0.3, io.StringIO(), [0])
        assert not ward.beds[0].pump.heard
    finally:
        await ward.close()


@pytest.mark.parametrize(
    ("finding", "strong", "sure"),
    [
        (Finding("d", up=False, detail="absent"), True, "no line"),
        (Finding("d", up=True), True, "not this"),
        (Finding("d", up=True, frames=2), True, "likely"),
        (Finding("d", up=True, frames=3, garbled=1), True, "certain"),
        (Finding("d", up=True, frames=3, garbled=1), False, "likely"),
        (Finding("d", up=True, frames=3), False, "certain"),
    ],
)
def test_how_sure_depends_on_the_frames_and_on_what_protects_them(finding: Finding, strong: bool, sure: str) -> None:
    assert judge(finding, strong) == sure


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
    import asyncio

    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert free_port(port) not in (None, port)
    server.close()
    await server.wait_closed()
    assert free_port(0) == 0
