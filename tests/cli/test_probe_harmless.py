"""No question of any driver is a command to any device: every driver's probe bytes to every simulated device."""

from __future__ import annotations

from typing import Any

import pytest

from pumpd.device import Driver
from pumpd.registry import drivers
from pumpd.sim.catalog import CATALOG, Simulated
from tests.cli.probing import device

ASKING = {name: driver for name, driver in drivers().items() if driver.info.probe_bytes}
LATER_MS = 40
COMMANDS_OF_ASENA = ("REMOTE", "REMQ", "INF_STOP", "INF_START", "INF_RATE", "INF_VI_CLEAR", "INF_VTBI", "INF_BOLUS")


def state(sim: Simulated, now_ms: int) -> dict[str, Any]:
    """What somebody in front of the device would notice, and what it counts as commands."""
    pump = getattr(sim, "pump", None)
    return {
        "shown": dict(sim.shown(now_ms)) if pump is not None else None,
        "alarms": None if pump is None else tuple(pump.alarms),
        "rate set": None if pump is None else pump.rate_ul_h,
        "controlled": getattr(sim, "controlled", None),
        "local": getattr(sim, "local", None),
        "commands": {name: count for name, count in getattr(sim, "asked", {}).items() if name != "read"},
        "heard as commands": [name for name in getattr(sim, "heard", ()) if str(name).startswith(COMMANDS_OF_ASENA)],
    }


SESSION = ("talking", "streaming", "associated", "_enabled", "_open", "_opened", "_base_open_ms", "_every_ms")


def talking(sim: Simulated) -> dict[str, object]:
    """Whether a host has a session with it, or it reports to one."""
    return {name: getattr(sim, name) for name in SESSION if getattr(sim, name, None)}


@pytest.mark.parametrize("model", sorted(CATALOG))
@pytest.mark.parametrize("name", sorted(ASKING))
def test_a_drivers_questions_change_nothing_in_any_device(name: str, model: str) -> None:
    driver: type[Driver] = ASKING[name]
    asked, alone = device(model), device(model)
    now_ms = 1000
    for sim in (asked, alone):
        sim.tick(now_ms)
    before = talking(asked)
    whole, joined = driver.info.probe_bytes, b"".join(driver.info.probe_bytes)
    for frame in (*whole, *whole, joined, *(bytes((byte,)) for byte in joined)):
        now_ms += LATER_MS
        asked.receive(frame, now_ms)
        alone.tick(now_ms)
        assert state(asked, now_ms) == state(alone, now_ms), frame
    assert talking(asked) == before, "a session that a question opened is not ended by the last one"


@pytest.mark.parametrize("name", sorted(ASKING))
def test_a_drivers_questions_hold_nothing_that_is_known_to_act_elsewhere(name: str) -> None:
    line = b"".join(ASKING[name].info.probe_bytes) * 2
    for harm in (b"\x03\x03", b"\x02\x70", b"STOP", b"STRT", b"RUN\r", b"STP\r", b"PUR\r", b"OFF", b"ON\r"):
        assert harm not in line
    assert not any(other.startswith(b"\x03") for other in ASKING[name].info.probe_bytes)
