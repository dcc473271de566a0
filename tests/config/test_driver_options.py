"""A driver's own keys in the ward file, checked against what the driver reads; and what it warns a person of."""

from __future__ import annotations

import pytest

from pumpd.config.load import inspect_ward, load_ward
from pumpd.config.model import WardConfig
from pumpd.device import DeviceSettings, DriverOption, Origin
from pumpd.registry import drivers
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


MONITOR = 'driver = "capnostream20"\nlink = "socket://10.0.0.5:4001"'
OWN_KEYS = {
    "baxter_as50": {"running", "standing"},
    "bbraun_space_bcc": {"slot"},
    "fresenius_base": {"module"},
    "ge_dri": {"interval", "checksum", "rr"},
    "gemini_c2": {"address", "channel", "running", "standing"},
    "hospira_plum_a": {"id", "running", "standing"},
    "new_era_ne1000": {"mode", "address", "watchdog_s"},
    "nonin_df": {"format"},
    "philips_intellivue": {"poll", "rr"},
}


def monitor_problems(ward_file: Break, driver: str, rest: str) -> list[str]:
    monitor = f'driver = "{driver}"\n{rest}\nlink = "socket://10.0.0.5:4001"'
    loaded = load_ward(ward_file((MONITOR, monitor)))
    return [] if isinstance(loaded, WardConfig) else [f"{p.key}: {p.message}" for p in loaded]


@pytest.mark.parametrize(
    ("driver", "options", "words"),
    [
        ("nonin_df", 'format = "dff"', '"dff" is not possible'),
        ("nonin_df", 'format = "dff"', 'did you mean "df'),
        ("nonin_df", 'fromat = "df2"', 'nonin_df has no option "fromat"; did you mean "format"?'),
        ("ge_dri", 'rr = "impedence"', 'did you mean "impedance"?'),
        ("ge_dri", 'interval = "4"', "seconds between reports, 5 to 60 (without it 5)"),
        ("philips_intellivue", 'poll = "sngle"', 'did you mean "single"?'),
        ("capnostream20", 'format = "df2"', 'capnostream20 has no option "format"'),
        ("masimo_ascii1", 'baud = "fast"', '"fast" is not possible'),
    ],
)
def test_a_misspelt_word_is_one_line_with_the_nearest_known_one(
    ward_file: Break, driver: str, options: str, words: str
) -> None:
    found = monitor_problems(ward_file, driver, f"options = {{ {options} }}")
    assert len(found) == 1, found
    assert words in found[0]


def test_each_installed_driver_says_every_key_that_it_reads() -> None:
    declared = {name: {option.name for option in driver.info.options} for name, driver in drivers().items()}
    assert {name: keys for name, keys in declared.items() if keys} == OWN_KEYS
    for name, driver in drivers().items():
        read = Reads()
        driver(DeviceSettings("d1", options=read))
        assert read.keys_read <= declared[name] | {"baud"}, name


class Reads(dict[str, str]):
    """Options that remember what was asked of them."""

    def __init__(self) -> None:
        super().__init__()
        self.keys_read: set[str] = set()

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.keys_read.add(key)
        return default


@pytest.mark.req("RSP-07")
@pytest.mark.parametrize("driver", ["ge_dri", "philips_intellivue"])
def test_a_rate_by_impedance_is_chosen_by_a_person_and_the_kernel_and_the_check_know_it(
    ward_file: Break, driver: str
) -> None:
    def loaded(options: str) -> tuple[dict[str, Origin], tuple[str, ...], list[str]]:
        monitor = f'driver = "{driver}"\n{options}\nlink = "socket://10.0.0.5:4001"'
        found = inspect_ward(ward_file((MONITOR, monitor)))
        assert found.ward is not None, found.problems
        policy = found.ward.beds[0].policy.monitors[0]
        return dict(policy.origins), policy.signals, [str(warning) for warning in found.warnings]

    origins, signals, warnings = loaded("")
    assert (origins["rr"], origins["rr_imp"]) == (Origin.CO2, Origin.IMPEDANCE)
    assert {"rr", "rr_imp"} <= {*signals}
    assert not any("chest that moves" in words for words in warnings)
    origins, signals, warnings = loaded('options = { rr = "impedance" }')
    assert origins["rr"] is Origin.IMPEDANCE
    assert "rr" in signals
    assert "rr_imp" not in {*signals, *origins}
    assert any("a chest that moves without air counts as breathing" in words for words in warnings)


def test_an_origin_that_contradicts_the_option_is_a_problem(ward_file: Break) -> None:
    found = monitor_problems(ward_file, "ge_dri", 'options = { rr = "impedance" }\norigins = { rr = "co2" }')
    assert len(found) == 1, found
    assert "bed[0].monitor[0].origins.rr" in found[0]
    assert 'contradicts options.rr = "impedance"' in found[0]


def test_a_rate_by_impedance_before_a_capnograph_is_told(ward_file: Break) -> None:
    ge = (
        'driver = "ge_dri"\noptions = { rr = "impedance" }\nlink = "socket://10.0.0.5:4002"\n\n'
        '[[bed.monitor]]\nid = "4b-01-m2"\n'
    )
    loaded = inspect_ward(ward_file((MONITOR, ge + MONITOR)))
    assert any("4b-01-m1 goes before 4b-01-m2, which measures breathing by CO2" in str(w) for w in loaded.warnings)
