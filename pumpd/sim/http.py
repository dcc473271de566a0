"""A small HTTP client for simulated people: JSON out, JSON in, one connection per request, on the running loop.

It speaks to the daemon's own HTTP face as any script would; nothing of the daemon is imported.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

JsonObject = dict[str, Any]
REASONS = "reasons"


@dataclass(frozen=True, slots=True)
class Answer:
    """status of HTTP; body as JSON, {} where there is none."""

    status: int
    body: JsonObject

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it was refused; empty where it was not."""
        error = self.body.get("error")
        return tuple(error.get(REASONS, ())) if isinstance(error, dict) else ()


class HttpClient:
    """Of one daemon's API; paths are below /api/v1."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    async def get(self, path: str) -> Answer:
        return await self.ask("GET", path)

    async def post(self, path: str, body: JsonObject) -> Answer:
        return await self.ask("POST", path, body)

    async def put(self, path: str, body: JsonObject) -> Answer:
        return await self.ask("PUT", path, body)

    async def ask(self, method: str, path: str, body: JsonObject | None = None) -> Answer:
        """Raises OSError (ConnectionError) when nobody answers."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(self._request(method, path, body))
            await writer.drain()
            return _answer(await reader.read())
        finally:
            writer.close()

    def _request(self, method: str, path: str, body: JsonObject | None) -> bytes:
        data = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} /api/v1/{path} HTTP/1.1",
            f"Host: {self._host}:{self._port}",
            "Connection: close",
            "Content-Type: application/json",
            f"Content-Length: {len(data)}",
        )
        return "\r\n".join(head).encode("ascii") + b"\r\n\r\n" + data


def _answer(raw: bytes) -> Answer:
    head, found, body = raw.partition(b"\r\n\r\n")
    words = head.split(b"\r\n", 1)[0].split()
    if not found or len(words) < 2 or not words[1].isdigit():
        raise ConnectionError("the connection ended before the answer did")
    return Answer(int(words[1]), _object(body))


def _object(body: bytes) -> JsonObject:
    """What is no JSON object (a page, a crash's plain text) is under "text"."""
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"text": body.decode(errors="replace")}
