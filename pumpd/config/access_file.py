"""The description of config/access.toml: roles, times of sessions, limits of guessing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from pumpd.config.fields import PositiveMs, Record
from pumpd.config.quantity import DURATION

PermissionName = Literal[
    "view",
    "history",
    "acknowledge",
    "pause_audio",
    "stop",
    "rate",
    "interlock",
    "chart",
    "course",
    "bind",
    "devices",
    "integration",
    "settle",
    "audit",
    "accounts",
    "metrics",
    "name_others",
]
"""The words of pumpd.access.roles.Permission (a test holds both together)."""

IdentityName = Literal["full", "initials", "none"]


def _until(value: Any) -> int | None:
    if value == "never":
        return None
    if not isinstance(value, str):
        raise ValueError('expected a duration in quotes such as "15 min", or "never"')
    time_ms = DURATION.parse(value)
    if time_ms <= 0:
        raise ValueError('expected a duration that is longer than nothing, or "never"')
    return time_ms


_SCHEMA = {"type": "string", "pattern": r"^(never|\d+(\.\d+)? ?(ms|s|min|h))$", "examples": ["15 min", "never"]}
UntilMs = Annotated[int | None, BeforeValidator(_until), WithJsonSchema(_SCHEMA)]


class RoleTable(Record):
    """What a role may and sees, and when its sessions end."""

    may: list[PermissionName]
    identity: IdentityName
    idle: UntilMs
    absolute: UntilMs


class RolesTable(Record):
    """Every role of people and screens; a machine's permissions stand in its token."""

    display: RoleTable
    nurse: RoleTable
    charge: RoleTable
    biomed: RoleTable
    auditor: RoleTable
    admin: RoleTable

    def each(self) -> dict[str, RoleTable]:
        """By name."""
        return {name: getattr(self, name) for name in type(self).model_fields}


class StepUpTable(Record):
    """What a person may do at a shared screen, and for how long."""

    lasts: PositiveMs
    may: list[PermissionName]


class LimitTable(Record):
    """Wrong secrets in any such time."""

    failures: Annotated[int, Field(ge=1, le=1000)]
    per: PositiveMs


class PasswordTable(Record):
    """Lengths in characters; refused: in any case, with or without spaces."""

    min: Annotated[int, Field(ge=8, le=64)]
    max: Annotated[int, Field(ge=64, le=1024)]
    refused: list[str]


class PinTable(Record):
    """Lengths in digits."""

    min: Annotated[int, Field(ge=4, le=16)]
    max: Annotated[int, Field(ge=4, le=16)]


class HashTable(Record):
    """argon2id; not below OWASP's smallest setting."""

    memory_mib: Annotated[int, Field(ge=19, le=1024)]
    passes: Annotated[int, Field(ge=2, le=20)]
    lanes: Annotated[int, Field(ge=1, le=4)]
    waiting: Annotated[int, Field(ge=2, le=64)]


class AccessFile(Record):
    """Who may do what, and how people sign in."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    role: RolesTable
    step_up: StepUpTable
    limit: Annotated[list[LimitTable], Field(min_length=1)]
    password: PasswordTable
    pin: PinTable
    hash: HashTable
