"""Ids as they may stand in a topic: small letters, digits and dashes, which every broker and bridge takes. Pure."""

from __future__ import annotations

import re

_TOPIC_ID = re.compile(r"[a-z0-9-]{1,80}")
_OTHERS = re.compile(r"[^a-z0-9-]")


def is_topic_id(text: str) -> bool:
    return _TOPIC_ID.fullmatch(text) is not None


def topic_id(name: str) -> str:
    """The id of a ward, bed, device or alarm in a topic: "4B.01" is 4b-01. The payload carries it as it is."""
    return _OTHERS.sub("-", name.lower())[:80]
