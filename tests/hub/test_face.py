"""The hub's own face: its file, sign-in as at a ward, what it answers."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import httpx
import pytest

from pumpd.access.always import AlwaysSignedIn
from pumpd.bus import together
from pumpd.hub.config import load_hub
from pumpd.hub.hub import Hub
from tests.hub.stand import hub_file

NOBODY_LISTENS = 9  # the discard port: no broker


async def test_a_hub_signs_people_in_and_shows_expected_wards_as_silent_without_any_broker(tmp_path: Path) -> None:
    loaded = load_hub(hub_file(tmp_path, NOBODY_LISTENS))
    assert loaded.hub is not None
    hub = Hub(loaded.hub)
    await hub.start()
    try:
        assert hub.reception is not None
        token = hub.reception.signin.setup.token
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{hub.port}") as web:
            assert (await web.get("/")).headers["location"] == "/hub.html"
            assert (await web.get("/hub.html")).headers["location"].startswith("/sign-in.html")
            assert (await web.get("/api/v1/hospital")).status_code == 401
            assert (await web.get("/livez")).status_code == 200
            ready = await web.get("/readyz")
            assert (ready.status_code, len(ready.json()["problems"])) == (503, 1)
            assert "pumpd_hub_wards_silent 1.0" in (await web.get("/metrics")).text
            who = {"token": token, "account": "ada", "name": "Ada Admin", "password": "correct horse 77 battery"}
            made = await web.post("/api/v1/setup", json=who)
            assert made.status_code == 200, made.text
            web.headers["cookie"] = made.headers["set-cookie"].partition(";")[0]
            csrf = {"x-csrf-token": made.json()["csrf"], "origin": f"http://127.0.0.1:{hub.port}"}
            nurse = {"account": "nora", "name": "Nora", "roles": ["nurse"], "password": "another horse 78 battery"}
            added = await web.post("/api/v1/accounts", json=nurse, headers=csrf)
            assert added.status_code in (200, 201), added.text
            signed = await web.post(
                "/api/v1/session",
                json={"account": "nora", "password": nurse["password"]},
                headers={**csrf, "cookie": ""},
            )
            assert signed.status_code == 200, signed.text
            web.headers["cookie"] = signed.headers["set-cookie"].partition(";")[0]
            said = (await web.get("/api/v1/hospital")).json()
            assert [(ward["id"], ward["status"]) for ward in said["wards"]] == [("demo", "silent")]
            assert said["link"] is False
            one = await web.get("/api/v1/hospital/wards/st-elsewhere/demo")
            assert one.json()["ward"]["page"] == "https://demo.example/"
            assert (await web.get("/api/v1/hospital/wards/st-elsewhere/none")).status_code == 404
            assert (await web.get("/hub.html")).status_code == 200
    finally:
        await hub.stop()


async def test_a_hub_ends_although_its_link_swallows_a_cancellation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the broker's client does when an answer comes in the very turn in which it is cancelled."""
    monkeypatch.setattr(together, "AGAIN_S", 0.05)
    loaded = load_hub(hub_file(tmp_path, NOBODY_LISTENS))
    assert loaded.hub is not None
    hub, began, swallowed = Hub(loaded.hub, access=AlwaysSignedIn()), asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        began.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        swallowed.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(hub, "_connections", stubborn)
    await hub.start()
    await began.wait()
    async with asyncio.timeout(20) as limit:
        await hub.stop()
    assert not limit.expired()
    assert swallowed.is_set()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('sites = ["st-elsewhere"]', "sites = []", "hub.sites: "),
        ('id = "core"', 'id = "Core 1"', "hub.id: expected small letters, digits and dashes"),
        ("mqtt://127", "http://127", 'mqtt.url: "http://127.0.0.1:9" is no address of a broker'),
        ('site = "st-elsewhere"', 'site = "other"', 'ward[0].site: "other" is none of [hub] sites'),
        ("https://demo", "ftp://demo", "ward[0].page: expected an address"),
        ("[accounts]", '[database]\nurl = "mysql://x"\n[accounts]', "database.url: expected postgresql://"),
        ("[accounts]", '[database]\nurl = "postgresql://a:b@x/y"\n[accounts]', "database.url: a password has no place"),
        ("port = 0", 'port = 0\nhost = "0.0.0.0"', "server.host: "),
        ("schema = 1", "schema = 1\ncolour = 2", "colour: unknown key"),
    ],
)
def test_each_mistake_in_the_hubs_file_has_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = hub_file(tmp_path, NOBODY_LISTENS)
    path.write_text(path.read_text().replace(old, new, 1))
    found = [f"{problem.key}: {problem.message}" for problem in load_hub(path).problems]
    assert any(problem.startswith(said) for problem in found), found
