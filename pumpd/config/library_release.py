"""Releases and retires a drug library in its file: the few lines that say so change, everything else stays as it is."""

from __future__ import annotations

import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pumpd.config.library_checks import Library, content_problems, seal_problems
from pumpd.config.library_digest import sealed
from pumpd.config.library_file import LibraryFile
from pumpd.config.problems import Problem
from pumpd.config.read import read_record

_STRING = r"""("(?:[^"\\]|\\.)*"|'[^']*')"""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_AFTER = "status"  # a key that is not there yet is written below this one, which every library has


@dataclass(frozen=True, slots=True)
class Signature:
    """Who does it and when. version: a new one, where the file's is not the one to release. note: why, in few words.

    Raises ValueError for a blank name or version, and for anything that is not one line of text.
    """

    by: str
    on: str
    version: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        for key, text in (("by", self.by), ("version", self.version), ("note", self.note)):
            if text is not None and _CONTROL.search(text):
                raise ValueError(f"--{key}: expected one line of text, without control characters")
            if text is not None and not text.strip() and key != "note":
                raise ValueError(f"--{key}: expected a {'name' if key == 'by' else 'version'}, found a blank")


def release(library: Library, signature: Signature) -> str | list[Problem]:
    """The text of the library as released, its digest in it; or every reason why it is not released."""
    record, source = library.record, library.source
    problems = content_problems(library)
    if record.status == "retired":
        problems.append(source.problem(("status",), 'a retired library stays so: copy it and set status = "draft"'))
    if record.status == "released" and signature.version in (None, record.version):
        message = f"{record.version} is released already; a changed library is a new version: --version"
        problems.append(source.problem(("version",), message))
    values = {"status": "released", "version": (signature.version or record.version).strip()}
    values |= {"released_by": signature.by.strip(), "released_on": signature.on}
    # what was said of the version before is not true of this one
    stale = {"note": ""} if record.status == "released" and record.note else {}
    return problems or _rewritten(library, values | stale | _note(signature))


def retire(library: Library, signature: Signature) -> str | list[Problem]:
    """The text of a released library as retired, its digest in it; or every reason why it is not."""
    record, source = library.record, library.source
    if record.status == "released":
        problems = seal_problems(library)
    else:
        problems = [source.problem(("status",), f"a {record.status} library cannot be retired, only a released one")]
    values = {"status": "retired", "retired_by": signature.by.strip(), "retired_on": signature.on}
    return problems or _rewritten(library, values | _note(signature))


def _note(signature: Signature) -> dict[str, str]:
    return {} if signature.note is None else {"note": signature.note.strip()}


def _rewritten(library: Library, values: dict[str, str]) -> str | list[Problem]:
    """The text with these keys and its digest; or the lines that cannot be rewritten."""
    lines = library.source.raw.decode("utf-8").split("\n")
    problems: list[Problem] = []
    missing: list[str] = []
    for key, value in {**values, "sha256": ""}.items():
        at = library.source.lines.get((key,))
        if at is None:
            missing.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
            continue
        new = _with_value(lines[at - 1], key, value)
        if new is None:
            message = f'write it as {key} = "…", in quotes, on a line of its own from the first column on'
            problems.append(library.source.problem((key,), message))
        else:
            lines[at - 1] = new
    if problems:
        return problems
    after = library.source.lines[(_AFTER,)]
    return sealed("\n".join([*lines[:after], *missing, *lines[after:]]))


def _with_value(line: str, key: str, value: str) -> str | None:
    """The line with another text, its comment kept; None where the line is not `key = "text"`."""
    match = re.fullmatch(rf"({key} *= *){_STRING}(\s*(?:#.*)?)", line)
    return None if match is None else match[1] + json.dumps(value, ensure_ascii=False) + match[3]


def write_in_place(path: Path, text: str) -> None:
    """Replace the file at once or not at all, with the same permissions. Raises OSError."""
    target = path.resolve()
    mode = target.stat().st_mode & 0o7777
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_library(path: Path) -> Library | list[Problem]:
    """The library in the file, or what is wrong with its structure."""
    return read_record(path, LibraryFile)
