"""Drivers are found by name; a broken one is a value and stops nothing."""

from __future__ import annotations

from importlib.metadata import EntryPoint

from pumpd.registry import GROUP, broken, drivers, load


def test_the_installed_drivers_are_found_by_name() -> None:
    assert {"alaris_asena", "capnostream20"} <= set(drivers())
    assert broken() == ()


def test_a_broken_driver_is_reported_beside_those_that_work() -> None:
    points = (
        EntryPoint("absent", "no_such_package:Driver", GROUP),
        EntryPoint("alaris_asena", "pumpd_drivers.alaris_asena:AlarisAsena", GROUP),
        EntryPoint("json", "json:dumps", GROUP),
        EntryPoint("other_name", "pumpd_drivers.alaris_asena:AlarisAsena", GROUP),
    )
    found = load(points)
    assert set(found.drivers) == {"alaris_asena"}
    reasons = {one.name: one.reason for one in found.broken}
    assert "no_such_package" in reasons["absent"]
    assert "no DriverInfo" in reasons["json"]
    assert 'calls itself "alaris_asena"' in reasons["other_name"]
