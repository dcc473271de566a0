"""Random secrets, their digests, and the key that stands beside the journal, not in it."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

TOKEN_PREFIX = "pumpd_"  # noqa: S105 how a leaked token is recognised, not one
KEY_BYTES = 32
KEY_FILE = "access.key"


def new_secret() -> str:
    """256 random bits as text for a cookie or a header."""
    return secrets.token_urlsafe(32)


def new_id(kind: str) -> str:
    """A public id: unique, and nothing can be learned from it."""
    return f"{kind}-{secrets.token_hex(8)}"


def digest(secret: str) -> bytes:
    """What is kept of a random secret. (One that a person chose needs argon2id.)"""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def keyed(key: bytes, kind: str, text: str) -> bytes:
    """A digest that only who has the key can make."""
    return hmac.digest(key, f"{kind}\0{text}".encode("utf-8", "surrogatepass"), "sha256")


def same(one: str, other: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def read_key(folder: Path) -> bytes:
    """The site's key, made at the first call (mode 0600). Raises OSError or ValueError."""
    file = folder / KEY_FILE
    try:
        key = file.read_bytes()
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
        write_private(file, secrets.token_bytes(KEY_BYTES), once=True)
        key = file.read_bytes()
    if len(key) != KEY_BYTES:
        raise ValueError(f"{file}: is not a key of {KEY_BYTES} bytes; badges would not be recognised any more")
    return key


def write_private(file: Path, content: bytes, *, once: bool = False) -> None:
    """For the daemon's user only. once: whoever was first has written it. Durable, and whole or not there."""
    unfinished = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if once:
            with suppress(FileExistsError):
                os.link(unfinished, file)
        else:
            os.replace(unfinished, file)
    finally:
        unfinished.unlink(missing_ok=True)
