"""The workshop of a real daemon: its devices' last bytes, its drivers, its captures on the disk, its own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.device import PumpStatus
from pumpd.links.capture import read_file
from tests.daemon.house import House


@pytest.mark.slow
async def test_last_bytes_drivers_captures_and_files_of_a_running_ward(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    shop, pump = house.daemon.ward.workshop, house.pump.id
    try:
        pieces = shop.recent(pump)
        assert pieces is not None
        assert any(one.outs is None for one in pieces), "questions are sent"
        assert any(isinstance(out, PumpStatus) for one in pieces for out in one.outs or ())
        assert shop.recent("nobody") is None

        drivers = {one.name: one for one in shop.drivers()}
        assert drivers["alaris_asena"].used == 1
        assert drivers["alaris_asena"].version == shop.version("alaris_asena") != ""
        assert drivers["alaris_asena"].origin.startswith("pumpd_drivers.alaris_asena")

        assert house.daemon.capture is not None
        await house.daemon.capture.write()
        kept = {one.device: one.files for one in (await shop.captures()).devices}
        blocks = await shop.capture(pump, kept[pump][0].name)
        assert blocks is not None
        (tmp_path / "copy.txt").write_bytes(b"".join([block async for block in blocks]))
        assert len((tmp_path / "copy.txt").read_bytes()) >= kept[pump][0].size
        assert any(chunk.sent for chunk in read_file(tmp_path / "copy.txt"))
        for name in ("../journal.db", "nothing.capture.txt", "../../ward.toml"):
            assert await shop.capture(pump, name) is None
        assert await shop.capture("..", kept[pump][0].name) is None

        files = (await shop.configuration()).files
        assert len(files) > 3
        assert [one.path for one in files if one.changed] == []
        with (tmp_path / "ward.toml").open("a", encoding="utf-8") as file:
            file.write("\nnonsense = 1\n")
        assert [one.path for one in (await shop.configuration()).files if one.changed] == [str(tmp_path / "ward.toml")]
        check = await shop.check()
        assert check.code == 1
        assert "nonsense" in check.text
    finally:
        await house.close()
