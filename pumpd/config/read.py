"""Reads one TOML file into its description: a record, or every problem with its line."""

from __future__ import annotations

import hashlib
import re
import tomllib
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pumpd.config.problems import Problem, did_you_mean, nearest
from pumpd.config.toml_lines import Path as KeyPath
from pumpd.config.toml_lines import dotted, locate, scan

M = TypeVar("M", bound=BaseModel)

MISSING = "required key is missing"
_AT_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")
_TYPES = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list in brackets",
    "model_type": "a table",
    "dict_type": "a table",
}


@dataclass(frozen=True)
class Source:
    """A file's text facts: how it is named in messages, its digest, the line of every key, and its bytes."""

    name: str
    sha256: str
    lines: dict[KeyPath, int]
    raw: bytes = field(default=b"", repr=False)

    def problem(self, path: KeyPath, message: str) -> Problem:
        """A problem at that key, with the line on which it stands."""
        return Problem(self.name, locate(self.lines, path), dotted(path), message)


@dataclass(frozen=True)
class Parsed(Generic[M]):
    """A valid record and where it came from."""

    record: M
    source: Source


def read_toml(path: Path) -> tuple[dict[str, Any], Source] | Problem:
    """The file's tables and its text facts, or why it cannot be read; never raises for any content."""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8")
    except OSError as error:
        return Problem(str(path), 1, "", f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return Problem(str(path), line, "", "is not UTF-8 text")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return _syntax_problem(str(path), text, str(error))
    return data, Source(str(path), hashlib.sha256(raw).hexdigest(), scan(text), raw)


def read_record(path: Path, model: type[M]) -> Parsed[M] | list[Problem]:
    """The file at path as a `model`, or every problem found in it; never raises for any content."""
    read = read_toml(path)
    if isinstance(read, Problem):
        return [read]
    data, source = read
    return _validate(data, model, source)


def _syntax_problem(name: str, text: str, message: str) -> Problem:
    found = _AT_LINE.search(message)
    line = int(found[1]) if found else text.count("\n") + 1
    column = f" (column {found[2]})" if found else ""
    reason = re.sub(r" \(at .*\)$", "", message)
    return Problem(name, line, "", f"is not valid TOML: {reason}{column}")


def _validate(data: dict[str, Any], model: type[M], source: Source) -> Parsed[M] | list[Problem]:
    try:
        return Parsed(model.model_validate(data), source)
    except ValidationError as error:
        return [problem_of(source, model, details, data) for details in error.errors(include_url=False)]


def problem_of(source: Source, model: type[BaseModel], error: ErrorDetails, data: dict[str, Any]) -> Problem:
    """One of pydantic's findings as our line."""
    path = inside(data, error["loc"])
    return source.problem(path, _message(model, error, path))


def inside(data: Any, loc: KeyPath) -> KeyPath:
    """loc without what pydantic adds for its own unions: only steps that exist in data, and a missing last one."""
    path: KeyPath = ()
    for part in loc:
        exists = (isinstance(data, dict) and part in data) or (isinstance(data, list) and isinstance(part, int))
        if exists:
            data = data[part]
            path = (*path, part)
        elif isinstance(data, dict) and part == loc[-1]:
            path = (*path, part)
    return path


def _message(model: type[BaseModel], error: ErrorDetails, path: KeyPath) -> str:
    kind = error["type"]
    if kind == "extra_forbidden":
        return _unknown_key(model, path)
    if kind == "missing":
        return MISSING
    if kind in _TYPES:
        return f"expected {_TYPES[kind]}, found {_shown(error['input'])}"
    if kind == "literal_error":
        return _not_a_choice(error)
    if kind == "string_pattern_mismatch":
        return f"expected letters, digits, dot, dash and underscore, found {_shown(error['input'])}"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    return error["msg"].removeprefix("Input ").strip()


def _not_a_choice(error: ErrorDetails) -> str:
    choices = re.findall(r"'([^']*)'", error["ctx"]["expected"])
    found = error["input"]
    if not isinstance(found, str) or not choices:
        return f"expected {error['ctx']['expected']}, found {_shown(found)}"
    expected = ", ".join(f'"{c}"' for c in choices)
    guess = nearest(found, choices)
    return f'expected {expected}, found "{found}"' + (f'; did you mean "{guess}"?' if guess else "")


# Keys of earlier versions: what has taken their place.
_GONE = {
    ("server", "allow_unauthenticated"): "everybody signs in now, wherever the page is served: leave it out; "
    "an address that is not loopback needs tls_certificate and tls_key, or behind_tls_proxy = true",
}


def _unknown_key(model: type[BaseModel], path: KeyPath) -> str:
    if path in _GONE and "bed" in model.model_fields:
        return _GONE[path]
    owner = model_at(model, path[:-1])
    return f"unknown key{did_you_mean(str(path[-1]), keys_of(owner))}"


def keys_of(owner: type[BaseModel] | None) -> list[str]:
    """The keys of its table, as the file writes them."""
    return [] if owner is None else [field.alias or name for name, field in owner.model_fields.items()]


def model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    """The record type that describes the table at path."""
    here: type[BaseModel] | None = model
    for part in path:
        if isinstance(part, int):
            continue
        field = here.model_fields.get(part) if here else None
        here = record_in(field.annotation) if field else None
    return here


def record_in(annotation: Any) -> type[BaseModel] | None:
    """The record type inside list[...], Annotated[...] or an optional."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (list, Annotated, Union, types.UnionType, dict):
        for inner in get_args(annotation):
            if (found := record_in(inner)) is not None:
                return found
    return None


def _shown(value: Any) -> str:
    """How a wrong value is named: its kind and itself, cut short."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value[:40]}"'
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return f"the number {value}" if isinstance(value, int | float) else f"{value}"
