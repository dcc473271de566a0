"""The capture format: raw bytes of one line with their times, as text that a person can read. No clock, no threads.

    # pumpd capture 1: milliseconds, < received or > sent (no mark: received), then the bytes in hex
    # wall 2026-11-22T09:58:26.123+00:00
    # now_ms 86400123
    # device 4b-01-p1
    0 < 21 31 0d
    12 > 21 32 0d

Milliseconds count from the file's own first moment, whose wall time and (of a daemon's capture) journal time stand in
the header. Everything after a # is a comment to a reader that knows no header, so that older readers read on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

TITLE = "# pumpd capture 1: milliseconds, < received or > sent (no mark: received), then the bytes in hex"
SUFFIX = ".capture.txt"
RECEIVED, SENT = "<", ">"
HEADER_LINES = 16  # a header is looked for in these; what follows is read line by line


class CaptureError(ValueError):
    """A line that is no capture; the message says which."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes that came, or left, together. at_ms: since the capture's start."""

    at_ms: int
    data: bytes
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself; None or "" where it does not. now_ms: the journal's time of its millisecond 0."""

    wall: datetime | None = None
    now_ms: int | None = None
    device: str = ""
    driver: str = ""
    link: str = ""

    def text(self) -> str:
        """The header's lines, each with its end."""
        wall = None if self.wall is None else self.wall.isoformat(timespec="milliseconds")
        pairs = (
            ("wall", wall),
            ("now_ms", self.now_ms),
            ("device", self.device),
            ("driver", self.driver),
            ("link", self.link),
        )
        lines = (f"# {key} {value}".replace("\n", " ") for key, value in pairs if value not in (None, ""))
        return "".join(f"{line}\n" for line in (TITLE, *lines))


def line_of(at_ms: int, data: bytes, *, sent: bool = False) -> str:
    """One chunk's line, with its end."""
    return f"{at_ms} {SENT if sent else RECEIVED} {data.hex(' ')}\n"


def read_header(path: Path) -> Header:
    """What the file says of itself. Raises OSError only."""
    found: dict[str, str] = {}
    with path.open(encoding="utf-8", errors="replace") as file:
        for _, text in zip(range(HEADER_LINES), file, strict=False):
            if not text.startswith("#"):
                break
            key, _, value = text.removeprefix("#").strip().partition(" ")
            found[key] = value.strip()
            if _wall(key) is not None:  # the second line of captures before they had a header
                found["wall"] = key
    now = found.get("now_ms", "")
    wall, now_ms = _wall(found.get("wall", "")), int(now) if now.isascii() and now.isdecimal() else None
    return Header(wall, now_ms, found.get("device", ""), found.get("driver", ""), found.get("link", ""))


def _wall(text: str) -> datetime | None:
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        return None
    return wall if wall.tzinfo is not None else None


def read_file(path: Path) -> Iterator[Chunk]:
    """Every chunk of one file, in its own time. Raises OSError or CaptureError.

    A last line that a killed daemon did not finish is left out.
    """
    last_ms = 0
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, text in enumerate(file, 1):
            chunk = _chunk(text, f"{path}:{number}")
            if chunk is None:
                continue
            if chunk.at_ms < last_ms:
                raise CaptureError(f"{path}:{number}: time goes back")
            last_ms = chunk.at_ms
            yield chunk


def _chunk(text: str, where: str) -> Chunk | None:
    content = text.partition("#")[0].strip()
    if not content:
        return None
    at, _, rest = content.partition(" ")
    mark, _, digits = rest.partition(" ")
    if mark not in (RECEIVED, SENT):
        mark, digits = "", rest
    if not text.endswith("\n") and (mark or not digits):
        return None
    try:
        at_ms, data = int(at), bytes.fromhex(digits)
    except ValueError:
        raise CaptureError(f'{where}: expected "milliseconds < hex hex …"') from None
    if not data or at_ms < 0:
        raise CaptureError(f"{where}: {'no bytes' if not data else 'time before the start'}")
    return Chunk(at_ms, data, mark == SENT)


def read_files(paths: Iterable[Path]) -> Iterator[Chunk]:
    """The files of one line as one capture, oldest first, in the time of the first. Raises OSError or CaptureError.

    Files are joined by the journal's time where both have it (it never goes back), else by wall time, else end to end.
    """
    first: Header | None = None
    last_ms = 0
    for header, path in sorted(((read_header(one), one) for one in paths), key=_order):
        first = first or header
        offset_ms = _offset_ms(first, header)
        offset_ms = last_ms if offset_ms is None else offset_ms
        for chunk in read_file(path):
            last_ms = max(last_ms, chunk.at_ms + offset_ms)  # a wall clock that was set back between two files
            yield Chunk(last_ms, chunk.data, chunk.sent)


def _order(file: tuple[Header, Path]) -> tuple[int, float, str]:
    header, path = file
    return header.now_ms or 0, header.wall.timestamp() if header.wall else 0.0, path.name


def _offset_ms(first: Header, header: Header) -> int | None:
    if first is header:
        return 0
    if first.now_ms is not None and header.now_ms is not None:
        return header.now_ms - first.now_ms
    if first.wall is not None and header.wall is not None:
        return int((header.wall - first.wall).total_seconds() * 1000)
    return None
