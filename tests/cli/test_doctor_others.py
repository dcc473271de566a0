"""`pumpd doctor` and what stands around a ward: TCP lines, the broker and its access list, PostgreSQL, certificates."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pumpd.cli.doctor import broker, server, tcp
from pumpd.cli.doctor.certificates import Shown, believed, shown
from pumpd.cli.doctor.finding import Finding, Level
from pumpd.config.bus_settings import Broker, BusSettings, BusTls
from pumpd.journal import engine
from tests.bus.brokers import Mosquitto, need_mosquitto
from tests.bus.test_secure import certificates
from tests.conftest import need
from tests.deploy.test_broker import guarded
from tests.ports import deaf_port
from tests.postgres import Postgres, postgres

__all__ = ["postgres"]
HERE = "127.0.0.1"


def said(findings: list[Finding], level: Level) -> str:
    return "; ".join(one.said for one in findings if one.level is level)


class SerialServer:
    """Takes one caller, and counts who called and what they sent."""

    def __init__(self, *, rude: bool = False) -> None:
        self.calls, self.heard, self._rude = 0, b"", rude
        self._listening = socket.create_server((HERE, 0))
        self.port = int(self._listening.getsockname()[1])
        self.gone = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> SerialServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self._listening.accept()
                self.calls += 1
                with caller:
                    while not self._rude and (data := caller.recv(100)):
                        self.heard += data
                self.gone.set()


def test_a_tcp_line_is_called_once_and_nothing_is_sent() -> None:
    with SerialServer() as device:
        found = tcp.line("line p1", HERE, device.port)
        assert found.level is Level.OK
        assert "nothing was sent" in found.said
        assert device.gone.wait(10)
        assert (device.calls, device.heard) == (1, b"")
        assert tcp.line("line p1", HERE, device.port, call=False).level is Level.OK
        assert device.calls == 1


def test_a_tcp_line_that_a_running_daemon_has_is_left_alone() -> None:
    with SerialServer() as device:
        with socket.create_connection((HERE, device.port)):
            found = tcp.line("line p1", "localhost", device.port)
        assert found.level is Level.OK
        assert f"(pid {os.getpid()})" in found.said
        assert "takes one caller only" in found.said
        assert device.gone.wait(10)
        assert device.calls == 1, "only the daemon's own"


def test_a_tcp_line_that_nobody_serves_fails_and_one_that_hangs_up_is_warned_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tcp, "HANG_UP_S", 60.0)  # it does so at once, as soon as its thread has its turn
    with deaf_port() as port:
        assert tcp.line("line p1", HERE, port).level is Level.FAIL
    assert tcp.line("line p1", "no-such-host.invalid", 4001).level is Level.FAIL
    with SerialServer(rude=True) as device:
        found = tcp.line("line p1", HERE, device.port)
    assert (found.level, "hangs up at once" in found.said) == (Level.WARN, True)


def test_a_tcp_line_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a machine that takes no more callers, as of one that is switched off."""
    monkeypatch.setattr(tcp, "CONNECT_S", 0.2)
    monkeypatch.setattr(tcp, "callers", lambda host, port: ())  # those of this test itself
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind((HERE, 0))
        full.listen(0)
        for _ in range(3):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        found = tcp.line("line p1", HERE, full.getsockname()[1])
    assert (found.level, "does not answer" in found.said) == (Level.FAIL, True)


# the broker


@contextlib.contextmanager
def running(mosquitto: Mosquitto) -> Iterator[Mosquitto]:
    asyncio.run(mosquitto.start())
    yield mosquitto
    mosquitto.stop()


def asked(at: Broker, ward: str = "ward-4b") -> list[Finding]:
    return [*broker.broker(BusSettings(at, "st-mary", ward), "b1")]


def test_a_broker_that_is_away_or_lets_nobody_in_is_a_warning(tmp_path: Path) -> None:
    need_mosquitto()
    with deaf_port() as port:
        (away,) = asked(Broker(HERE, port))
    assert away.level is Level.WARN
    with running(Mosquitto(tmp_path / "closed", listener="allow_anonymous false")) as closed:
        (refused,) = asked(closed.broker)
        assert (refused.level, "Not authorized" in refused.said) == (Level.WARN, True)


