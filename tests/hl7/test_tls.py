"""Mutual TLS with certificates made here: who is not of our authorities gets no answer, and renewed files count."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from pumpd_hl7.acks import Answer
from pumpd_hl7.client import NotDelivered, send_once
from pumpd_hl7.tls import client_context, server_context

from pumpd.gateways import PeerSettings, SendSettings, Tls
from tests.conftest import need
from tests.hl7.wire import ADT, adt, listening


@pytest.fixture(scope="module")
def openssl() -> str:
    found = shutil.which("openssl")
    need(found is not None, "openssl", "it makes the certificates")
    return str(found)


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, openssl: str, folder: Path) -> None:
        self._openssl, self._folder = openssl, folder
        folder.mkdir()
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                  "-keyout", "ca.key", "-out", "ca.pem", "-subj", f"/CN={folder.name}")  # fmt: skip

    def _run(self, *words: str) -> None:
        subprocess.run([self._openssl, *words], cwd=self._folder, check=True, capture_output=True)

    def issue(self, name: str) -> Tls:
        """A certificate for 127.0.0.1."""
        (self._folder / "ext").write_text("subjectAltName=IP:127.0.0.1\n")
        self._run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")  # fmt: skip
        self._run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                  "-days", "2", "-extfile", "ext", "-out", f"{name}.pem")  # fmt: skip
        at = self._folder
        return Tls(str(at / f"{name}.pem"), str(at / f"{name}.key"), str(at / "ca.pem"))


@pytest.fixture(scope="module")
def ours(openssl: str, tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(openssl, tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def others(openssl: str, tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(openssl, tmp_path_factory.mktemp("tls") / "others")


def _spoil(path: str) -> None:
    Path(path).write_text("half of a key")


def _digest(of: Tls) -> str:
    return sha256(ssl.PEM_cert_to_DER_cert(Path(of.certificate).read_text())).hexdigest()


async def _send(port: int, tls: Tls | None, control_id: str = "1") -> str:
    return (await _answer(port, tls, adt(control_id))).code


async def _answer(port: int, tls: Tls | None, message: str) -> Answer:
    settings = SendSettings("ehr", "127.0.0.1", port, ("ADT",), tls=tls, ack_ms=60_000)
    return await send_once(settings, message.encode(), message.split("|")[9])


async def _read_one(port: int, context: ssl.SSLContext) -> None:
    """TLS 1.3 says that somebody is turned away at the first read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        await reader.readexactly(1)
    finally:
        writer.close()


async def test_both_sides_of_one_authority_talk(ours: Authority) -> None:
    async with listening(tls=ours.issue("pumpd")) as bench:
        assert await _send(bench.server.port, ours.issue("ehr")) == "AA"
        assert bench.notes.applied == ["1"]


async def test_who_shows_no_certificate_or_a_foreign_one_is_not_heard(ours: Authority, others: Authority) -> None:
    async with listening(tls=ours.issue("pumpd")) as bench:
        stranger, ehr = others.issue("ehr"), ours.issue("ehr")
        for tls in (stranger, Tls(stranger.certificate, stranger.key, ehr.authorities)):
            with pytest.raises(NotDelivered):
                await _send(bench.server.port, tls)
        anonymous = ssl.create_default_context(cafile=ehr.authorities)
        with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            await _read_one(bench.server.port, anonymous)
        assert bench.notes.applied == []
        assert await _send(bench.server.port, ehr) == "AA"


async def test_a_message_whose_sender_does_not_belong_to_the_certificate_is_rejected_and_told(ours: Authority) -> None:
    his, pumps = ours.issue("his"), ours.issue("pumps")
    digest = _digest(his)
    for own in ("his", f"sha256:{digest}"):
        peers = (replace(ADT, certificates=(own,)), PeerSettings("pumps", "PUMPS", certificates=("pumps",)))
        async with listening(tls=ours.issue("pumpd"), peers=peers) as bench:
            assert await _send(bench.server.port, pumps, "1") == "AR"
            assert (bench.notes.applied, bench.peer().messages, bench.peer().problem) == ([], 0, "")
            strange = bench.peer("unknown senders")
            assert strange.problem == "MSH-3: a message that claims to be of ehr, with the certificate pumps"
            answer = await _answer(bench.server.port, pumps, adt("2", "P|2.6|||AL|NE"))
            assert (answer.code, answer.text) == ("CR", "the certificate pumps is not one of this sender")
            assert await _send(bench.server.port, his, "1") == "AA"
            assert bench.notes.applied == ["1"]


async def test_without_tls_nobody_is_a_peer_that_shows_a_certificate() -> None:
    async with listening(peers=(replace(ADT, certificates=("his",)),)) as bench:
        assert await _send(bench.server.port, None) == "AR"


async def test_a_plain_connection_gets_nothing_from_a_tls_listener(ours: Authority) -> None:
    async with listening(tls=ours.issue("pumpd")) as bench:
        with pytest.raises(NotDelivered):
            await _send(bench.server.port, None)


async def test_a_receiver_that_is_not_who_it_should_be_gets_nothing(ours: Authority, others: Authority) -> None:
    async with listening(tls=others.issue("pumpd")) as bench:
        with pytest.raises(NotDelivered, match="certificate"):
            await _send(bench.server.port, ours.issue("ehr"))
        assert bench.peer().messages == 0


async def test_renewed_certificates_count_from_the_next_connection_on(ours: Authority, others: Authority) -> None:
    mine, ehr = ours.issue("pumpd"), ours.issue("ehr")
    async with listening(tls=mine) as bench:
        assert await _send(bench.server.port, ehr, "1") == "AA"
        _spoil(mine.key)
        assert await _send(bench.server.port, ehr, "2") == "AA"  # those of before go on
        renewed = others.issue("pumpd")
        for old, new in ((mine.certificate, renewed.certificate), (mine.key, renewed.key)):
            shutil.copy(new, old)
        trusting = Tls(ehr.certificate, ehr.key, renewed.authorities)
        assert await _send(bench.server.port, trusting, "3") == "AA"
        with pytest.raises(NotDelivered):
            await _send(bench.server.port, ehr, "4")


def test_nothing_older_than_tls_1_2_and_nobody_without_a_certificate(ours: Authority) -> None:
    files = ours.issue("pumpd")
    for context in (client_context(files), server_context(files)):
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
        assert context.verify_mode is ssl.CERT_REQUIRED
    assert client_context(files).check_hostname


def test_files_that_are_not_there_are_told_at_the_start(ours: Authority) -> None:
    with pytest.raises(OSError, match="No such file"):
        server_context(Tls("/nowhere/a.pem", "/nowhere/a.key", "/nowhere/ca.pem"))
