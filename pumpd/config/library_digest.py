"""The digest that a released drug library carries of itself. Pure.

Defined so that anybody can compute it without pumpd: the SHA-256 of the file's bytes without the one line that begins
with `sha256 =`, each remaining line ended by one line feed:

    grep -v '^sha256 *=' drug_library.toml | sha256sum

Everything else counts, comments too: a person who reviews the file reviews them. The digest shows that a file is not
the one that was released; it does not show who wrote it.
"""

from __future__ import annotations

import hashlib
import re

_LINE = re.compile(rb"sha256 *=")
_LENGTH = 64


def digest_lines(raw: bytes) -> list[int]:
    """The numbers (from 1) of the lines that hold the digest; a released library has exactly one."""
    return [number for number, line in enumerate(raw.split(b"\n"), 1) if _LINE.match(line)]


def content_digest(raw: bytes) -> str:
    """The digest of a library's content, in lower-case hexadecimal."""
    kept = [line for line in raw.removesuffix(b"\n").split(b"\n") if not _LINE.match(line)]
    return hashlib.sha256(b"".join(line + b"\n" for line in kept)).hexdigest()


def sealed(text: str) -> str:
    """The text with the digest of its content in its sha256 line; ValueError where it has no or several such lines."""
    if len(digest_lines(text.encode())) != 1:
        raise ValueError('a library has exactly one line that begins with "sha256 ="')
    digest = content_digest(text.encode())
    return "\n".join(f'sha256 = "{digest}"' if _LINE.match(line.encode()) else line for line in text.split("\n"))


def is_digest(text: str) -> bool:
    """Whether the text can be a digest at all."""
    return re.fullmatch(f"[0-9a-f]{{{_LENGTH}}}", text) is not None
