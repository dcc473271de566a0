"""The audit under /api/v1: searched, exported and verified by auditors. Reading it is noted in it too."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from pumpd.access.audit import AuditQuery, AuditRow, What
from pumpd.access.port import AuditPort
from pumpd.access.principal import Principal
from pumpd.api.errors import REFUSALS, ApiError
from pumpd.api.needs import AUDIT, versioned
from pumpd.api.routes import answered
from pumpd.live.messages import encode
from pumpd.live.stamp import EPOCH, wall_text

PAGE = 100
EXPORT_PAGE = 1000
MOST = 1000
COLUMNS = (
    *("seq", "at", "what", "who", "roles", "session", "address", "subject", "bed", "patient", "outcome", "detail"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is computed by a spreadsheet
TEXT = Query(max_length=200)


def query(
    first: Annotated[datetime | None, Query(alias="from", description="with a time zone")] = None,
    last: Annotated[datetime | None, Query(alias="to", description="with a time zone")] = None,
    who: Annotated[str, TEXT] = "",
    what: What | None = None,
    bed: Annotated[str, TEXT] = "",
    text: Annotated[str, TEXT] = "",
    before: Annotated[int | None, Query(ge=1, le=2**62, description="older than the entry of this number")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = PAGE,
) -> AuditQuery:
    """What is looked for. Raises ApiError for a time without its zone."""
    return AuditQuery(_us("from", first), _us("to", last), who, what, bed, text, before, limit)


def audit_routes(port: AuditPort | None) -> APIRouter:
    """None: no audit is kept (a demonstration without a journal)."""
    router = versioned(*REFUSALS)

    @router.get("/audit", summary="Who did or saw what, newest first; next: what to ask as `before` for the page after")
    async def search(asked: Annotated[AuditQuery, Depends(query)], who: Principal = AUDIT) -> Response:
        rows = await _kept(port).search(asked)
        more = rows[-1].seq if len(rows) == asked.limit and rows[-1].seq > 1 else None
        return answered(encode({"entries": [_shape(row) for row in rows], "next": more}))

    @router.get("/audit/export", summary="The same as a file: one JSON object a line, or CSV; streamed")
    async def export(
        asked: Annotated[AuditQuery, Depends(query)],
        format: Literal["ndjson", "csv"] = "ndjson",
        who: Principal = AUDIT,
    ) -> Response:
        rows = _all(_kept(port), replace(asked, limit=EXPORT_PAGE))
        lines, media = (_csv(rows), "text/csv") if format == "csv" else (_ndjson(rows), "application/x-ndjson")
        name = f'attachment; filename="audit.{format}"'
        return StreamingResponse(lines, media_type=media, headers={"content-disposition": name})

    @router.get("/audit/verify", summary="Is the chain of entries unbroken?")
    async def verify(who: Principal = AUDIT) -> Response:
        verdict = await _kept(port).verify()
        return answered(encode({"ok": verdict.problem is None, "rows": verdict.rows, "problem": verdict.problem}))

    return router


def _kept(port: AuditPort | None) -> AuditPort:
    if port is None:
        raise ApiError(404, "no_audit", "no audit is kept here")
    return port


def _us(name: str, at: datetime | None) -> int | None:
    if at is None:
        return None
    if at.tzinfo is None:
        raise ApiError(422, "invalid", f"{name}: needs a time zone")
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


async def _all(port: AuditPort, asked: AuditQuery) -> AsyncIterator[tuple[AuditRow, ...]]:
    """Page after page; what is written meanwhile is newer than the first, and not among them."""
    while rows := await port.search(asked):
        yield rows
        if len(rows) < asked.limit:
            return
        asked = replace(asked, before_seq=rows[-1].seq)


async def _ndjson(pages: AsyncIterator[tuple[AuditRow, ...]]) -> AsyncIterator[bytes]:
    async for rows in pages:
        yield b"".join(encode(_shape(row)) + b"\n" for row in rows)


async def _csv(pages: AsyncIterator[tuple[AuditRow, ...]]) -> AsyncIterator[bytes]:
    yield _lines([COLUMNS])
    async for rows in pages:
        yield _lines([_cell(value) for value in _shape(row).values()] for row in rows)


def _lines(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    text = " ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _shape(row: AuditRow) -> dict[str, Any]:
    entry = row.entry
    said = {name: getattr(entry, name) for name in COLUMNS[2:]}
    return {"seq": row.seq, "at": wall_text(row.at_us), **said}
