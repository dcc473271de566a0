"""HL7 in the ward file: what the gateway is given, and one precise line for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.config.load import inspect_ward, load_ward
from pumpd.config.model import WardConfig
from pumpd.device import Kind
from pumpd.gateways import CompareSettings, PeerSettings, SendSettings
from pumpd.safety.policy import Enforcement
from tests.config.conftest import WARD, Break

LISTEN = """
[hl7]
application = "PUMPD"

[hl7.listen]
host = "127.0.0.1"
port = 2575

[[hl7.peer]]
id = "ehr"
application = "EHR"
may = ["ADT"]
utc_offset = "-03:30"
"""
SEND = """
[[hl7.send]]
id = "alarms"
url = "mllp://127.0.0.1:2576"
messages = ["PCD-01"]
interval = "30 s"
"""
LOCATIONS = '\n[hl7.locations]\n"4B^01^1" = "4b-01"\n'
MONITOR = ('driver = "capnostream20"\nlink = "socket://10.0.0.5:4001"', 'link = "hl7:MON-1"')
PUMP = ('driver = "alaris_asena"\nlink = "serial:///dev/ttyUSB1"', 'link = "hl7:PUMP-1"')


def ward(path: object) -> WardConfig:
    found = load_ward(path)  # type: ignore[arg-type]
    assert isinstance(found, WardConfig), found
    return found


def test_without_a_table_there_is_no_gateway(ward_file: Break) -> None:
    assert ward(ward_file()).hl7 is None


def test_the_tables_become_what_the_gateway_takes(ward_file: Break) -> None:
    hl7 = ward(ward_file(more=LISTEN + SEND + LOCATIONS)).hl7
    assert hl7 is not None
    assert hl7.listen is not None
    assert (hl7.listen.host, hl7.listen.port, hl7.listen.tls) == ("127.0.0.1", 2575, None)
    assert hl7.listen.peers == (PeerSettings("ehr", "EHR", may=("ADT",), utc_offset_min=-210),)
    assert hl7.send == (SendSettings("alarms", "127.0.0.1", 2576, ("PCD-01",), interval_ms=30_000),)
    assert hl7.locations == {"4B^01^1": "4b-01"}


SHOWS = '["ADT"]\ncertificates = '
MISTAKES = [
    ("unknown key", ("port = 2575", "prot = 2575"), "hl7.listen.prot", 'did you mean "port"?'),
    ("unknown message", ('"PCD-01"', '"PCD-1"'), "hl7.send[0].messages[0]", 'expected "PCD-01", "PCD-04"'),
    ("no address", ("mllp://127.0.0.1:2576", "127.0.0.1:2576"), "hl7.send[0].url", "mllp://host:port"),
    ("no port", ("mllp://127.0.0.1:2576", "mllp://127.0.0.1"), "hl7.send[0].url", "mllp://host:port"),
    ("no certificate", ("mllp://", "mllps://"), "hl7.send[0].url", "needs tls"),
    ("unknown bed", ('= "4b-01"', '= "4b-11"'), "hl7.locations.4B^01^1", 'did you mean "4b-01"?'),
    ("the page's port", ("port = 2575", "port = 8080"), "hl7.listen.port", "the page's own port"),
    ("an offset", ('"-03:30"', '"CET"'), "hl7.peer[0].utc_offset", '"+01:00"'),
    (
        "a digest",
        ('["ADT"]', '["ADT"]\ncertificates = ["sha256:AB:CD"]'),
        "hl7.peer[0].certificates[0]",
        "64 hexadecimal",
    ),
    (
        "too short",
        ("[hl7.locations]", "[hl7.keep]\nreceived_days = 3\n[hl7.locations]"),
        "hl7.keep.received_days",
        "7 days",
    ),
    ("no tls", ('["ADT"]', '["ADT"]\ncertificates = ["his"]'), "hl7.peer[0].certificates", "[hl7.listen] has no tls"),
    ("not taken", ('["ADT"]', '["ADX"]'), "hl7.peer[0].may[0]", 'expected "ADT", "ORU"'),
]


@pytest.mark.parametrize(("change", "key", "words"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_one_line_that_names_place_and_cure(
    ward_file: Break, change: tuple[str, str], key: str, words: str
) -> None:
    hl7 = LISTEN + SEND + LOCATIONS
    assert change[0] in hl7
    problems = load_ward(ward_file(more=hl7.replace(*change, 1)))
    assert isinstance(problems, list)
    assert [problem.key for problem in problems] == [key]
    assert words in problems[0].message
    assert problems[0].line > len(WARD.splitlines())


def test_two_peers_with_one_application_are_told_apart_by_nothing(ward_file: Break) -> None:
    twin = '\n[[hl7.peer]]\nid = "other"\napplication = "EHR"\n'
    problems = load_ward(ward_file(more=LISTEN + twin))
    assert isinstance(problems, list)
    assert [(one.key, "used already" in one.message) for one in problems] == [("hl7.peer[1].application", True)]


def test_one_device_behind_hl7_is_at_one_place(ward_file: Break) -> None:
    twin = '\n[[bed]]\nid = "far"\n\n[[bed.monitor]]\nid = "far-m1"\nlink = "hl7:MON-1"\n'
    problems = load_ward(ward_file(MONITOR, more=twin + LISTEN))
    assert isinstance(problems, list)
    assert [one.key for one in problems] == ["bed[2].monitor[0].link"]
    assert "already used by" in problems[0].message
    assert "stands at one bed: its gateway has to send an identifier of its own" in problems[0].message


def test_how_far_two_systems_may_differ_is_the_wards(ward_file: Break) -> None:
    table = '\n[hl7.compare]\nweight_percent = 10\nclock = "30 s"\n'
    hl7 = ward(ward_file(more=LISTEN + table)).hl7
    assert hl7 is not None
    assert hl7.compare == CompareSettings(10, 2, 30_000)
    default = ward(ward_file(more=LISTEN)).hl7
    assert default is not None
    assert default.compare == CompareSettings(5, 2, 120_000)


def test_files_of_certificates_must_be_there(ward_file: Break) -> None:
    tls = '\n[hl7.listen.tls]\ncertificate = "us.pem"\nkey = "us.key"\nauthorities = "them.pem"\n'
    problems = load_ward(ward_file(more=LISTEN + tls))
    assert isinstance(problems, list)
    assert [one.key for one in problems] == [f"hl7.listen.tls.{key}" for key in ("certificate", "key", "authorities")]


def test_a_monitor_behind_hl7_is_a_device_without_a_driver(ward_file: Break) -> None:
    found = ward(ward_file(MONITOR, more=LISTEN))
    device = found.beds[0].devices[1]
    assert (device.link, device.driver, device.info.kind) == ("hl7:MON-1", "hl7", Kind.MONITOR)
    assert "spo2" in found.beds[0].policy.monitors[0].signals
    assert found.beds[0].policy.monitors[0].period_ms == 60_000


def test_what_it_measures_and_how_often_stands_in_its_options(ward_file: Break) -> None:
    own = (MONITOR[0], MONITOR[1] + '\noptions = { interval_s = "5", signals = "spo2 pulse" }')
    monitor = ward(ward_file(own, more=LISTEN)).beds[0].policy.monitors[0]
    assert (monitor.signals, monitor.period_ms) == (("spo2", "pulse"), 5_000)


def test_a_pump_behind_hl7_is_only_alarmed_about(ward_file: Break) -> None:
    pump = ward(ward_file(PUMP, more=LISTEN)).beds[1].policy.pumps[0]
    assert pump.enforcement is Enforcement.ALARM
    assert not pump.capabilities.can_stop


@pytest.mark.parametrize("level", ["stop", "reduce"])
def test_stopping_a_pump_behind_hl7_is_refused_in_one_line(ward_file: Break, level: str) -> None:
    own = (PUMP[0], f'{PUMP[1]}\nenforcement = "{level}"')
    problems = load_ward(ward_file(own, more=LISTEN))
    assert isinstance(problems, list)
    assert [one.key for one in problems] == ["bed[1].pump[0].enforcement"]
    assert "behind HL7 cannot be stopped" in problems[0].message


def test_a_device_behind_hl7_needs_somewhere_for_its_messages_to_come_in(ward_file: Break) -> None:
    problems = load_ward(ward_file(MONITOR))
    assert isinstance(problems, list)
    assert [(one.key, "[hl7.listen]" in one.message) for one in problems] == [("bed[0].monitor[0].link", True)]


def test_a_device_with_a_line_needs_a_driver(ward_file: Break) -> None:
    problems = load_ward(ward_file(('driver = "capnostream20"\n', "")))
    assert isinstance(problems, list)
    assert [(one.key, one.message) for one in problems] == [("bed[0].monitor[0].driver", "required key is missing")]


def test_listening_in_clear_beyond_this_machine_is_a_warning(ward_file: Break) -> None:
    more = LISTEN.replace("127.0.0.1", "0.0.0.0") + SEND.replace("127.0.0.1", "ehr")
    warned = [one.key for one in inspect_ward(ward_file(more=more)).warnings]
    assert {"hl7.listen.host", "hl7.send[0].url"} <= set(warned)


def test_the_readme_of_hl7_shows_a_ward_file_that_is_right(ward_file: Break) -> None:
    text = (Path(__file__).parents[2] / "hl7" / "README.md").read_text(encoding="utf-8")
    tables, device = (block.partition("```")[0] for block in text.split("```toml\n")[1:])
    found = ward(ward_file(more=device + tables))
    assert found.hl7 is not None
    assert [one.id for one in found.hl7.send] == ["ehr"]
    assert found.beds[1].devices[-1].link == "hl7:MON7"
