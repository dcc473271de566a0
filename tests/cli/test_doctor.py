"""`pumpd doctor` on real files, ports, certificates, databases and a real broker: what is wrong is found, and named."""

from __future__ import annotations

import json
import os
import pty
import socket
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner

from pumpd.cli import app
from pumpd.cli.doctor import machine, site
from pumpd.cli.doctor.certificates import Shown, shown
from pumpd.cli.doctor.finding import Finding, Level, exit_code, fail, ok, warn
from pumpd.config.model import ServerConfig, ServerTls
from pumpd.journal import ops

PEM = serialization.Encoding.PEM
CONFIG = Path(__file__).resolve().parents[2] / "config"


def levels(findings: Iterator[Finding] | list[Finding]) -> list[tuple[str, Level]]:
    return [(finding.area, finding.level) for finding in findings]


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """A ward file with one pump on a real pty."""
    mine, theirs = pty.openpty()
    port = os.ttyname(theirs)

    def write(link: str = f"serial://{port}", more: str = "", page: int = 1) -> Path:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            page = probe.getsockname()[1]
        text = f"""schema = 1
[ward]
id = "4b"
name = "Ward"
timezone = "Europe/Berlin"
care_area = "palliative-adult"
[server]
port = {page}
[journal]
url = "sqlite+aiosqlite:///{tmp_path}/journal.db"
[capture]
enabled = false
[library]
file = "{CONFIG}/drug_library.toml"
[protocol]
file = "{CONFIG}/protocols/ldk.toml"
[alarms]
file = "{CONFIG}/alarms/adult.toml"
{more}
[[bed]]
id = "b1"
label = "Bed 1"
[[bed.pump]]
id = "p1"
driver = "alaris_asena"
link = "{link}"
drug = "ketamine"
concentration = "1 mg/mL"
"""
        (tmp_path / "ward.toml").write_text(text, encoding="utf-8")
        return tmp_path / "ward.toml"

    yield write
    os.close(mine)
    os.close(theirs)


def examine(file: Path) -> tuple[int, dict[str, list[str]], list[dict[str, Any]]]:
    done = CliRunner().invoke(app, ["doctor", "--config", str(file), "--json"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    told = json.loads(done.stdout)
    assert told["exit_code"] == done.exit_code
    by_area: dict[str, list[str]] = {}
    for row in told["findings"]:
        by_area.setdefault(row["area"], []).append(row["level"])
    return done.exit_code, by_area, told["findings"]


def test_the_worst_finding_is_the_exit_code() -> None:
    assert exit_code([]) == exit_code([ok("a", "b")]) == 0
    assert exit_code([ok("a", "b"), warn("a", "b", "c")]) == 1
    assert exit_code([fail("a", "b", "c"), warn("a", "b", "c")]) == 2


def test_a_ward_before_its_first_start_has_its_line_its_port_and_room(ward: Callable[..., Path]) -> None:
    code, found, rows = examine(ward())
    assert found["line p1"] == found["page"] == found["database"] == ["ok"]
    assert "fail" not in found["disk"]
    assert code == (1 if any(row["level"] == "warn" for row in rows) else 0)
    assert all(row["do"] for row in rows if row["level"] != "ok")


def test_a_port_that_is_not_there_fails_and_a_name_that_may_change_is_warned_of(ward: Callable[..., Path]) -> None:
    code, found, _rows = examine(ward("serial:///dev/ttyUSB77"))
    assert (code, found["line p1"]) == (2, ["fail"])
    assert examine(ward("socket://no-such-host.invalid:4001"))[1]["line p1"] == ["fail"]


def test_a_ward_file_with_a_mistake_fails_with_its_line(ward: Callable[..., Path]) -> None:
    code, found, rows = examine(ward(more="[times]\nfiel = 'x'"))
    assert (code, found["ward file"][0]) == (2, "fail")
    assert "ward.toml:" in rows[0]["said"]
    assert found["clock"]


def test_the_database_is_told_by_its_schema_its_wholeness_and_its_accounts(
    ward: Callable[..., Path], tmp_path: Path
) -> None:
    file, journal = ward(), tmp_path / "journal.db"
    ops.upgrade(f"sqlite+aiosqlite:///{journal}")
    assert examine(file)[1]["database"] == ["ok", "ok"]
    assert "warn" in examine(file)[1]["sign-in"]
    with sqlite3.connect(journal) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'r9999_from_the_future'")
    connection.close()
    assert examine(file)[1]["database"] == ["fail"]
    journal.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    assert "fail" in examine(file)[1]["database"]


def test_secrets_that_others_may_read_fail(tmp_path: Path) -> None:
    (tmp_path / "access.key").write_bytes(bytes(32))
    (tmp_path / "access.key").chmod(0o644)
    assert levels(site.secrets(tmp_path)) == [("sign-in", Level.FAIL)]
    (tmp_path / "access.key").chmod(0o600)
    assert levels(site.secrets(tmp_path)) == []


def certificate(folder: Path, days: int, *names: str) -> ServerTls:
    """Signed by itself, good from a month ago until in so many days."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ward")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(30)).not_valid_after(now + timedelta(days))
    if names:
        made = made.add_extension(x509.SubjectAlternativeName(map(x509.DNSName, names)), critical=False)
    (folder / "crt").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(PEM))
    (folder / "key").write_bytes(
        key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "key").chmod(0o600)
    return ServerTls(str(folder / "crt"), str(folder / "key"))


def page_certificate(tls: ServerTls) -> list[Finding]:
    return [*shown(Shown("certificate", tls.certificate, tls.key, named=True))]


def test_a_certificate_is_told_by_its_last_day_and_its_names(tmp_path: Path) -> None:
    (good,) = page_certificate(certificate(tmp_path, 200, "ward-4b.example"))
    assert good.level is Level.OK
    assert "ward-4b.example" in good.said
    assert levels(page_certificate(certificate(tmp_path, 5, "a.example"))) == [("certificate", Level.WARN)]
    assert levels(page_certificate(certificate(tmp_path, 200))) == [("certificate", Level.WARN)]


def test_a_certificate_that_is_over_or_whose_key_others_read_fails(tmp_path: Path) -> None:
    tls = certificate(tmp_path, -1)
    (expired,) = page_certificate(tls)
    assert expired.level is Level.FAIL
    assert "expired" in expired.said
    tls = certificate(tmp_path, 200, "a.example")
    (tmp_path / "key").chmod(0o640)
    assert levels(page_certificate(tls)) == [("certificate", Level.FAIL), ("certificate", Level.OK)]


def test_a_page_that_answers_is_the_daemons_and_an_address_of_another_machine_fails() -> None:
    from pumpd.cli.doctor.lines import page

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert page(ServerConfig("127.0.0.1", port)).level is Level.OK
    assert page(ServerConfig("192.0.2.1", port)).level is Level.FAIL


def test_a_folder_that_is_not_there_or_has_no_room_fails(tmp_path: Path) -> None:
    assert levels(machine.disk(tmp_path / "nowhere")) == [("disk", Level.FAIL)]
    assert levels(machine.disk(tmp_path, keep_free=1 << 60))[0] == ("disk", Level.FAIL)
