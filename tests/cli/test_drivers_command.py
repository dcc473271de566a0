"""`pumpd devices drivers`: the list of all, and everything about one."""

from __future__ import annotations

import json

import pytest

from pumpd.registry import drivers
from tests.cli.call import run


def test_drivers_are_listed_with_what_they_can_do() -> None:
    code, out, _ = run("devices", "drivers", "--json")
    assert code == 0
    found = {one["name"]: one for one in json.loads(out)["drivers"]}
    assert set(found) == set(drivers())
    assert found["alaris_asena"]["pump"]["can_stop"] is True
    assert "rr" in found["capnostream20"]["signals"]


def test_the_list_names_every_driver_with_its_line_and_quality() -> None:
    _, out, _ = run("devices", "drivers")
    for info in (driver.info for driver in drivers().values()):
        row = next(line for line in out.splitlines() if f" {info.name} " in line)
        assert all(word in row for word in (info.kind.value, info.line.text(), info.integrity.value, info.quality))


@pytest.mark.parametrize("name", sorted(drivers()))
def test_everything_about_one_driver_is_told(name: str) -> None:
    info = drivers()[name].info
    code, out, _ = run("devices", "drivers", name)
    assert code == 0
    for word in (*info.sources, *info.signals, *(frame.hex(" ") for frame in info.probe_bytes)):
        assert word in out
    assert all(option.text in out for option in info.options)
    _, document, _ = run("devices", "drivers", name, "--json")
    assert json.loads(document)["name"] == name


def test_a_name_that_is_none_is_exit_2_with_the_nearest() -> None:
    code, _, err = run("devices", "drivers", "alaris")
    assert (code, 'did you mean "alaris_asena"?' in err) == (2, True)
