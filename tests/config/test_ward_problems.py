"""Every mistake in a ward file is one precise line: file, line number, key, what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.config.load import inspect_ward, load_ward
from pumpd.config.model import WardConfig
from tests.config.conftest import WARD, Break


def line_of(text: str, nth: int = 1) -> int:
    """Line number of the nth line that contains text in the unbroken file."""
    return [n for n, line in enumerate(WARD.splitlines(), 1) if text in line][nth - 1]


# what is broken, the change, the line (in the unbroken file), the key, words of the message
MISTAKES = [
    ("wrong type", ("port = 8080", 'port = "8080"'), "port =", 1, "server.port", 'whole number, found "8080"'),
    ("wrong type of a unit", ('"1 mg/mL"', "1"), "concentration", 1, "bed[0].pump[0].concentration", "in quotes"),
    ("wrong unit", ('"1 mg/mL"', '"1 mg"'), "concentration", 1, "bed[0].pump[0].concentration", "mg/mL"),
    ("unknown key", ('label = "Bed 1"', 'lable = "Bed 1"'), "label", 1, "bed[0].lable", 'did you mean "label"?'),
    ("unknown table", ("[server]", "[sever]"), "[server]", 1, "sever", 'did you mean "server"?'),
    ("unknown driver", ('"alaris_asena"', '"alaris_asina"'), "driver", 1, "bed[0].pump[0].driver", "alaris_asena"),
    ("other kind of driver", ('"capnostream20"', '"alaris_asena"'), "driver", 2, "bed[0].monitor[0].driver", "pump"),
    ("duplicate bed", ('id = "4b-02"\n', 'id = "4b-01"\n'), 'id = "4b-02"', 1, "bed[1].id", 'duplicate bed id "4b-01"'),
    ("device twice", ('"4b-02-p1"', '"4b-01-p1"'), "4b-02-p1", 1, "bed[1].pump[0].id", "first used by bed[0].pump"),
    ("no library entry", ('drug = "ketamine"', 'drug = "ketamin"'), "drug =", 1, "bed[0].pump[0].drug", '"ketamine"?'),
    ("unknown care area", ('"palliative-adult"', '"adult"'), "care_area", 1, "ward.care_area", "no care area"),
    ("link used twice", ("ttyUSB1", "ttyUSB0"), "ttyUSB1", 1, "bed[1].pump[0].link", 'already used by "4b-01-p1"'),
    ("link spelt differently", ("/dev/ttyUSB1", "/dev/../dev/ttyUSB0"), "ttyUSB1", 1, "bed[1].pump[0].link", "used"),
    ("no link", ("serial:///dev/ttyUSB1", "ttyUSB1"), "ttyUSB1", 1, "bed[1].pump[0].link", "expected serial:///"),
    ("two slashes", ("serial:///dev/ttyUSB1", "serial://dev"), "ttyUSB1", 1, "bed[1].pump[0].link", "three slashes"),
    ("no port", ("10.0.0.5:4001", "10.0.0.5"), "10.0.0.5", 1, "bed[0].monitor[0].link", "a host and a port"),
    ("concentration", ('"2 mg/mL"', '"3 mg/mL"'), '"2 mg', 1, "bed[1].pump[0].concentration", "1 mg/mL, 2 mg/mL, 5"),
    ("open to the network", ("127.0.0.1", "0.0.0.0"), "host", 1, "server.host", "behind_tls_proxy"),
    ("half a certificate", ("port = 8080", 'tls_key = "k"'), "[server]", 1, "server.tls_certificate", "give both"),
    ("proxies of nobody", ("port = 8080", 'proxies = ["::1"]'), "port =", 1, "server.proxies", "behind_tls_proxy"),
    ("before", ("port = 8080", "allow_unauthenticated = true"), "port =", 1, "server.allow_unauthenticated", "signs"),
    ("access", ("[journal]", '[access]\nfile = "a.toml"\n[journal]'), "url", 1, "access.file", "no file"),
    ("missing file", ("adult.toml", "adlt.toml"), "adult.toml", 1, "alarms.file", 'no file "alarms/adlt.toml"'),
    ("missing key", ('timezone = "Europe/Berlin"\n', ""), "[ward]", 1, "ward.timezone", "required key is missing"),
    ("time zone", ("Europe/Berlin", "Berlin"), "timezone", 1, "ward.timezone", "unknown time zone"),
    ("journal", ("sqlite+aiosqlite", "mysql"), "url =", 1, "journal.url", "postgresql+asyncpg"),
    ("choice", ('"stop"', '"halt"'), "enforcement", 1, "bed[0].pump[0].enforcement", '"stop", "reduce", "alarm"'),
    ("known keys", ("schema = 1", "zzzzzz = 1\nschema = 1"), "schema", 1, "zzzzzz", " schema, "),
    ("schema", ("schema = 1", "schema = 2"), "schema", 1, "schema", "expected 1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "text", "nth", "key", "words"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES]
)
def test_a_mistake_is_one_line_that_names_place_and_cure(
    ward_file: Break, change: tuple[str, str], text: str, nth: int, key: str, words: str
) -> None:
    path = ward_file(change)
    problems = load_ward(path)
    assert isinstance(problems, list)
    assert [(p.file, p.line, p.key) for p in problems] == [(str(path), line_of(text, nth), key)]
    assert words in problems[0].message
    assert "\n" not in str(problems[0])


@pytest.mark.req("CEI-02")
@pytest.mark.parametrize("limit", ["hard", "soft"])
@pytest.mark.parametrize("table", ["[ceiling]", "[bed.ceiling]", "[bed.pump.ceiling]"])
def test_a_ceiling_above_the_librarys_is_refused_wherever_it_stands(ward_file: Break, table: str, limit: str) -> None:
    problems = load_ward(ward_file(more=f'{table}\n{limit} = "1.001 mg/kg/h"\n'))
    assert isinstance(problems, list)
    assert [(p.line, p.key) for p in problems] == [(len(WARD.splitlines()) + 2, f"{_path(table)}.{limit}")]
    assert "drug library 2026.2, palliative-adult" in problems[0].message


def _path(table: str) -> str:
    return {"[ceiling]": "ceiling", "[bed.ceiling]": "bed[1].ceiling"}.get(table, "bed[1].pump[0].ceiling")


def test_seven_mistakes_at_once_are_seven_lines_in_order(ward_file: Break) -> None:
    path = ward_file(
        ("port = 8080", 'port = "8080"'),
        ('label = "Bed 1"', 'lable = "Bed 1"'),
        ('driver = "alaris_asena"', 'driver = "alaris"'),
        ('drug = "ketamine"', 'drug = "ketamin"'),
        ('id = "4b-02"', 'id = "4b-01"'),
        ("ttyUSB1", "ttyUSB0"),
        more='[bed.pump.ceiling]\nhard = "1.2 mg/kg/h"\n',
    )
    problems = load_ward(path)
    assert isinstance(problems, list)
    assert [p.key for p in problems] == [
        "server.port",
        "bed[0].lable",
        "bed[0].pump[0].driver",
        "bed[0].pump[0].drug",
        "bed[1].id",
        "bed[1].pump[0].link",
        "bed[1].pump[0].ceiling.hard",
    ]


def test_a_missing_table_hides_no_other_mistake(ward_file: Break) -> None:
    problems = load_ward(ward_file(('[library]\nfile = "drug_library.toml"\n', ""), ("ttyUSB1", "ttyUSB0")))
    assert isinstance(problems, list)
    assert [p.key for p in problems] == ["library", "bed[1].pump[0].link"]


def test_a_wrong_required_key_hides_no_other_mistake(ward_file: Break) -> None:
    problems = load_ward(ward_file(('id = "4b-01"', "id = 401"), ("ttyUSB1", "ttyUSB0")))
    assert isinstance(problems, list)
    assert [p.key for p in problems] == ["bed[0].id", "bed[1].pump[0].link"]


def test_text_that_is_no_toml_names_its_line(ward_file: Break) -> None:
    problems = load_ward(ward_file(("port = 8080", "port = = 8080")))
    assert isinstance(problems, list)
    assert [p.line for p in problems] == [line_of("port =")]
    assert "not valid TOML" in problems[0].message


def test_a_file_that_is_not_text_or_not_there_is_one_problem(tmp_path: Path) -> None:
    binary = tmp_path / "ward.toml"
    binary.write_bytes(b'schema = 1\nname = "\xff"\n')
    for path, words in ((binary, "UTF-8"), (tmp_path / "none.toml", "cannot be read")):
        problems = load_ward(path)
        assert isinstance(problems, list)
        assert words in problems[0].message
        assert len(problems) == 1


def test_a_weight_out_of_range_is_refused_and_a_patient_in_the_file_is_a_warning(ward_file: Break) -> None:
    table = '[bed.patient]\nmrn = "T"\nfamily_name = "T"\ngiven_name = "B"\nbirth_date = "1970-01-01"\nsex = "male"\n'
    problems = load_ward(ward_file(more=table + "weight_kg = 7.5\n"))
    assert isinstance(problems, list)
    assert [p.message for p in problems] == ["7.5 kg is outside 20 kg to 250 kg"]
    loaded = inspect_ward(ward_file(more=table + "weight_kg = 72.5\n"))
    assert loaded.ward is not None
    assert loaded.ward.beds[1].patient is not None
    assert loaded.ward.beds[1].patient.weight_g == 72_500
    assert any("bench only" in w.message for w in loaded.warnings)


def test_the_unbroken_file_is_a_ward(ward_file: Break) -> None:
    ward = load_ward(ward_file())
    assert isinstance(ward, WardConfig)
    assert [d.id for bed in ward.beds for d in bed.devices] == ["4b-01-p1", "4b-01-m1", "4b-02-p1"]
