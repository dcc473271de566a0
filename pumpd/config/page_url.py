"""Addresses of pages that others are sent to: what comes in a message of a broker is nobody's promise. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

SCHEMES = ("https", "http")
LONGEST = 500


def page_url(text: str | None) -> str | None:
    """The address as it is, if a browser may be sent there: http or https, a host, no name or password. Else None."""
    if not text or len(text) > LONGEST or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    whole = parts.scheme in SCHEMES and parts.hostname and parts.username is None and parts.password is None
    return text if whole and "@" not in parts.netloc else None
