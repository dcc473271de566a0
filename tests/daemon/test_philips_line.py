"""A Philips monitor on a TCP line to a whole daemon: associated, shown, cut off, grey, associated again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pumpd.config.load import load_ward
from pumpd.config.model import WardConfig
from pumpd.daemon import Daemon
from pumpd.live.shape import values_shape
from pumpd.live.stamp import Stamp
from pumpd.safety.events import LinkState
from pumpd.sim import SimPatient
from pumpd.sim.catalog import CATALOG
from pumpd.sim.endpoint_tcp import TcpEndpoint
from pumpd.sim.line import DeviceLine, SimClock
from tests.daemon.house import CONFIG

WARD = """
schema = 1
[ward]
id = "4b"
name = "Palliative Care 4B"
timezone = "UTC"
care_area = "palliative-adult"
[server]
host = "127.0.0.1"
port = 0
[journal]
url = "sqlite+aiosqlite:///{folder}/journal.db"
[library]
file = "{config}/drug_library.toml"
[protocol]
file = "{config}/protocols/ldk.toml"
[alarms]
file = "{config}/alarms/adult.toml"
[times]
file = "{folder}/times.toml"
[[bed]]
id = "b1"
label = "Bed 1"
  [[bed.monitor]]
  id = "b1-m1"
  driver = "philips_intellivue"
  link = "{link}"
"""
QUICKER = (('vitals_live = "5 s"', 'vitals_live = "1500 ms"'), ('vitals_withdraw = "15 s"', 'vitals_withdraw = "2 s"'))


class Bedside:
    """One bed of a running daemon; `until` waits for what a screen may read."""

    def __init__(self, daemon: Daemon, sim: Any, endpoint: TcpEndpoint) -> None:
        self.daemon, self.sim, self.endpoint = daemon, sim, endpoint
        self._stepped = asyncio.Event()
        mark = daemon.hub.mark

        def noting(bed_id: str) -> None:
            mark(bed_id)
            self._stepped.set()

        daemon.hub.mark = noting  # type: ignore[method-assign]

    def shown(self) -> dict[str, Any]:
        """Each value as it stands on the wire to a screen."""
        bed = self.daemon.beds["b1"]
        return values_shape(bed.view(), Stamp(bed.now_ms, lambda ms: datetime.now(UTC)))  # type: ignore[return-value]

    @property
    def link(self) -> LinkState:
        return self.daemon.beds["b1"].view().devices[0].link

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():
            self._stepped.clear()
            await self._stepped.wait()


@pytest.fixture
async def bedside(tmp_path: Path) -> AsyncIterator[Bedside]:
    endpoint, sim = TcpEndpoint(), CATALOG["philips_intellivue"].device(SimPatient())
    line = DeviceLine(sim, endpoint, SimClock())
    line.open()
    times = (CONFIG / "times.toml").read_text(encoding="utf-8")
    for old, new in QUICKER:
        assert old in times
        times = times.replace(old, new)
    (tmp_path / "times.toml").write_text(times, encoding="utf-8")
    (tmp_path / "ward.toml").write_text(
        WARD.format(folder=tmp_path, config=CONFIG, link=endpoint.url), encoding="utf-8"
    )
    try:
        config = load_ward(tmp_path / "ward.toml")
        assert isinstance(config, WardConfig), config
        daemon = Daemon(config)
        await daemon.start()
        yield Bedside(daemon, sim, endpoint)
        await daemon.stop()
    finally:
        line.close()


@pytest.mark.slow
@pytest.mark.req("QUA-02")
async def test_values_come_with_the_association_go_grey_with_the_cable_and_come_back(bedside: Bedside) -> None:
    def digits(name: str) -> object:
        return bedside.shown()[name].v

    wanted = ("hr", "spo2", "rr", "etco2", "nibp_sys")
    await bedside.until(lambda: all(digits(name) is not None for name in wanted))
    assert bedside.sim.associated
    assert digits("hr") * 1000 == bedside.sim.shown(0)["hr"]  # type: ignore[operator]
    bedside.endpoint.unplug()
    await bedside.until(lambda: bedside.link is not LinkState.UP)
    await bedside.until(lambda: digits("hr") is None and digits("spo2") is None)
    assert digits("nibp_sys") is not None  # a cuff's value stays, with its age
    bedside.endpoint.replug()
    await bedside.until(lambda: digits("hr") is not None and bedside.shown()["hr"].q == "ok")
    assert bedside.sim.associated
