"""What a simulated nurse does, as data: when, at the pump or over HTTP, and whether a refusal is what is expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class At(Enum):
    """Where an act happens."""

    API = "api"
    PUMP = "pump"


@dataclass(frozen=True)
class Step:
    """One act. at_min: minutes after the script's start; what: a path below beds/{bed}, or a row of PANEL (sim.nurse).

    {pump} and {bed} stand for the ids. ago_h: the entry is of so many hours earlier (the body's `at`). keep: remember
    the answer's entry under this name; a body's value "$name" is that entry. refused: the service shall say no.
    tell: a line for whoever watches.
    """

    at_min: float
    what: str
    body: Mapping[str, Any] = field(default_factory=dict)
    where: At = At.API
    method: str = "POST"
    ago_h: float | None = None
    keep: str | None = None
    refused: bool = False
    tell: str = ""
