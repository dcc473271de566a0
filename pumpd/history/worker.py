"""The process that answers questions about stays, one after the other, until its standard input ends (see service)."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from typing import BinaryIO

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from pumpd.history.read import answer
from pumpd.history.shapes import Query
from pumpd.history.wire import FAILED, GOOD, LENGTH, First, framed
from pumpd.journal import JournalOpenError
from pumpd.journal import engine as engines


def _read(source: BinaryIO) -> bytes | None:
    head = source.read(LENGTH.size)
    return source.read(LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else None


async def _answered(engine: AsyncEngine, data: bytes) -> tuple[bytes, bytes]:
    try:
        return GOOD, msgspec.json.encode(await answer(engine, msgspec.json.decode(data, type=Query)))
    except (SQLAlchemyError, OSError) as error:
        return FAILED, str(getattr(error, "orig", None) or error).encode()


async def _serve(first: First) -> None:
    engine = engines.make_engine(engines.parse_url(first.journal), reading=True)
    loop = asyncio.get_running_loop()
    try:
        while (data := await loop.run_in_executor(None, _read, sys.stdin.buffer)) is not None:
            code, body = await _answered(engine, data)
            sys.stdout.buffer.write(code + framed(body))
            sys.stdout.buffer.flush()
    finally:
        await engine.dispose()


def main() -> int:
    """The exit code."""
    data = _read(sys.stdin.buffer)
    if data is None:
        return 0
    first = msgspec.json.decode(data, type=First)
    if first.nice:
        os.nice(10)
    try:
        with suppress(BrokenPipeError, KeyboardInterrupt):
            asyncio.run(_serve(first))
    except JournalOpenError as error:
        sys.stderr.write(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
