"""Runs one test of the suite in a world where one source file is wrong; the real world is as it was afterwards.

Every module of ours is imported anew for it (the kernel, the drivers, the tests and their helpers), so that whoever
holds a name holds the broken one. A test may need tmp_path and plain fixtures of its folder's conftest.py.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import itertools
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader as Loader
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
OURS = ("pumpd", "pumpd_drivers", "tests")


@dataclass(frozen=True)
class Broken:
    """In `module`, the text `old` (which stands there exactly once) becomes `new`; `test` (path::name) must see it.

    module: of ours by its full name, or a file that is read and not imported (data, a migration) by its path.
    """

    requirement: str
    module: str
    old: str
    new: str
    test: str

    def is_data(self) -> bool:
        return "/" in self.module

    def path(self) -> Path:
        if self.is_data():
            return ROOT / self.module
        spec = importlib.util.find_spec(self.module)
        assert spec is not None, self.module
        assert spec.origin is not None, self.module
        return Path(spec.origin)

    def source(self) -> str:
        text = self.path().read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.requirement}: {self.old!r} stands {text.count(self.old)} times in {self.module}")
        return text.replace(self.old, self.new)


class Unrunnable(Exception):
    """The row names what this file cannot run: never taken for a test that is red."""


class _Source(importlib.abc.SourceLoader):
    def __init__(self, path: str, text: str) -> None:
        self._path, self._text = path, text

    def get_filename(self, fullname: str) -> str:
        return self._path

    def get_data(self, path: str) -> bytes:
        return self._text.encode()

    def path_stats(self, path: str) -> dict[str, float]:
        raise OSError  # no byte code is read or kept


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, path: str, text: str) -> None:
        self._name, self._path, self._text = name, path, text

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.util.spec_from_loader(fullname, _Source(self._path, self._text))


def _ours() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] in OURS]


def _code_of(path: Path, text: bytes, load: Any) -> Any:
    """What reads a module from its file, but for this path."""
    return lambda its, name: compile(text, path, "exec") if Path(its.path) == path else load(its, name)


@contextmanager
def world_with(broken: Broken) -> Iterator[None]:
    """Everything of ours is imported anew inside, with this one source wrong."""
    finder = _Finder(broken.module, str(broken.path()), broken.source())
    read, load = Path.read_bytes, Loader.get_code
    if broken.is_data():
        text, path = broken.source().encode(), broken.path()
        Path.read_bytes = lambda its: text if its.resolve() == path else read(its)  # type: ignore[method-assign, assignment]
        Loader.get_code = _code_of(path, text, load)  # type: ignore[method-assign]
    saved = {name: sys.modules.pop(name) for name in _ours()}
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        Path.read_bytes, Loader.get_code = read, load  # type: ignore[method-assign]
        sys.meta_path.remove(finder)
        for name in _ours():
            del sys.modules[name]
        sys.modules.update(saved)


def run(test: str, folder: Path) -> None:
    """The test with each of its parameters, or with those of `[...]`; raises what it raises."""
    path, _, name = test.partition("::")
    name, _, wanted = name.removesuffix("]").partition("[")
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    function = getattr(module, name, None)
    if function is None:
        raise Unrunnable(f"{path} has no {name}")
    chosen = [one for one in _parameters(function) if not wanted or "-".join(map(str, one.values())) == wanted]
    if not chosen:
        raise Unrunnable(f"{test} has no such parameters")
    for place, arguments in enumerate(chosen):
        own = folder / str(place)
        own.mkdir()
        for needed in inspect.signature(function).parameters.keys() - arguments.keys():
            arguments[needed] = _fixture(module, needed, own)
        done = function(**arguments)
        if inspect.iscoroutine(done):
            asyncio.run(done)


def _fixture(module: ModuleType, name: str, folder: Path) -> Any:
    """tmp_path, or a fixture that returns its value, of the test's file or the conftest.py beside it; of two databases
    SQLite."""
    if name == "tmp_path":
        return folder
    if name == "tmp_path_factory":
        return _Folders(folder)
    name = "url" if name == "any_url" else name
    beside = importlib.import_module(f"{module.__package__}.conftest")
    found = inspect.unwrap(getattr(module, name, None) or getattr(beside, name, None) or _unknown(name))
    return found(**{needed: _fixture(module, needed, folder) for needed in inspect.signature(found).parameters})


def _unknown(name: str) -> Any:
    raise Unrunnable(f"no fixture {name} is known here")


@dataclass(frozen=True)
class _Folders:
    """As much of pytest's tmp_path_factory as fixtures of ours ask for."""

    folder: Path

    def mktemp(self, name: str) -> Path:
        made = self.folder / name
        made.mkdir()
        return made


def _parameters(function: Any) -> Iterator[dict[str, Any]]:
    """Every combination of the test's parametrize marks."""
    marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
    choices = []
    for mark in marks:
        names = [name.strip() for name in mark.args[0].split(",")] if isinstance(mark.args[0], str) else mark.args[0]
        rows = [getattr(row, "values", row) if hasattr(row, "marks") else row for row in mark.args[1]]
        choices.append([dict(zip(names, row if len(names) > 1 else _single(row), strict=True)) for row in rows])
    for chosen in itertools.product(*choices):
        yield {name: value for part in chosen for name, value in part.items()}


def _single(row: Any) -> tuple[Any, ...]:
    return row if isinstance(row, tuple) and len(row) == 1 else (row,)
