"""How a site signs in: what roles may, how long sessions last, how hard guessing is. Pure; from config/access.toml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pumpd.access.roles import Identity, Permission, Role

_MORE = (Identity.NONE, Identity.INITIALS, Identity.FULL)


@dataclass(frozen=True, slots=True)
class RolePolicy:
    """What one role may and sees. idle_ms, absolute_ms: when its sessions end; None: not by that."""

    permissions: frozenset[Permission]
    identity: Identity
    idle_ms: int | None
    absolute_ms: int | None


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most so many failed attempts in any such time."""

    count: int
    per_ms: int


@dataclass(frozen=True, slots=True)
class SecretRules:
    """Lengths in characters. refused: passwords that everybody tries first, in lower case."""

    password_min: int
    password_max: int
    pin_min: int
    pin_max: int
    refused: frozenset[str]


@dataclass(frozen=True, slots=True)
class HashCost:
    """Of argon2id: memory in KiB, passes over it, threads of one hash. waiting: sign-ins in the queue at most."""

    memory_kib: int
    passes: int
    lanes: int
    waiting: int


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """The whole file. step_up: what a person may do with a grant at a shared screen, for step_up_ms."""

    roles: Mapping[Role, RolePolicy]
    step_up_ms: int
    step_up: frozenset[Permission]
    limits: tuple[RateLimit, ...]
    secrets: SecretRules
    cost: HashCost

    def permissions(self, roles: Iterable[Role]) -> frozenset[Permission]:
        """What somebody with these roles may: all that one of them may."""
        return frozenset().union(*(self.roles[role].permissions for role in roles))

    def identity(self, roles: Iterable[Role]) -> Identity:
        """The most that one of the roles sees of who lies in a bed."""
        return max((self.roles[role].identity for role in roles), key=_MORE.index, default=Identity.NONE)

    def idle_ms(self, roles: Iterable[Role]) -> int | None:
        """The shortest of the roles' idle times; None: never."""
        return _shortest(self.roles[role].idle_ms for role in roles)

    def absolute_ms(self, roles: Iterable[Role]) -> int | None:
        """The shortest of the roles' longest sessions; None: without end."""
        return _shortest(self.roles[role].absolute_ms for role in roles)


def _shortest(times: Iterable[int | None]) -> int | None:
    return min((time for time in times if time is not None), default=None)
