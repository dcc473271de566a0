"""A check that cannot fail is worth nothing: each one sees its mistake, and finds none where there is none."""

from __future__ import annotations

import pytest

from pumpd.sim.conformance import CHECKS, Check
from tests.drivers.conformance.mutant_rows import MUTANTS
from tests.drivers.conformance.mutants import Mutant, broken, healthy

BY_NAME = {check.name: check for check in CHECKS}
DEVICES = {name: healthy(name) for name in ("one", "drip")}


@pytest.mark.parametrize(
    ("device", "check"), [(name, check) for name, case in DEVICES.items() for check in CHECKS if check.applies(case)]
)
def test_a_driver_without_mistakes_passes(device: str, check: Check) -> None:
    assert check.findings(DEVICES[device]) == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_check_sees_its_mistake(mutant: Mutant) -> None:
    check, case = BY_NAME[mutant.check], broken(mutant)
    assert check.applies(case)
    found = check.findings(case)
    assert found
    assert not any(one.startswith("it raised") for one in found), found


def test_every_check_has_a_mistake_that_it_must_see() -> None:
    assert {mutant.check for mutant in MUTANTS} == set(BY_NAME)


def test_a_driver_that_raises_is_a_finding() -> None:
    case = broken(Mutant("", "one", body="    def receive(self, data, now):\n        raise KeyError('x')\n"))
    assert BY_NAME["golden_frames"].findings(case)[0].startswith("it raised")
