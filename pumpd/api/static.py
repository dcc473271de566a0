"""The page's files: vendored libraries may be kept, everything else is asked for again (ETag).

Whoever is not signed in gets the sign-in page and what it is made of, and is sent there from every other page.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from pumpd.api.errors import refusal
from pumpd.api.gate import SESSION_OVER, Gate

ROOT = Path(__file__).resolve().parent.parent / "dashboard"
VENDOR_AGE = "public, max-age=604800"
SIGN_IN = "sign-in.html"
# what the sign-in page is made of; a test follows its imports
PUBLIC = frozenset(
    {
        SIGN_IN,
        "sign-in.js",
        "icon.svg",
        "css/base.css",
        "css/sign-in.css",
        "js/i18n.js",
        "js/lit.js",
        "js/session.js",
        "js/settings.js",
    }
)


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file as it is answered. etag: changes with its bytes."""

    body: bytes
    headers: Mapping[str, str]
    etag: str


@lru_cache(maxsize=1)
def page_files(root: Path = ROOT) -> Mapping[str, PageFile]:
    """Everything below the folder by its name there, "" for the ward's page. Read once: a screen asks for some seventy
    files, and after a restart all screens ask at the same time, while stops are due."""
    found = {file.relative_to(root).as_posix(): _page_file(file) for file in sorted(root.rglob("*")) if _is_page(file)}
    return found | {"": found["index.html"]}


def _is_page(file: Path) -> bool:
    return file.is_file() and file.suffix not in (".py", ".pyc")


def _page_file(file: Path) -> PageFile:
    body = file.read_bytes()
    kind = mimetypes.guess_type(file.name)[0] or "text/plain"
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "content-type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        "content-length": str(len(body)),
        "etag": etag,
        "cache-control": VENDOR_AGE if file.parent.name == "vendor" else "no-cache",
    }
    return PageFile(body, headers, etag)


class PageFiles:
    """pumpd/dashboard at "/", out of memory."""

    def __init__(self, gate: Gate) -> None:
        self._files = page_files()
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry point."""
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        await self._response(get_route_path(scope).lstrip("/"), scope)(scope, receive, send)

    def _response(self, name: str, scope: Scope) -> Response:
        """A page without a session is the way to the sign-in page; anything else without one is refused."""
        line = HTTPConnection(scope)
        if is_public(name) or self._gate.who(line) is not None:
            return self._file(name, scope["method"], line)
        if name in (".", "") or name.endswith(".html"):
            query = line.url.query  # a screen's theme and language are worn by the sign-in page too
            asked = line.url.path + (f"?{query}" if query else "")
            return RedirectResponse(f"/{SIGN_IN}?to={quote(asked, safe='')}" + (f"&{query}" if query else ""), 303)
        return refusal(401, "not_signed_in", SESSION_OVER)

    def _file(self, name: str, method: str, line: HTTPConnection) -> Response:
        if method not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        file = self._files.get(name)
        if file is None:
            raise HTTPException(404)
        if file.etag in line.headers.get("if-none-match", ""):
            kept = {key: file.headers[key] for key in ("etag", "cache-control")}
            return Response(status_code=304, headers=kept)
        return Response(b"" if method == "HEAD" else file.body, headers=dict(file.headers))


def is_public(name: str) -> bool:
    """name: below the dashboard's folder. Vendored files are others' published work."""
    return name in PUBLIC or (name.startswith(("vendor/", "js/words-de")) and ".." not in name)
