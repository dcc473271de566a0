"""A pump behind a serial server (RFC 2217): limits are enforced there as on a port of this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pumpd.config.load import load_ward
from pumpd.config.model import WardConfig
from pumpd.links.capture import read_files
from tests.daemon.house import House
from tests.links.serial_server import SerialServer


@pytest.fixture
async def served(house: House) -> AsyncIterator[SerialServer]:
    """The house's pump is moved behind a serial server; the daemon has started anew."""
    await house.daemon.stop()
    device = house.config.beds[0].devices[0]
    server = SerialServer(Path(device.link.removeprefix("serial://")))
    path = house.folder / "ward.toml"
    link = f"rfc2217://127.0.0.1:{server.port}"
    path.write_text(path.read_text(encoding="utf-8").replace(device.link, link), encoding="utf-8")
    config = load_ward(path)
    assert isinstance(config, WardConfig), config
    house.config = config
    await house.start()
    await house.until(lambda: house.pump.infusing and house.pump.control is not None)
    yield server
    server.close()


@pytest.mark.req("CEI-01", "INT-01")
async def test_a_pump_behind_a_serial_server_is_stopped_and_seen_to_stand(house: House, served: SerialServer) -> None:
    assert served.settings is not None
    assert (served.settings.baudrate, served.settings.parity) == (38400, "N")
    house.bed.pump.pump.set_rate(1_000_000)
    await house.until(lambda: house.pump.interlock.value == "stop_verified")
    assert not house.bed.pump.pump.infusing


async def test_a_serial_server_that_restarts_is_a_lost_pump_until_it_is_back(
    house: House, served: SerialServer
) -> None:
    served.hang_up()
    await house.until(lambda: house.view.devices[0].link.value == "down")
    await house.until(lambda: house.view.devices[0].link.value == "up" and house.pump.infusing)


async def test_what_is_kept_of_such_a_line_is_the_devices_bytes_only(house: House, served: SerialServer) -> None:
    await house.daemon.stop()
    folder = house.folder / "capture" / house.config.beds[0].devices[0].id
    chunks = list(read_files(sorted(folder.iterdir())))
    assert all(chunk.data.isascii() for chunk in chunks)
    assert b"\xff" in served.raw
    assert sum(chunk.data.startswith(b"!") for chunk in chunks if chunk.sent) > 3
    await house.start()
