"""A daemon with a driver under development: every list of devices, the log and the boot record say so."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from pumpd.config.load import load_ward
from pumpd.config.model import WardConfig
from pumpd.registry import add_file, forget_files
from tests.daemon.house import House

FILE = '''\
"""A capnograph whose driver is being changed."""

from dataclasses import replace

from pumpd_drivers.capnostream20 import Capnostream20


class MyCapno(Capnostream20):
    info = replace(Capnostream20.info, name="my_capno")
'''


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    forget_files()


async def test_a_monitor_under_development_is_unverified_wherever_it_is_told(house: House) -> None:
    path = house.folder / "my_capno.py"
    path.write_text(FILE, encoding="utf-8")
    file = add_file(path)
    ward = house.folder / "ward.toml"
    ward.write_text(ward.read_text().replace('driver = "capnostream20"', 'driver = "my_capno"'), encoding="utf-8")
    config = load_ward(ward)
    assert isinstance(config, WardConfig)
    await house.daemon.stop()
    house.config = config
    with capture_logs() as logs:
        await house.start()
    await house.until(lambda: house.view.values["rr"].value_milli is not None)
    told = {device.id: device.unverified for device in house.view.devices}
    pump, monitor = (device.id for device in house.view.devices)
    assert told == {pump: False, monitor: True}
    (warning,) = [one for one in logs if one["event"].startswith("UNVERIFIED")]
    assert (warning["driver"], warning["devices"]) == ("my_capno", [monitor])
    details = {one.id: one.quality for one in house.daemon.ward.devices(house.bed.id)}
    assert details == {pump: "simulated", monitor: "unverified"}
    await house.daemon.stop()
    with sqlite3.connect(house.folder / "journal.db") as journal:
        (record,) = journal.execute("SELECT config FROM boots ORDER BY id DESC LIMIT 1").fetchone()
        (policy,) = journal.execute("SELECT body FROM policies ORDER BY rowid DESC LIMIT 1").fetchone()
    assert json.loads(record)["unverified"] == ["my_capno"]
    assert json.loads(record)["files"][str(path)] == file.sha256
    assert '"unverified":true' in policy
    house.daemon = type(house.daemon)(config)
    await house.start()
