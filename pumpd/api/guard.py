"""Who may talk to us at all: Host and Origin checks and security headers, for HTTP and WebSocket alike.

The Origin check keeps a foreign web page in a nurse's browser from acting or listening with her session (cross-site
request forgery, cross-site WebSocket hijacking), before any credential is looked at; the Host check keeps out DNS
rebinding. A body that is larger than any act's is not read.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pumpd.api.errors import refusal
from pumpd.config.model import ServerConfig

BODY_BYTES = 65_536
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
HEADERS = {
    "content-security-policy": "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types lit-html",  # the one policy that the page's template library makes
        )
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def host_name(netloc: str) -> str:
    """ "[::1]:8080" -> "::1"; lower case; empty if unreadable."""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Rules:
    """The checks, made once from the server's configuration."""

    def __init__(self, server: ServerConfig) -> None:
        self._origins = frozenset(origin.rstrip("/").lower() for origin in server.allowed_origins)
        self._hosts = LOCAL | {server.host.lower()} | {host_name(urlsplit(origin).netloc) for origin in self._origins}
        self._any_address = server.host in ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound

    def host_ok(self, headers: Headers) -> bool:
        """Only names that we know; an address literal cannot be rebound, so a wildcard bind takes any."""
        name = host_name(headers.get("host", ""))
        return name in self._hosts or (self._any_address and _is_address(name))

    def origin_ok(self, headers: Headers) -> bool:
        """Exactly our own origin or a configured one; none at all only from what is not a browser."""
        origins = headers.getlist("origin")
        if not origins:
            return "sec-fetch-site" not in headers and "cookie" not in headers
        if len(origins) > 1:
            return False
        origin = origins[0].lower()
        parts = urlsplit(origin)
        own = parts.scheme in ("http", "https") and origin == f"{parts.scheme}://{headers.get('host', '').lower()}"
        return own or origin in self._origins


class Guard:
    """ASGI middleware: refuses with 400 (host) or 403 (origin), adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, server: ServerConfig) -> None:
        self._app = app
        self._rules = Rules(server)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if self._rules.host_ok(headers) and self._rules.origin_ok(headers):
            await self._app(scope, receive, send)
            return
        await receive()  # websocket.connect; closing before accept is HTTP 403
        await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                _secure(MutableHeaders(scope=message), scope["path"])
            await send(message)

        app: ASGIApp = self._app
        read = 0

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > BODY_BYTES:
                raise HTTPException(413, f"a body has at most {BODY_BYTES} bytes")
            return message

        if not self._rules.host_ok(headers):
            app = refusal(400, "host_not_allowed", "this Host is not one of ours")
        elif scope["method"] not in SAFE and not self._rules.origin_ok(headers):
            app = refusal(403, "origin_not_allowed", "acts are taken from our own page or a configured origin only")
        elif _length(headers) > BODY_BYTES:
            app = refusal(413, "too_large", f"a body has at most {BODY_BYTES} bytes")
        await app(scope, bounded, secured)


def _length(headers: Headers) -> int:
    """As it was announced; 0 where nothing readable was."""
    said = headers.get("content-length", "")
    return int(said) if said.isdecimal() and len(said) < 20 else 0


def _secure(headers: MutableHeaders, path: str) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if path.startswith("/api/") or path in ("/livez", "/readyz", "/startupz", "/metrics"):
        headers["cache-control"] = "no-store"
