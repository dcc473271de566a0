"""A real ward signs in, over real HTTP and TLS; only a demonstration does not, and only on this machine."""

from __future__ import annotations

import asyncio
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pumpd.access.audit import AuditQuery, What
from pumpd.config.model import ServerTls, WardConfig
from pumpd.daemon import Daemon
from pumpd.journal import JournalOpenError
from tests.config.test_access import certificate
from tests.daemon.house import House
from tests.signin.memory import PASSWORD
from tests.signin.provider import Provider
from tests.signin.vouched import NAME, settings


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Its devices and its ward file; its own daemon has ended."""
    made = await House.open(tmp_path)
    await made.daemon.stop()
    yield made
    await made.daemon.stop()
    await made.sim.close()


async def started(house: House, config: WardConfig | None = None) -> Daemon:
    house.daemon = Daemon(config or house.config)
    await house.daemon.start()
    return house.daemon


async def asked(daemon: Daemon, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Status and answer, as a program gets them."""
    secure = daemon.config.server.tls
    context = None if secure is None else ssl.create_default_context(cafile=secure.certificate)
    data = None if body is None else json.dumps(body).encode()
    scheme = "http" if secure is None else "https"
    url = f"{scheme}://127.0.0.1:{daemon.port}/{path}"
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})

    def ask() -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(request, timeout=10, context=context) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    return await asyncio.to_thread(ask)


@pytest.mark.req("SEC-01", "SEC-09")
async def test_a_real_ward_shows_nothing_to_nobody_and_the_console_s_token_makes_the_first_account(
    house: House,
) -> None:
    daemon = await started(house)
    assert (await asked(daemon, "api/v1/ward"))[0] == 401
    assert (await asked(daemon, "api/v1/beds/demo-01/stop", {}))[0] in (401, 403)
    assert (await asked(daemon, "livez"))[0] == 200
    file = house.config.access_folder / "set-up-token"
    assert file.read_text().strip() == daemon.reception.setup_token
    assert file.stat().st_mode & 0o777 == 0o600
    made = await daemon.reception.access.set_up(daemon.reception.setup_token, "ada", "Ada", PASSWORD, "console")
    assert hasattr(made, "cookie")
    assert (await asked(daemon, "api/v1/ward", Cookie=f"__Host-sid={made.cookie}"))[0] == 200
    assert not daemon.reception.setup_token
    await daemon.stop()
    again = await started(house)
    assert (await asked(again, "api/v1/ward", Cookie=f"__Host-sid={made.cookie}"))[0] == 200, "over the restart"
    noted = [(row.entry.what, row.entry.subject) for row in await again.reception.audit.search(AuditQuery())]
    assert noted.count((What.SYSTEM, "start")) == 3
    assert (What.SYSTEM, "stop") in noted
    assert (What.ACCOUNT, "ada") in noted


@pytest.mark.req("SEC-10")
async def test_the_page_is_served_encrypted_with_the_site_s_certificate(house: House, tmp_path: Path) -> None:
    certificate(tmp_path)
    server = replace(house.config.server, tls=ServerTls(f"{tmp_path}/p.crt", f"{tmp_path}/p.key"))
    daemon = await started(house, replace(house.config, server=server))
    assert (await asked(daemon, "livez"))[0] == 200
    assert (await asked(daemon, "api/v1/ward"))[0] == 401


@pytest.mark.req("SEC-09")
async def test_a_demonstration_signs_everybody_in_and_only_on_this_machine(house: House) -> None:
    demo = replace(house.config, generation="demo")
    daemon = await started(house, demo)
    status, session = await asked(daemon, "api/v1/session")
    assert (status, session["demo"], session["account"]) == (200, True, "demo")
    await daemon.stop()
    open_to_all = Daemon(replace(demo, server=replace(demo.server, host="0.0.0.0")))
    with pytest.raises(JournalOpenError, match=r"only at 127\.0\.0\.1"):
        await open_to_all.start()


@pytest.mark.req("AUD-03")
async def test_an_audit_that_fails_is_an_alarm_at_every_bed_until_it_works(house: House) -> None:
    daemon = await started(house)
    fault = daemon.reception.audit.on_fault
    from pumpd.journal.audit import AuditFault

    fault(AuditFault("the disk is full", 7))
    alarm = house.alarm("audit_failing")
    assert alarm is not None
    assert "7 entries wait" in alarm.text
    fault(None)
    assert house.alarm("audit_failing") is None


async def test_a_key_that_cannot_be_read_stops_the_start_with_a_sentence(house: House) -> None:
    (house.config.access_folder / "access.key").write_bytes(b"short")
    with pytest.raises(JournalOpenError, match="is not a key"):
        await Daemon(house.config).start()


@pytest.mark.req("SEC-07")
async def test_a_ward_with_an_identity_provider_sends_people_there_and_says_so_when_its_secret_is_missing(
    house: House, tmp_path: Path
) -> None:
    with Provider() as provider:
        config = replace(house.config, provider=settings(provider, tmp_path))
        daemon = await started(house, config)
        await daemon.reception.access.set_up(daemon.reception.setup_token, "ada", "Ada", PASSWORD, "console")
        assert (await asked(daemon, "api/v1/session"))[1]["provider"] == NAME
        status, begun = await asked(daemon, "api/v1/session/provider", {})
        assert status == 200
        assert begun["location"].startswith(f"{provider.issuer}/authorize?")
        assert f"redirect_uri=http%3A%2F%2F127.0.0.1%3A{daemon.port}%2Fsign-in.html" in begun["location"]
        await daemon.stop()
        (tmp_path / "oidc-secret").unlink()
        with pytest.raises(JournalOpenError, match=r"sign-in: .*oidc-secret"):
            await started(house, config)
