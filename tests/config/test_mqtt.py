"""[mqtt] in the ward file: what the bus is given, and one precise line for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.config.bus_settings import Broker, BusSettings
from pumpd.config.load import inspect_ward
from pumpd.config.page_url import page_url
from tests.config.conftest import WARD

GOOD = '\n[mqtt]\nurl = "mqtt://127.0.0.1"\nsite = "st-elsewhere"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "secret").chmod(0o600)
    return tmp_path


def problems(folder: Path, text: str) -> list[str]:
    path = folder / "ward.toml"
    path.write_text(WARD + text, encoding="utf-8")
    return [f"{problem.key}: {problem.message}" for problem in inspect_ward(path).problems]


def test_a_ward_without_it_is_on_no_broker_and_one_with_it_knows_its_topics(folder: Path) -> None:
    path = folder / "ward.toml"
    path.write_text(WARD, encoding="utf-8")
    loaded = inspect_ward(path).ward
    assert loaded is not None
    assert loaded.bus is None
    path.write_text(WARD + GOOD + 'username = "ward-4b"\npassword_file = "secret"\n', encoding="utf-8")
    ward = inspect_ward(path).ward
    assert ward is not None
    broker = Broker("127.0.0.1", 1883, None, "ward-4b", str(folder / "secret"), 5)
    assert ward.bus == BusSettings(broker, "st-elsewhere", "4b", 60_000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("mqtt://127", "http://127"), 'mqtt.url: "http://127.0.0.1" is no address of a broker'),
        (GOOD.replace("//127", "//me:pw@127"), "mqtt.url: a name or a password has no place in the address"),
        (GOOD.replace("mqtt://", "mqtts://"), "mqtt.url: mqtts needs tls"),
        (GOOD + 'tls = { authorities = "gone.pem" }\n', "mqtt.tls.authorities: there is no file"),
        (GOOD + 'tls = { authorities = "secret" }\n', "mqtt.tls: the files do not fit together or cannot be read"),
        (GOOD + 'password_file = "secret"\n', "mqtt.password_file: a password without a username"),
        (GOOD + 'username = "a"\npassword_file = "empty"\n', "mqtt.password_file: the first line of"),
        (GOOD.replace("st-elsewhere", "St. Elsewhere"), "mqtt.site: expected small letters, digits and dashes"),
        (GOOD + "away_after = 5\n", "mqtt.away_after: expected a duration in quotes"),
        (GOOD + 'page = "javascript:alert(1)"\n', "mqtt.page: expected an address such as"),
        (GOOD + 'topic = "x"\n', "mqtt.topic: unknown key"),
    ],
)
def test_each_mistake_has_its_line(folder: Path, text: str, said: str) -> None:
    found = problems(folder, text)
    assert any(problem.startswith(said) for problem in found), found


def test_two_beds_that_would_be_one_topic_are_a_mistake(folder: Path) -> None:
    found = problems(folder, GOOD + '\n[[bed]]\nid = "4B.01"\n')
    assert any('"4B.01" and "4b-01" would both be "4b-01"' in problem for problem in found), found


def test_an_unencrypted_broker_elsewhere_is_warned_about(folder: Path) -> None:
    path = folder / "ward.toml"
    path.write_text(WARD + GOOD.replace("127.0.0.1", "10.0.0.9"), encoding="utf-8")
    assert any("not encrypted" in warning.message for warning in inspect_ward(path).warnings)


def page_of(folder: Path, text: str) -> str | None:
    path = folder / "ward.toml"
    path.write_text(text, encoding="utf-8")
    ward = inspect_ward(path).ward
    assert ward is not None
    assert ward.bus is not None
    return ward.bus.page


def test_the_wards_own_page_is_as_said_else_as_browsers_know_it_else_nobody_is_told_of_one(folder: Path) -> None:
    server = 'allowed_origins = ["https://ward-4b.example:8443"]\n'
    assert page_of(folder, WARD + GOOD) is None
    known = WARD.replace("[journal]", server + "[journal]", 1)
    assert page_of(folder, known + GOOD) == "https://ward-4b.example:8443/"
    assert page_of(folder, known + GOOD + 'page = "http://10.0.0.7/"\n') == "http://10.0.0.7/"


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("https://ward-4b.example:8443/", True),
        ("http://[fd00::7]:8080/?names=off", True),
        ("HTTPS://ward", True),
        ("javascript:alert(1)", False),
        ("java\tscript:alert(1)", False),
        (" https://ward", False),
        ("https://ward\\@evil.example/", False),
        ("https://user@ward/", False),
        ("https:///no-host", False),
        ("https://ward:port/", False),
        ("//ward", False),
        ("data:text/html,x", False),
        ("https://wаrd.example/", False),
        ("https://" + "a" * 600, False),
        ("", False),
        (None, False),
    ],
)
def test_only_an_address_of_the_web_is_one_that_people_are_sent_to(text: str | None, good: bool) -> None:
    assert page_url(text) == (text if good else None)
