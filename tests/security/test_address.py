"""From where somebody calls: what a caller says of that itself is believed from configured proxies only."""

from __future__ import annotations

import asyncio
import inspect

import httpx
import pytest
import uvicorn

from pumpd.api.app import create_app
from pumpd.api.sockets import listen, server_options
from pumpd.config.model import ServerConfig
from pumpd.daemon.web import encryption
from tests.api.ward import config
from tests.security.face import Face

SPOOFED = {"x-forwarded-for": "10.9.8.7", "x-forwarded-proto": "https"}


async def noted_address(face: Face, server: ServerConfig) -> str:
    """What the audit has of a wrong sign-in by way of a real socket."""
    sock = listen("127.0.0.1", 0)
    web = uvicorn.Server(uvicorn.Config(face.app, **(server_options() | encryption(server))))
    async with asyncio.TaskGroup() as group:
        group.create_task(web._serve(sockets=[sock]))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{sock.getsockname()[1]}", headers=SPOOFED) as client:
            answer = await client.post("/api/v1/session", json={"account": "klee", "password": "not hers"})
        assert answer.status_code == 401
        web.should_exit = True
    return face.desk.noted[-1].address


@pytest.mark.parametrize(
    ("proxies", "address"), [((), "127.0.0.1"), (("10.0.0.2",), "127.0.0.1"), (("127.0.0.1",), "10.9.8.7")]
)
async def test_a_forwarded_address_is_believed_from_configured_proxies_only(
    face: Face, proxies: tuple[str, ...], address: str
) -> None:
    assert await noted_address(face, config(proxies=proxies)) == address


def test_a_server_without_more_words_believes_nobody() -> None:
    assert server_options()["proxy_headers"] is False


def test_no_app_is_open_because_somebody_forgot_to_say_who_may() -> None:
    assert inspect.signature(create_app).parameters["access"].default is inspect.Parameter.empty
