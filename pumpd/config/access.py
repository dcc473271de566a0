"""config/access.toml as pumpd.access.policy has it, and what must hold in it beyond its structure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pumpd.access.policy import AccessPolicy, HashCost, RateLimit, RolePolicy, SecretRules
from pumpd.access.roles import Identity, Permission, Role
from pumpd.config.access_file import AccessFile, RoleTable
from pumpd.config.problems import Problem
from pumpd.config.read import Parsed, Source, read_record
from pumpd.config.toml_lines import Path as KeyPath

KIB_PER_MIB = 1024
ACTS = frozenset({"acknowledge", "pause_audio", "stop", "rate", "interlock", "chart", "course", "bind", "history"})
"""Nobody does these without seeing the ward."""
NEEDS_NAMES = frozenset({"bind", "chart", "course"})
"""Nobody does these without knowing whose bed it is."""
ONLY_STOP = frozenset({"view", "stop"})


def access_policy(file: AccessFile) -> AccessPolicy:
    """The values of a file without problems."""
    roles = {
        Role(name): RolePolicy(_all(one.may), Identity(one.identity), one.idle, one.absolute)
        for name, one in file.role.each().items()
    }
    words, pin, cost = file.password, file.pin, file.hash
    refused = frozenset(word.lower().replace(" ", "") for word in words.refused)
    return AccessPolicy(
        roles=roles,
        step_up_ms=file.step_up.lasts,
        step_up=_all(file.step_up.may),
        limits=tuple(RateLimit(limit.failures, limit.per) for limit in file.limit),
        secrets=SecretRules(words.min, words.max, pin.min, pin.max, refused),
        cost=HashCost(cost.memory_mib * KIB_PER_MIB, cost.passes, cost.lanes, cost.waiting),
    )


def _role(table: RoleTable) -> RolePolicy:
    return RolePolicy(_all(table.may), Identity(table.identity), table.idle, table.absolute)


def read_access(path: Path) -> AccessPolicy | list[Problem]:
    """The file at path, or every problem in it."""
    parsed = read_record(path, AccessFile)
    if isinstance(parsed, list):
        return parsed
    return access_problems(parsed) or access_policy(parsed.record)


def _all(names: Iterable[str]) -> frozenset[Permission]:
    return frozenset(map(Permission, names))


def access_problems(parsed: Parsed[AccessFile]) -> list[Problem]:
    """What is wrong with the file by itself."""
    file, source = parsed.record, parsed.source
    return [*_roles(file, source), *_step_up(file, source), *_lengths(file, source)]


def _roles(file: AccessFile, source: Source) -> Iterator[Problem]:
    for name, role in file.role.each().items():
        may, at = set[str](role.may), ("role", name)
        yield from _seeing(may, role.identity, at, source)
        if role.idle is not None and role.absolute is not None and role.idle > role.absolute:
            yield source.problem((*at, "idle"), "is longer than absolute: it would never count")
        if name != "display" and (role.idle is None or role.absolute is None):
            key = "idle" if role.idle is None else "absolute"
            yield source.problem((*at, key), "only a display's sessions go on for ever; give a time")
    if more := set(file.role.display.may) - ONLY_STOP:
        message = f"a screen that never signs out may view and stop, and nothing else: {', '.join(sorted(more))}"
        yield source.problem(("role", "display", "may"), message)
    if "accounts" not in file.role.admin.may:
        yield source.problem(("role", "admin", "may"), 'without "accounts" nobody looks after accounts')


def _seeing(may: set[str], identity: str, at: KeyPath, source: Source) -> Iterator[Problem]:
    blind = sorted(may & ACTS)
    if blind and "view" not in may:
        yield source.problem((*at, "may"), f'without "view" nobody should {", ".join(blind)}: who acts sees the ward')
    nameless = sorted(may & NEEDS_NAMES)
    if nameless and identity == "none":
        message = f'{", ".join(nameless)}: for a patient whom one cannot tell from another; give "initials" or "full"'
        yield source.problem((*at, "identity"), message)
    if "name_others" in may:
        yield source.problem((*at, "may"), '"name_others" is a machine\'s: people act in their own name')


def _step_up(file: AccessFile, source: Source) -> Iterator[Problem]:
    strange = sorted(set(file.step_up.may) - ACTS - {"view"} | set(file.step_up.may) & {"history"})
    if strange:
        message = f"not at a shared screen: {', '.join(strange)}; sign in for that"
        yield source.problem(("step_up", "may"), message)


def _lengths(file: AccessFile, source: Source) -> Iterator[Problem]:
    if file.pin.min > file.pin.max:
        yield source.problem(("pin", "min"), "expected min <= max")
