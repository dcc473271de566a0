"""An encrypted broker that asks for certificates and passwords, and lets each ward speak for itself alone."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pumpd.bus.wire import LinkLost, connect
from pumpd.config.bus_settings import Broker, BusTls
from tests.bus.brokers import MOSQUITTO, Ear, Mosquitto, need_mosquitto
from tests.conftest import need


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def certificates(folder: Path) -> None:
    """An authority, the broker's certificate for 127.0.0.1, and a ward's."""
    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    openssl(folder, *new, "-x509", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test authority")
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1\n")
    for name, more in (("broker", ("-extfile", "san")), ("4b", ())):
        openssl(folder, *new[:-2], "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2")
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", *signing, "-out", f"{name}.pem", *more)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    import shutil

    need_mosquitto()
    need(shutil.which("openssl") is not None, "openssl", "apt install openssl")
    certificates(tmp_path)
    (tmp_path / "acl").write_text("pattern readwrite pumpd/v1/h/%u/#\n")
    return tmp_path


# the library leaves the socket of a handshake that failed to the collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_ward_comes_in_with_its_certificate_and_speaks_for_nobody_else(secrets: Path) -> None:
    listener = "\n".join(f"{key} {secrets}/{name}" for key, name in (("cafile", "ca.pem"), ("certfile", "broker.pem")))
    more = (
        f"keyfile {secrets}/broker.key\nrequire_certificate true\nuse_identity_as_username true\nacl_file {secrets}/acl"
    )
    mosquitto = Mosquitto(secrets / "broker", listener=f"{listener}\n{more}\nallow_anonymous false")
    await mosquitto.start()
    tls = BusTls(str(secrets / "ca.pem"), str(secrets / "4b.pem"), str(secrets / "4b.key"))
    broker = Broker("127.0.0.1", mosquitto.port, tls)
    try:
        ear = Ear()
        async with connect(broker, "one", hear=ear.hear) as link:
            await link.subscribe(["pumpd/v1/h/4b/#", "pumpd/v1/h/5a/#"])
            await link.publish("pumpd/v1/h/5a/daemon/state", b"5a")
            await link.publish("pumpd/v1/h/4b/daemon/state", b"4b")
            await ear.until(lambda: ear.heard)
            assert [one.payload for one in ear.heard] == [b"4b"]
        with pytest.raises(LinkLost):
            async with connect(replace(broker, tls=BusTls(tls.authorities)), "nobody"):
                pass
        with pytest.raises(LinkLost):
            async with connect(replace(broker, tls=BusTls(str(secrets / "4b.pem"))), "distrustful"):
                pass
    finally:
        mosquitto.stop()


async def test_a_password_is_read_from_its_file_and_a_wrong_one_opens_nothing(secrets: Path) -> None:
    assert MOSQUITTO is not None
    passwords, ours = secrets / "passwords", secrets / "mqtt.password"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "4b", "s3cret"], check=True, capture_output=True)  # noqa: ASYNC221
    mosquitto = Mosquitto(secrets / "broker", listener=f"allow_anonymous false\npassword_file {passwords}")
    await mosquitto.start()
    broker = Broker("127.0.0.1", mosquitto.port, None, "4b", str(ours))
    try:
        ours.write_text("s3cret\n")
        async with connect(broker, "one") as link:
            await link.publish("pumpd/v1/h/4b/daemon/state", b"4b")
        ours.write_text("wrong\n")
        with pytest.raises(LinkLost):
            async with connect(broker, "two"):
                pass
    finally:
        mosquitto.stop()
