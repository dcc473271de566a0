"""Lets a file with structural problems be checked for its other problems too, so that a person sees all at once.

Wrong keys are taken out and missing ones are filled with invented text; whatever is later found at an
invented place is not reported. A repaired file is only ever checked, never run.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pumpd.config.problems import Problem
from pumpd.config.read import Parsed, Source, inside, model_at, problem_of, record_in
from pumpd.config.toml_lines import Path as KeyPath
from pumpd.config.toml_lines import dotted

M = TypeVar("M", bound=BaseModel)
_ROUNDS = 4  # a missing table, its keys, and room for both inside a bed


@dataclass
class Checked(Generic[M]):
    """parsed None: too broken to look further. problems: of the structure. invented: keys that were filled in."""

    parsed: Parsed[M] | None
    problems: list[Problem]
    invented: set[str] = field(default_factory=set)

    def without_invented(self, found: list[Problem]) -> list[Problem]:
        return [p for p in found if not any(p.key == key or p.key.startswith(f"{key}.") for key in self.invented)]


def check_structure(data: dict[str, Any], model: type[M], source: Source) -> Checked[M]:
    """Validate data; with problems, repair a copy so far that its meaning can be checked too."""
    result: Checked[M] = Checked(None, [])
    data = copy.deepcopy(data)
    for attempt in range(_ROUNDS):
        try:
            result.parsed = Parsed(model.model_validate(data), source)
            return result
        except ValidationError as error:
            errors = error.errors(include_url=False)
        if attempt == 0:
            result.problems += [problem_of(source, model, one, data) for one in errors]
        for path in list(_repair_all(data, model, errors)):
            result.invented.add(dotted(path))
    return result


def _repair_all(data: dict[str, Any], model: type[BaseModel], errors: list[ErrorDetails]) -> Iterator[KeyPath]:
    for number, error in enumerate(errors):
        path = inside(data, error["loc"])
        if path and isinstance(path[-1], str):
            yield from _repair(data, model, path, error["type"], number)


def _repair(data: dict[str, Any], model: type[BaseModel], path: KeyPath, kind: str, number: int) -> Iterator[KeyPath]:
    parent: Any = data
    for part in path[:-1]:
        parent = parent[part]
    owner = model_at(model, path[:-1])
    fields = {f.alias or name: f for name, f in owner.model_fields.items()} if owner else {}
    key = path[-1]
    known = fields.get(str(key))
    if kind == "extra_forbidden" or known is None or not known.is_required():
        parent.pop(key, None)
        return
    if record_in(known.annotation) is not None:
        parent[key] = {}
    else:
        parent[key] = 1 if key == "schema" else f"invented-{number}"
    yield path
