"""`pumpd user`, `pumpd token` and `pumpd audit` as a biomedical engineer uses them."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from tests.cli.call import run
from tests.config.conftest import WARD
from tests.journal.tamper import unguarded

PASSWORD = "a long night shift"


class Site:
    """A ward file of its own, and how to call for it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ward = folder, folder / "ward.toml"
        self.database = folder / "var" / "pumpd.db"
        self.ward.write_text(WARD.replace("var/pumpd.db", f"{folder}/var/pumpd.db"), encoding="utf-8")
        self.password, self.pin = folder / "password", folder / "pin"
        self.password.write_text(f"{PASSWORD}\n", encoding="utf-8")
        self.pin.write_text("483920\n", encoding="utf-8")

    def call(self, *words: str | Path) -> tuple[int, str, str]:
        return run(*words, "--config", self.ward)

    def add(self, name: str, *more: str | Path) -> tuple[int, str, str]:
        return self.call("user", "add", name, *more, "--password-from", self.password)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path)
    assert made.add("ada", "--role", "admin", "--display", "Ada Min")[0] == 0
    return made


def test_an_account_is_made_changed_and_listed(site: Site) -> None:
    code, out, _ = site.add("KLee", "--role", "nurse", "--display", "Kim Lee RN", "--badge", "0815")
    assert (code, out) == (0, "klee (Kim Lee RN) added: nurse\n")
    assert site.call("user", "pin", "klee", "--pin-from", site.pin)[0] == 0
    assert site.call("user", "change", "klee", "--role", "charge", "--role", "biomed")[0] == 0
    assert site.call("user", "disable", "klee")[0] == 0
    code, out, _ = site.call("user", "list", "--json")
    klee = next(row for row in json.loads(out) if row["account"] == "klee")
    assert (klee["roles"], klee["has_badge"], klee["has_pin"], klee["disabled"]) == (
        ["charge", "biomed"],
        True,
        True,
        True,
    )
    code, out, _ = site.call("user", "list")
    assert "Kim Lee RN" in out
    assert PASSWORD not in out
    assert (site.folder / "var" / "access.key").stat().st_mode & 0o777 == 0o600


def test_a_display_says_how_much_of_a_name_it_shows(site: Site) -> None:
    assert site.add("wall", "--role", "display", "--identity", "initials")[0] == 0
    code, _, said = site.add("klee", "--role", "nurse", "--identity", "none")
    assert code == 1
    assert "only a display's account" in said


def test_what_is_refused_says_why_and_does_nothing(site: Site) -> None:
    site.password.write_text("short\n")
    code, _, said = site.add("klee", "--role", "nurse")
    assert code == 1
    assert "at least 12 characters" in said
    for words in (("disable", "ada"), ("remove", "ada"), ("change", "ada", "--role", "nurse")):
        code, _, said = site.call("user", *words)
        assert code == 1, words
        assert "last administrator" in said
    assert site.call("user", "disable", "nobody")[0] == 2
    assert site.call("user", "change", "ada")[0] == 2
    assert run("user", "list", "--config", site.folder / "no.toml")[0] == 2
    assert [row["account"] for row in json.loads(site.call("user", "list", "--json")[1])] == ["ada"]


@pytest.mark.req("SEC-06")
def test_a_token_is_shown_once_and_revoked_by_name(site: Site) -> None:
    code, out, said = site.call("token", "create", "prometheus", "--may", "metrics", "--days", "30")
    assert code == 0
    assert re.fullmatch(r"pumpd_[A-Za-z0-9_-]{43}\n", out)
    assert "not shown again" in said
    listed = site.call("token", "list")[1]
    assert "prometheus" in listed
    assert out.strip() not in listed
    assert out.strip().encode() not in site.database.read_bytes()
    assert site.call("token", "create", "prometheus", "--may", "metrics")[0] == 1
    assert site.call("token", "create", "root", "--may", "accounts")[0] == 1
    assert site.call("token", "revoke", "prometheus")[0] == 0
    assert site.call("token", "revoke", "prometheus")[0] == 2
    assert json.loads(site.call("token", "list", "--json")[1]) == []


@pytest.mark.req("AUD-05")
def test_the_audit_is_searched_exported_and_says_that_it_was(site: Site) -> None:
    site.add("klee", "--role", "nurse", "--display", "=HYPERLINK(1)")
    site.call("user", "change", "klee", "--display", "Kim Lee RN")
    code, out, _ = site.call("audit", "search", "--text", "KLEE")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["3", "2"]
    assert (
        site.call("audit", "search", "--since", "2001-01-01T00:00", "--until", "2001-01-02", "--json")[1].strip()
        == "[]"
    )
    table = site.folder / "audit.csv"
    assert site.call("audit", "export", "--format", "csv", "--out", table)[0] == 0
    assert table.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"))))
    assert [row["seq"] for row in rows] == ["1", "2", "3"]
    assert site.call("audit", "export", "--format", "csv", "--out", table)[0] == 2, (
        "an existing file is not overwritten"
    )
    code, out, _ = site.call("audit", "export")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["what"] for line in lines] == ["account", "account", "account", "export"]
    assert lines[3]["detail"] == f"3 rows as csv to {table}"


@pytest.mark.req("AUD-02")
def test_verify_names_the_row_that_was_changed_and_exits_with_1(site: Site) -> None:
    site.add("klee", "--role", "nurse")
    assert site.call("audit", "verify")[:2] == (0, "2 rows: clean\n")
    with unguarded(site.database) as connection:
        connection.execute("UPDATE audit SET subject = 'eve' WHERE seq = 2")
    code, out, _ = site.call("audit", "verify")
    assert code == 1
    assert out == "audit row 2: was changed or moved\n1 row before it: clean\n"
    code, out, _ = site.call("audit", "verify", "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)
    code, out, _ = site.call("db", "verify")
    assert code == 1
    assert "audit 2: was changed or moved" in out
    assert run("audit", "verify", "--journal", f"sqlite+aiosqlite:///{site.folder}/no.db")[0] == 2


def test_what_a_stranger_typed_tells_the_terminal_and_the_spreadsheet_nothing(site: Site) -> None:
    with unguarded(site.database) as connection:
        connection.execute("UPDATE audit SET who = '=cmd()' || char(27) || '[2J' WHERE seq = 1")
    out = site.call("audit", "search")[1]
    assert "\x1b" not in out
    assert "\n'=cmd" not in out
    assert ",'=cmd()" in site.call("audit", "export", "--format", "csv")[1]
