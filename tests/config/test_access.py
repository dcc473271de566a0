"""config/access.toml: what ships is right, and every mistake is one line that names place and cure."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from pumpd.access.policy import AccessPolicy
from pumpd.access.roles import Identity, Permission, Role
from pumpd.config.access import read_access
from pumpd.config.access_file import IdentityName, PermissionName, RolesTable
from pumpd.config.load import inspect_ward, load_ward
from pumpd.config.model import WardConfig
from tests.config.conftest import Break

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "access.toml"
MIN = 60_000


def shipped() -> AccessPolicy:
    policy = read_access(SHIPPED)
    assert isinstance(policy, AccessPolicy), policy
    return policy


def test_the_words_of_the_file_are_the_words_of_the_code() -> None:
    assert set(get_args(PermissionName)) == {permission.value for permission in Permission}
    assert set(RolesTable.model_fields) == {role.value for role in Role} - {"machine"}
    assert set(get_args(IdentityName)) == {identity.value for identity in Identity}


def test_what_ships_is_what_operations_asks_for() -> None:
    policy = shipped()
    display, biomed = policy.roles[Role.DISPLAY], policy.roles[Role.BIOMED]
    assert (display.idle_ms, display.absolute_ms, display.identity) == (None, None, Identity.NONE)
    assert display.permissions == {Permission.VIEW, Permission.STOP}
    assert policy.roles[Role.NURSE].idle_ms == 15 * MIN
    assert biomed.idle_ms == 5 * MIN
    assert biomed.identity is Identity.NONE
    assert [(limit.count, limit.per_ms) for limit in policy.limits] == [(1, 1_000), (5, MIN), (20, 60 * MIN)]
    assert policy.secrets.password_min >= 12
    assert Permission.ACCOUNTS not in policy.permissions(set(policy.roles) - {Role.ADMIN})
    assert all(Permission.NAME_OTHERS not in role.permissions for role in policy.roles.values())
    assert not policy.step_up & {Permission.ACCOUNTS, Permission.AUDIT, Permission.SETTLE}


def test_of_several_roles_the_strictest_times_and_all_permissions_count() -> None:
    policy = shipped()
    both = (Role.NURSE, Role.BIOMED)
    assert (policy.idle_ms(both), policy.absolute_ms(both)) == (5 * MIN, 8 * 60 * MIN)
    assert policy.identity(both) is Identity.FULL
    assert policy.permissions(both) >= {Permission.CHART, Permission.DEVICES}
    assert policy.permissions(()) == frozenset()


MISTAKES = [
    ("acts unseen", ('may = ["view", "stop"]', 'may = ["stop"]'), "role.display.may", 'without "view"'),
    ("a wall that charts", ('["view", "stop"]', '["view", "stop", "chart"]'), "role.display.may", "chart"),
    ("unknown permission", ('"view", "history", "ack', '"viewn", "history", "ack'), "role.nurse.may[0]", '"view"?'),
    ("nameless binding", ('"bind", "settle"]\nidentity = "full"', '"bind", "settle"]\nidentity = "none"'),
     "role.charge.identity", "one cannot tell from another"),
    ("no role", ("[role.auditor]", "[role.inspector]"), "role.inspector", '"auditor"?'),
    ("endless nurse", ('idle = "15 min"       # O', 'idle = "never" # O'), "role.nurse.idle", "only a display"),
    ("idle too long", ('idle = "5 min"        # O', 'idle = "9 h" # O'), "role.biomed.idle", "than absolute"),
    ("no administrator", ('"metrics", "accounts", "audit"]', '"metrics", "audit"]'), "role.admin.may", "accounts"),
    ("in whose name", ('may = ["audit"]', 'may = ["audit", "name_others"]'), "role.auditor.may", "machine"),
    ("audit at the wall", ('"course", "bind"]\n\n# Wrong', '"audit"]\n\n# Wrong'), "step_up.may", "sign in for that"),
    ("short passwords", ("min = 12", "min = 6"), "password.min", "greater than or equal to 8"),
    ("pins", ("min = 6\nmax = 12", "min = 12\nmax = 6"), "pin.min", "min <= max"),
    ("no time", ('absolute = "10 h"     # O', "absolute = 600 # O"), "role.nurse.absolute", "in quotes"),
    ("weak hash", ("memory_mib = 19", "memory_mib = 4"), "hash.memory_mib", "19"),
    ("no limit", ('per = "1 h"', 'per = "1 d"'), "limit[2].per", "expected one of"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "key", "words"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_told_with_its_line_and_its_cure(
    tmp_path: Path, change: tuple[str, str], key: str, words: str
) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert change[0] in text
    path = tmp_path / "access.toml"
    path.write_text(text.replace(*change, 1), encoding="utf-8")
    problems = read_access(path)
    assert isinstance(problems, list)
    found = [one for one in problems if one.key == key]
    assert found, problems
    assert words in found[0].message
    where = key.rsplit(".", maxsplit=1)[-1].partition("[")[0]
    assert re.search(rf"{where}|role", path.read_text(encoding="utf-8").splitlines()[found[0].line - 1])


def test_a_site_s_own_file_beside_the_ward_file_goes_before_the_shipped_one(ward_file: Break) -> None:
    path = ward_file()
    own = SHIPPED.read_text(encoding="utf-8").replace('idle = "15 min"', 'idle = "3 min"')
    (path.parent / "access.toml").write_text(own, encoding="utf-8")
    ward = load_ward(path)
    assert isinstance(ward, WardConfig)
    assert ward.access.roles[Role.NURSE].idle_ms == 3 * MIN
    assert str(path.parent / "access.toml") in ward.files
    (path.parent / "access.toml").write_text(own.replace("passes = 2", "passes = 1"), encoding="utf-8")
    problems = load_ward(path)
    assert isinstance(problems, list)
    assert [one.key for one in problems] == ["hash.passes"]


def test_secrets_are_kept_beside_the_journal_unless_the_ward_file_says_where(ward_file: Break) -> None:
    def folder(*changes: tuple[str, str], more: str = "") -> Path:
        ward = load_ward(ward_file(*changes, more=more))
        assert isinstance(ward, WardConfig)
        return ward.access_folder

    assert folder() == Path("var")
    assert folder(("sqlite+aiosqlite:///var/pumpd.db", "sqlite+aiosqlite:////srv/p/j.db?x=1")) == Path("/srv/p")
    assert folder(("sqlite+aiosqlite:///var/pumpd.db", "postgresql+asyncpg://h/db")) == Path("var")
    assert folder(more='[access]\nfile = "access.toml"\ndirectory = "/etc/pumpd"\n') == Path("/etc/pumpd")


def certificate(folder: Path) -> None:
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", "p.key", "-out", "p.crt"]
    subprocess.run([*command.split(), *names], cwd=folder, check=True, capture_output=True)


def test_an_open_address_is_served_with_a_certificate_or_behind_a_proxy(ward_file: Break, tmp_path: Path) -> None:
    certificate(tmp_path)
    tls = 'host = "0.0.0.0"\ntls_certificate = "p.crt"\ntls_key = "p.key"'
    ward = load_ward(ward_file(('host = "127.0.0.1"', tls)))
    assert isinstance(ward, WardConfig)
    assert ward.server.tls is not None
    assert (ward.server.tls.certificate, ward.server.tls.key) == (str(tmp_path / "p.crt"), str(tmp_path / "p.key"))
    proxied = load_ward(ward_file(('host = "127.0.0.1"', 'host = "0.0.0.0"\nbehind_tls_proxy = true')))
    assert isinstance(proxied, WardConfig)
    assert (proxied.server.tls, proxied.server.proxies) == (None, ("127.0.0.1", "::1"))


def test_a_key_that_others_can_read_is_a_warning_and_a_strange_one_a_problem(ward_file: Break, tmp_path: Path) -> None:
    certificate(tmp_path)
    path = ward_file(("port = 8080", 'tls_certificate = "p.crt"\ntls_key = "p.key"'))
    (tmp_path / "p.key").chmod(0o640)
    assert any("mode 0640" in warning.message for warning in inspect_ward(path).warnings)
    (tmp_path / "p.key").chmod(0o600)
    assert not any(warning.key == "server.tls_key" for warning in inspect_ward(path).warnings)
    other = tmp_path / "other"
    other.mkdir()
    certificate(other)
    (other / "p.key").replace(tmp_path / "p.key")
    problems = load_ward(path)
    assert isinstance(problems, list)
    assert "do not fit together" in problems[0].message


def test_encrypted_here_and_by_a_proxy_at_once_is_a_contradiction(ward_file: Break, tmp_path: Path) -> None:
    certificate(tmp_path)
    both = 'tls_certificate = "p.crt"\ntls_key = "p.key"\nbehind_tls_proxy = true\nproxies = ["proxy"]'
    problems = load_ward(ward_file(("port = 8080", both)))
    assert isinstance(problems, list)
    assert [one.key for one in problems] == ["server.behind_tls_proxy", "server.proxies[0]"]
