"""Every simulated device is identified among all drivers, and told apart from every other one."""

from __future__ import annotations

import random
from functools import cache

import pytest

from pumpd.cli.devices.probing.ears import Ears
from pumpd.cli.devices.probing.evidence import Sure, ranked, verdict
from pumpd.device import Integrity
from pumpd.registry import drivers
from pumpd.sim.catalog import CATALOG
from pumpd.units import Ms
from tests.cli.probing import ProbedLine

KNOWN = sorted(set(CATALOG) & set(drivers()))


@cache
def probed(name: str) -> ProbedLine:
    """The device's line after it was probed with all drivers."""
    line = ProbedLine(name, drivers().values())
    line.identify()
    return line


@pytest.mark.parametrize("name", KNOWN)
def test_a_device_is_identified_among_all_drivers(name: str) -> None:
    line = probed(name)
    found = line.verdict
    told = [(one.info.name, one.sure.value, one.words()) for one in line.ranking[:3]]
    assert found.drivers == (name,), told
    assert found.identified, told
    if drivers()[name].info.integrity is Integrity.CRC16:
        assert found.sure is Sure.CERTAIN, told


@pytest.mark.parametrize("name", [name for name in KNOWN if not drivers()[name].info.needs_asking])
def test_a_device_that_talks_by_itself_is_identified_without_one_byte_sent(name: str) -> None:
    line = probed(name)
    assert line.verdict.drivers == (name,)
    assert line.sent == []


@pytest.mark.parametrize("name", KNOWN)
def test_nothing_leaves_but_whole_frames_that_a_driver_declares_harmless(name: str) -> None:
    harmless = {frame for driver in drivers().values() for frame in driver.info.probe_bytes}
    assert set(probed(name).sent) <= harmless


@pytest.mark.parametrize("alphabet", [bytes(range(256)), b"0123456789 ABCDEFSPO2HR=:;-\r\n<>[]!|"])
def test_noise_is_nobody(alphabet: bytes) -> None:
    noise = random.Random(7)
    ears = Ears(drivers().values(), 9600, "", Ms(0))
    for now in range(0, 20_000, 50):
        ears.receive(bytes(noise.choices(alphabet, k=48)), Ms(now))
        ears.tick(Ms(now))
    assert [one.failed for one in ears.evidence if one.failed] == []
    assert verdict(ranked(ears.evidence)).drivers == ()
