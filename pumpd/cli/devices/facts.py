"""Facts as JSON and as one line of text."""

from __future__ import annotations

from typing import Any, cast

from msgspec import to_builtins

from pumpd.device import Garbled
from pumpd.device.fact_words import fact_words
from pumpd.safety.events import LinkChanged


def to_json(fact: object, at_ms: int) -> dict[str, Any]:
    """The fact with its type and time; bytes as hex."""
    return {"t_ms": at_ms, "type": type(fact).__name__, **_plain(_fields(fact))}


def _fields(fact: object) -> dict[str, Any]:
    return cast("dict[str, Any]", to_builtins(fact, builtin_types=(bytes,)))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.hex(" ") if isinstance(value, bytes) else value


def to_line(fact: object, at_ms: int) -> str:
    """ "12.345 s  Vitals  RR 14 /min  SpO2 97 %"."""
    return f"{at_ms / 1000:10.3f} s  {type(fact).__name__:<14} {_words(fact)}"


def _words(fact: object) -> str:
    if isinstance(fact, Garbled):
        return f"{fact_words(fact)}: {fact.data.hex(' ')}"
    if isinstance(fact, LinkChanged):
        return " ".join(filter(None, (fact.state.value, fact.detail)))
    return fact_words(fact)
