"""The daemon keeps the raw bytes of every line beside its journal, and monitors on where it cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pumpd_drivers.alaris_asena_wire import frame

from pumpd.daemon import Daemon
from pumpd.links.capture import read_files, read_header
from tests.daemon.house import House


def captured(house: House, device: str) -> list[Path]:
    return sorted((house.folder / "capture" / device).iterdir())


async def test_every_line_is_kept_beside_the_journal_in_both_directions(house: House) -> None:
    pump, monitor = (device.id for device in house.config.beds[0].devices)
    await house.until(lambda: house.daemon.beds[house.bed.id].state.samples.get(monitor))
    await house.daemon.stop()
    chunks = list(read_files(captured(house, pump)))
    sent = b"".join(chunk.data for chunk in chunks if chunk.sent)
    heard = b"".join(chunk.data for chunk in chunks if not chunk.sent)
    assert sent.startswith(frame("INST_SERIALNO"))
    assert b"!INF^" in heard
    assert chunks[0].sent, "the question comes before its answer"
    assert any(not chunk.sent for chunk in read_files(captured(house, monitor)))
    await house.start()


async def test_a_files_first_moment_is_the_journals_time(house: House) -> None:
    await house.daemon.capture.write()  # type: ignore[union-attr]
    [path] = captured(house, house.config.beds[0].devices[0].id)
    header = read_header(path)
    assert header.now_ms is not None
    assert header.wall is not None
    at = house.daemon.clock.wall_of(header.now_ms)
    assert abs((at - header.wall).total_seconds()) < 5, "the machine may stall between two looks at its clocks"
    assert header.now_ms <= house.daemon.beds[house.bed.id].now_ms


@pytest.mark.req("CEI-01", "INT-01")
async def test_a_capture_that_cannot_be_written_costs_no_stop_and_is_counted(house: House) -> None:
    kept = house.daemon.capture
    assert kept is not None
    kept._config = replace(kept._config, keep_free_bytes=10**18)
    await kept.write()
    assert kept.paused is not None
    assert house.daemon.counts().capture is not None
    assert house.daemon.counts().capture.paused  # type: ignore[union-attr]
    house.bed.pump.pump.set_rate(1_000_000)
    await house.until(lambda: house.pump.interlock.value == "stop_verified")


async def test_a_ward_without_captures_runs_without(house: House) -> None:
    await house.daemon.stop()
    house.daemon = Daemon(replace(house.config, capture=None))
    house.config = house.daemon.config
    await house.start()
    await house.until(lambda: house.pump.infusing)
    assert house.daemon.counts().capture is None
