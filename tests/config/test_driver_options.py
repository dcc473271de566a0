"""A driver's own keys in the ward file, checked against what the driver reads; and what it warns a person of."""

from __future__ import annotations

import pytest

from pumpd.config.load import inspect_ward, load_ward
from pumpd.config.model import WardConfig
from pumpd.device import DriverOption
from tests.config.conftest import Break

DRIVER = 'driver = "alaris_asena"\nlink = "serial:///dev/ttyUSB0"'


def _problems(ward_file: Break, options: str) -> list[str]:
    pump = f'driver = "gemini_c2"\noptions = {{ {options} }}\nlink = "serial:///dev/ttyUSB0"'
    loaded = load_ward(ward_file((DRIVER, pump)))
    return [] if isinstance(loaded, WardConfig) else [f"{p.key}: {p.message}" for p in loaded]


def test_a_driver_is_told_what_it_says_that_it_reads(ward_file: Break) -> None:
    assert _problems(ward_file, 'address = "1234", channel = "B", baud = "9600"') == []


@pytest.mark.parametrize(
    ("options", "key", "words"),
    [
        ('adress = "1234"', "adress", 'gemini_c2 has no option "adress"; did you mean "address"?'),
        ('address = "12"', "address", "four digits (without it 0000)"),
        ('channel = "E"', "channel", '"E" is not possible'),
    ],
)
def test_an_unknown_key_or_an_impossible_value_is_a_problem_that_says_what_is_possible(
    ward_file: Break, options: str, key: str, words: str
) -> None:
    found = _problems(ward_file, options)
    assert len(found) == 1, found
    assert found[0].startswith(f"bed[0].pump[0].options.{key}: ")
    assert words in found[0]


def test_a_driver_given_an_impossible_value_all_the_same_uses_its_default() -> None:
    option = DriverOption("address", "[0-9]{4}", "0000", "")
    assert option.of({"address": "12"}) == option.of({}) == "0000"
    assert option.of({"address": "1234"}) == "1234"


def test_what_a_person_must_know_of_a_device_is_a_warning_of_the_check(ward_file: Break) -> None:
    pump = 'driver = "new_era_ne1000"\nlink = "serial:///dev/ttyUSB0"'
    loaded = inspect_ward(ward_file((DRIVER, pump)))
    assert loaded.ward is not None
    warned = [str(warning) for warning in loaded.warnings]
    assert any("not for clinical use on humans" in words for words in warned), warned
