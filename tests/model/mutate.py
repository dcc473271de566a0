"""Loads the kernel with a deliberate bug: the source of one module changed, everything else as it is.

The vocabulary modules (events, decisions, policy and its parts, alarms, view) are shared with the real kernel, so that
values compare equal; the modules that decide are imported afresh under their own names and then put back.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

PACKAGE = "pumpd.safety"
VOCABULARY = frozenset(
    f"{PACKAGE}.{name}"
    for name in (
        *("events", "decisions", "policy", "limits", "protocol_policy", "alarms", "view"),
        *("told_events", "told_state", "told_view"),
    )
)
FOLDER = Path(importlib.import_module(PACKAGE).__path__[0])


@dataclass(frozen=True)
class Mutant:
    """In `module`, the text `old` (which stands there exactly once) becomes `new`."""

    name: str
    module: str
    old: str
    new: str

    def source(self) -> str:
        text = (FOLDER / f"{self.module}.py").read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"mutant {self.name}: its text stands {text.count(self.old)} times in {self.module}.py")
        return text.replace(self.old, self.new)


class _Source(importlib.abc.SourceLoader):
    def __init__(self, path: str, text: str) -> None:
        self._path, self._text = path, text

    def get_filename(self, fullname: str) -> str:
        return self._path + ".mutant"

    def get_data(self, path: str) -> bytes:
        return self._text.encode()

    def path_stats(self, path: str) -> dict[str, float]:
        raise OSError  # no byte code is ever cached for a mutant


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._name, self._text = f"{PACKAGE}.{mutant.module}", mutant.source()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.util.spec_from_loader(fullname, _Source(str(FOLDER), self._text))


@contextmanager
def mutated(mutant: Mutant) -> Iterator[ModuleType]:
    """The mutant's kernel module; the real modules are back in place afterwards."""
    package = sys.modules[PACKAGE]
    finder = _Finder(mutant)
    deciding = [n for n in sys.modules if n.startswith(f"{PACKAGE}.") and n not in VOCABULARY]
    saved = {name: sys.modules.pop(name) for name in deciding}
    for name in saved:  # `from pumpd.safety import x` asks the package before the import system
        delattr(package, name.rsplit(".", 1)[1])
    sys.meta_path.insert(0, finder)
    try:
        yield importlib.import_module(f"{PACKAGE}.kernel")
    finally:
        sys.meta_path.remove(finder)
        for name in [n for n in sys.modules if n.startswith(f"{PACKAGE}.") and n not in VOCABULARY]:
            del sys.modules[name]
        sys.modules.update(saved)
        for name, module in saved.items():
            setattr(package, name.rsplit(".", 1)[1], module)
