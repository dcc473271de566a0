"""[access.oidc]: what is right is taken as written, and every mistake is one line that names place and cure."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from pumpd.access.roles import Role
from pumpd.config.load import inspect_ward
from pumpd.config.model import WardConfig
from tests.cli.call import run
from tests.config.conftest import WARD

pytestmark = pytest.mark.req("SEC-07")
OIDC = """
[access.oidc]
name = "Hospital login"
issuer = "https://login.example/realms/hospital"
client_id = "pumpd-4b"
client_secret_file = "oidc-secret"

[access.oidc.roles]
ward-nurses = ["nurse"]
"ward 4b charge" = ["nurse", "charge"]
"""


def write(folder: Path, text: str) -> Path:
    secret = folder / "oidc-secret"
    secret.write_text("s3cret\n", encoding="utf-8")
    secret.chmod(0o600)
    path = folder / "ward.toml"
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str = OIDC) -> WardConfig:
    found = inspect_ward(write(folder, WARD + text))
    assert found.ward is not None, found.problems
    return found.ward


def test_what_is_written_is_what_sign_in_gets(tmp_path: Path) -> None:
    one = loaded(tmp_path).provider
    assert one is not None
    assert (one.issuer, one.client_id) == ("https://login.example/realms/hospital", "pumpd-4b")
    assert one.secret == str(tmp_path / "oidc-secret")
    assert one.scopes == ("openid", "profile")
    assert one.roles == {"ward-nurses": (Role.NURSE,), "ward 4b charge": (Role.NURSE, Role.CHARGE)}
    assert loaded(tmp_path, "").provider is None


PROBLEMS = [
    ('"https://login.example/realms/hospital"', '"http://login.example"', "oidc.issuer: not encrypted: whoever is on"),
    ('"https://login.example/realms/hospital"', '"login.example"', "is no issuer; expected"),
    ('"https://login.example/realms/hospital"', '"https://login.example:x"', "is no address"),
    ('client_secret_file = "oidc-secret"', 'client_secret_file = "gone"', "client_secret_file: there is no file"),
    ('client_secret_file = "oidc-secret"', 'client_secret = "s3cret"', "oidc.client_secret:"),
    ('client_secret_file = "oidc-secret"', 'authorities = "oidc-secret"', "cannot be read as certificates"),
    ('client_secret_file = "oidc-secret"', 'authorities = "gone"', "authorities: there is no file"),
    ('client_secret_file = "oidc-secret"', 'scopes = ["profile"]', 'scopes: without "openid"'),
    ("oidc-secret", 'oidc-secret"\nclient_secret_credential = "oidc', "a secret has one place"),
    ('["nurse"]', "[]", "roles.ward-nurses: a group gives a role"),
    ('["nurse"]', '["display"]', "roles.ward-nurses"),
    ('["nurse"]', '["nurs"]', 'did you mean "nurse"?'),
    ('ward-nurses = ["nurse"]\n"ward 4b charge" = ["nurse", "charge"]', "", "roles"),
]


@pytest.mark.parametrize(("old", "new", "words"), PROBLEMS)
def test_a_mistake_is_named_where_it_is(old: str, new: str, words: str, tmp_path: Path) -> None:
    assert old in OIDC
    found = inspect_ward(write(tmp_path, WARD + OIDC.replace(old, new)))
    assert found.ward is None
    assert any(words in str(problem) and "access.oidc" in problem.key for problem in found.problems), found.problems


def test_without_the_extra_a_ward_that_asks_for_it_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "authlib" else find(name))
    (problem,) = inspect_ward(write(tmp_path, WARD + OIDC)).problems
    assert problem.message == "sign-in by an identity provider needs authlib: pip install 'pumpd[oidc]'"
    assert inspect_ward(write(tmp_path, WARD)).ward is not None, "nobody else needs it"


def test_a_systemd_credential_is_read_where_systemd_puts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = WARD + OIDC.replace('client_secret_file = "oidc-secret"', 'client_secret_credential = "oidc"')
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    found = inspect_ward(write(tmp_path, text))
    assert found.ward is not None
    assert any("not started by systemd" in str(warning) for warning in found.warnings)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert "there is no file" in str(inspect_ward(write(tmp_path, text)).problems[0])
    (tmp_path / "oidc").write_text("s3cret", encoding="utf-8")
    ward = inspect_ward(write(tmp_path, text)).ward
    assert ward is not None
    assert ward.provider is not None
    assert ward.provider.secret == str(tmp_path / "oidc")


def test_what_a_person_should_know_is_a_warning(tmp_path: Path) -> None:
    path = write(tmp_path, WARD + OIDC.replace('["nurse"]', '["admin"]'))
    (tmp_path / "oidc-secret").chmod(0o644)
    words = " ".join(map(str, inspect_ward(path).warnings))
    assert "can be read by others than the daemon's user" in words
    assert "who looks after that group at the provider decides who looks after accounts here" in words


def test_check_says_what_to_register_and_never_the_secret(tmp_path: Path) -> None:
    path = str(write(tmp_path, WARD + OIDC))
    code, out, _ = run("check", path)
    assert code == 0, out
    assert "  group ward 4b charge: nurse, charge" in out.splitlines()
    assert "  to register there: http://127.0.0.1:8080/sign-in.html" in out.splitlines()
    told = json.loads(run("check", "--json", path)[1])["identity_provider"]
    assert (told["client"], told["roles"]["ward-nurses"]) == ("confidential", ["nurse"])
    assert "s3cret" not in out
