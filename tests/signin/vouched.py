"""The web face with a provider that vouches for people: what a browser does, step by step."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from pumpd.access.provider import ProviderSettings
from pumpd.access.roles import Role
from pumpd.api.app import create_app
from pumpd.signin.oidc import OidcProvider
from pumpd.signin.vouching import Vouching
from tests.api.ward import config
from tests.security.face import ORIGIN, Face
from tests.signin.memory import Desk
from tests.signin.provider import CLIENT, SECRET, Provider, flat

NAME = "Hospital login"
RETURN = f"{ORIGIN}/sign-in.html"
PATH = "/api/v1/session/provider"


def settings(provider: Provider, folder: Path) -> ProviderSettings:
    (folder / "oidc-secret").write_text(f"{SECRET}\n", encoding="utf-8")
    claims = ("preferred_username", "name", "groups")
    roles = {"ward-nurses": (Role.NURSE,), "ward-charge": (Role.CHARGE, Role.NURSE)}
    scopes = ("openid", "profile")
    return ProviderSettings(
        NAME, provider.issuer, CLIENT, str(folder / "oidc-secret"), "", scopes, *claims, roles=roles
    )


async def vouching(
    desk: Desk, provider: Provider, folder: Path, timeout_s: float = 60.0
) -> tuple[Vouching, OidcProvider]:
    """Over the desk's clock; a token's times are today's."""
    mine = settings(provider, folder)
    oidc = await OidcProvider.open(mine, lambda: desk.now_ms, timeout_s)
    return Vouching(desk.access, mine, oidc, lambda: desk.now_ms, lambda: time.time_ns() // 1000), oidc


class VouchedFace(Face):
    """A face with `provider` in front of it; web: a browser's page."""

    @classmethod
    async def meet(cls, provider: Provider, folder: Path, timeout_s: float = 60.0) -> VouchedFace:
        self = await cls.open()
        assert isinstance(self, VouchedFace)
        self.provider = provider
        provider.redirects.add(RETURN)
        vouched, self.oidc = await vouching(self.desk, provider, folder, timeout_s)
        self.app = create_app(self.ward.hub, self.ward, config(), "build-1", **self.parts, provider=vouched)
        self.web = self.browser(origin=ORIGIN)
        return self

    async def close(self) -> None:
        await self.web.aclose()
        await self.oidc.close()
        await super().close()

    async def begin(self) -> tuple[str, str]:
        """Where the browser is sent, and its cookie."""
        answer = await self.web.post(PATH, json={})
        assert answer.status_code == 200, answer.text
        return answer.json()["location"], cookie_of(answer, "__Host-oidc")

    async def at_provider(self, location: str, person: str) -> dict[str, str]:
        """The person signs in there; what stands in the address when the browser is back."""
        async with httpx.AsyncClient() as browser:
            assert (await browser.get(location)).status_code == 200
            answer = await browser.post(location, data={"person": person})
        assert answer.status_code == 303, answer.text
        back = answer.headers["location"]
        assert back.startswith(f"{RETURN}?")
        return flat(urlsplit(back).query)

    async def back(self, came: dict[str, str], cookie: str, **headers: str) -> httpx.Response:
        self.desk.now_ms += 61_000 if headers.pop("wait", "") else 5_000  # nobody waits for the rate limit here
        cookies = {"cookie": f"__Host-oidc={cookie}"} if cookie else {}
        return await self.web.post(f"{PATH}/return", json=came, headers=cookies | headers)

    async def sign_in(self, person: str) -> httpx.Response:
        location, cookie = await self.begin()
        return await self.back(await self.at_provider(location, person), cookie)

    def noted(self) -> list[tuple[str, str]]:
        return [(entry.outcome, entry.detail) for entry in self.desk.noted if entry.what == "sign_in"]


def cookie_of(answer: httpx.Response, name: str) -> str:
    """Its value; the header says that no script and no other site has it."""
    (line,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{name}=")]
    value, _, rest = line.removeprefix(f"{name}=").partition(";")
    assert all(word in rest.lower() for word in ("httponly", "secure", "samesite=strict", "path=/")), line
    return value.strip('"')


def reasons(answer: httpx.Response) -> str:
    said: dict[str, Any] = answer.json()
    return " ".join(said["error"]["reasons"])