def test_a_broker_without_an_access_list_lets_us_speak_for_others_which_is_warned_of(tmp_path: Path) -> None:
    need_mosquitto()
    with running(Mosquitto(tmp_path / "open")) as mosquitto:
        found = asked(mosquitto.broker)
    assert said(found, Level.OK) == f"{HERE}:{mosquitto.port} lets us in; we may write pumpd/v1/st-mary/ward-4b/#"
    assert said(found, Level.WARN) == "we may write for other wards, too"


def test_the_shipped_access_list_lets_a_ward_write_its_own_tree_and_doctor_says_so(tmp_path: Path) -> None:
    need_mosquitto()
    who = guarded(tmp_path / "hospital", "hospital.acl", "ward-4b")
    (tmp_path / "password").write_text("of ward-4b\n")
    with running(Mosquitto(tmp_path / "hospital", listener=who)) as mosquitto:
        at = Broker(HERE, mosquitto.port, None, "ward-4b", str(tmp_path / "password"))
        own, other = asked(at), asked(at, ward="ward-4c")
    assert [one.level for one in own] == [Level.OK, Level.OK]
    assert "we may not write pumpd/v1/st-mary/ward-4c/daemon/state" in said(other, Level.FAIL)


def test_an_encrypted_broker_is_told_by_the_last_day_of_its_certificate(tmp_path: Path) -> None:
    need_mosquitto()
    need(shutil.which("openssl") is not None, "openssl", "apt install openssl")
    certificates(tmp_path)
    listener = f"cafile {tmp_path}/ca.pem\ncertfile {tmp_path}/broker.pem\nkeyfile {tmp_path}/broker.key"
    with running(Mosquitto(tmp_path / "broker", listener=f"{listener}\nallow_anonymous true")) as mosquitto:
        found = asked(Broker(HERE, mosquitto.port, BusTls(str(tmp_path / "ca.pem"))))
    assert "its certificate is good for 2 days" in said(found, Level.WARN)  # the test's is


# certificates


def test_certificates_of_mqtt_and_hl7_are_told_by_their_last_day(tmp_path: Path) -> None:
    need(shutil.which("openssl") is not None, "openssl", "apt install openssl")
    certificates(tmp_path)
    (tmp_path / "4b.key").chmod(0o600)
    (ours,) = shown(Shown("certificate mqtt", f"{tmp_path}/4b.pem", f"{tmp_path}/4b.key"))
    assert (ours.level, "good for 2 days" in ours.said) == (Level.WARN, True)
    theirs = believed("authorities hl7", f"{tmp_path}/ca.pem")
    assert (theirs.level, "good for 2 days" in theirs.said) == (Level.WARN, True)
    assert believed("authorities hl7", f"{tmp_path}/4b.key").level is Level.FAIL


def test_a_certificate_that_is_for_clients_only_is_read_as_well(tmp_path: Path) -> None:
    need(shutil.which("openssl") is not None, "openssl", "apt install openssl")
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90")
    files = ("-keyout", "c.key", "-out", "c.pem", "-subj", "/CN=4b", "-addext", "extendedKeyUsage=clientAuth")
    subprocess.run(["openssl", *new, *files], cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "c.key").chmod(0o600)
    (found,) = shown(Shown("certificate mqtt", f"{tmp_path}/c.pem", f"{tmp_path}/c.key"))
    assert found.level is Level.OK, found.said


# PostgreSQL


def test_postgresql_is_told_by_its_version_its_rights_and_its_room(postgres: Postgres) -> None:
    found = [*server.looked_at(engine.parse_url(postgres.empty()))]
    assert "PostgreSQL " in said(found, Level.OK)
    assert "may read, write and make tables" in said(found, Level.OK)
    assert "the journal has" in "; ".join(one.said for one in found)


@pytest.mark.parametrize(
    ("version", "level"), [(120_022, Level.FAIL), (130_018, Level.WARN), (150_010, Level.OK), (170_002, Level.OK)]
)
def test_an_old_postgresql_is_told(version: int, level: Level) -> None:
    assert server._version(version).level is level


def test_what_makes_a_record_uncertain_or_impossible_is_told() -> None:
    good = {"standby": False, "read_only": "off", "encoding": "UTF8", "fsync": "on", "pages": "on", "commits": "on"}
    assert list(server._settings(good)) == []
    wrong = {"standby": True, "read_only": "on", "encoding": "SQL_ASCII", "fsync": "off", "pages": "off"}
    assert [one.level for one in server._settings({**good, **wrong})] == [Level.FAIL] * 4
    assert [one.level for one in server._settings({**good, "commits": "off"})] == [Level.WARN]
