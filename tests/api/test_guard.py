"""Foreign pages may neither act nor watch; every answer carries the security headers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.datastructures import Headers
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from pumpd.api.guard import Rules
from tests.api.ward import MemoryWard, client, config, served

STOP = "/api/v1/beds/b1/pumps/b1-p1/stop"
WHO = {"by": "RN-KL", "reason": "because"}

EVIL = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:8081"},
    {"origin": "http://127.0.0.1:8080.evil.example"},
    {"origin": "http://127.0.0.1:8080/"},
    {"origin": "file://127.0.0.1:8080"},
    {"origin": ""},
    {"cookie": "a=b"},
    {"sec-fetch-site": "same-origin"},
]


@pytest.mark.parametrize("headers", EVIL)
async def test_an_act_from_a_foreign_page_reaches_no_bed(headers: dict[str, str]) -> None:
    ward = MemoryWard()
    async with client(ward) as web:
        answer = await web.post(STOP, json=WHO, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_not_allowed")
    assert ward.events == []


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8080", "https://ward.example"])
async def test_an_act_from_our_own_page_or_a_configured_origin_is_taken(origin: str) -> None:
    ward = MemoryWard()
    async with client(ward, config(allowed_origins=("https://ward.example",))) as web:
        answer = await web.post(STOP, json=WHO, headers={"origin": origin, "sec-fetch-site": "same-origin"})
    assert answer.status_code == 200


async def test_reading_needs_no_origin() -> None:
    async with client(MemoryWard()) as web:
        assert (await web.get("/api/v1/ward", headers={"sec-fetch-site": "none"})).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "", "[::1", "10.0.0.9"]
)
async def test_a_host_that_is_not_ours_is_refused_against_dns_rebinding(host: str) -> None:
    async with client(MemoryWard()) as web:
        answer = await web.get("/api/v1/ward", headers={"host": host})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "host_not_allowed")


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080", "LOCALHOST:1", "ward.example"])
def test_our_own_names_are_taken(host: str) -> None:
    rules = Rules(config(allowed_origins=("https://ward.example",)))
    assert rules.host_ok(Headers({"host": host}))


def test_a_wildcard_bind_takes_any_address_but_no_foreign_name() -> None:
    rules = Rules(config(host="0.0.0.0"))
    assert rules.host_ok(Headers({"host": "10.0.0.9:8080"}))
    assert not rules.host_ok(Headers({"host": "evil.example"}))


@pytest.mark.req("SEC-04")
async def test_every_answer_carries_the_security_headers_and_data_is_never_cached() -> None:
    async with client(MemoryWard()) as web:
        for path in ("/", "/api/v1/ward", "/api/v1/nowhere", "/livez"):
            answer = await web.get(path)
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert path == "/" or answer.headers["cache-control"] == "no-store"


async def status_of(port: int, **headers: str) -> Any:
    options: dict[str, Any] = {"additional_headers": headers, "open_timeout": 60}
    if "origin" in headers:
        options |= {"origin": headers.pop("origin")}
    try:
        async with connect(f"ws://127.0.0.1:{port}/ws/v1/live", **options):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def test_a_foreign_page_gets_403_and_no_websocket() -> None:
    async with served(MemoryWard()) as port, asyncio.timeout(60):
        assert await status_of(port, origin="http://evil.example") == 403
        assert await status_of(port, origin="null") == 403
        assert await status_of(port, cookie="a=b") == 403
        assert await status_of(port, host="evil.example") in (400, 403)
        assert await status_of(port, origin=f"http://127.0.0.1:{port}") == 101
        assert await status_of(port) == 101
