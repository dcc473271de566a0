"""Loads a driver under development from a file, or says in one line why it cannot be used.

Such a driver is marked UNVERIFIED whatever it says of itself: nobody has put it through the conformance kit.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Container
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from pumpd.device import SIGNALS, UNVERIFIED, DeviceSettings, Driver, DriverInfo, Kind

NAME = re.compile(r"[a-z][a-z0-9_]*")
METHODS = ("start", "receive", "tick", "next_deadline", "finish")


@dataclass(frozen=True, slots=True)
class DriverFile:
    """A file whose drivers may be used in this process, and its digest, for the record."""

    path: Path
    sha256: str
    drivers: tuple[type[Driver], ...]


class DriverFileError(ValueError):
    """What is wrong, in one line: "file:line: what"."""


def load_file(path: Path, taken: Container[str]) -> DriverFile:
    """Every driver that the file defines: classes with an `info` of their own. Raises DriverFileError.

    taken: names that a file may not use, those of the installed drivers. Modules beside the file can be imported by it.
    """
    try:
        source = path.read_bytes()
    except OSError as error:
        raise DriverFileError(f"{path}: {error.strerror}") from None
    lines = _class_lines(path, source)
    module = _imported(path)
    found = [one for one in vars(module).values() if _is_driver(one, module)]
    if not found:
        raise DriverFileError(f"{path}:1: there is no class with `info = DriverInfo(...)` in this file")
    for driver in found:
        reason = why_not(driver, taken)
        if reason is not None:
            raise DriverFileError(f"{path}:{lines.get(driver.__name__, 1)}: {driver.__name__}: {reason}")
        driver.info = replace(driver.info, quality=UNVERIFIED)
    return DriverFile(path.absolute(), hashlib.sha256(source).hexdigest(), tuple(found))


def _class_lines(path: Path, source: bytes) -> dict[str, int]:
    try:
        tree = ast.parse(source, filename=str(path))
    except SyntaxError as error:
        raise DriverFileError(f"{path}:{error.lineno or 1}: {error.msg}") from None
    except ValueError as error:  # null bytes
        raise DriverFileError(f"{path}:1: {error}") from None
    return {node.name: node.lineno for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def _imported(path: Path) -> ModuleType:
    """The file as a module. Its folder is searched last, so that nothing in it hides what is installed."""
    name = f"pumpd_driver_file_{re.sub(r'[^0-9A-Za-z]', '_', path.stem)}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise DriverFileError(f"{path}: is not a Python file (its name must end in .py)")
    module = importlib.util.module_from_spec(spec)
    folder = str(path.absolute().parent)
    if folder not in sys.path:
        sys.path.append(folder)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, KeyboardInterrupt):
            raise
        # somebody else's code: whatever it raises, exit() included, is told with its line
        raise DriverFileError(_where(path, error)) from None
    return module


def _where(path: Path, error: BaseException) -> str:
    """The innermost line of the file, or of a module beside it, and what went wrong there."""
    folder = path.absolute().parent
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).absolute().parent == folder]
    file, line = (own[-1].filename, own[-1].lineno) if own else (str(path), 1)
    if isinstance(error, SyntaxError) and error.filename:  # in a module that the file imports
        file, line = error.filename, error.lineno
    shown = path if Path(file).absolute() == path.absolute() else file
    return f"{shown}:{line}: {type(error).__name__}: {error}"


def _is_driver(one: Any, module: ModuleType) -> bool:
    return isinstance(one, type) and one.__module__ == module.__name__ and isinstance(vars(one).get("info"), DriverInfo)


def why_not(driver: Any, taken: Container[str]) -> str | None:
    """Why a class with an `info` cannot be used as a driver; None: it can."""
    info: DriverInfo = driver.info
    if not NAME.fullmatch(info.name):
        return f'the name "{info.name}" must be lower-case letters, digits and underscores'
    if info.name in taken:
        return f'the name "{info.name}" is that of an installed driver; a driver under development needs its own'
    lacking = [name for name in METHODS if not callable(getattr(driver, name, None))]
    if info.kind is Kind.PUMP and info.pump.can_stop and not callable(getattr(driver, "command", None)):
        lacking.append("command")
    if lacking:
        return f"has no {', '.join(lacking)} (see pumpd.device.contract)"
    for signal in info.signals:
        if signal not in SIGNALS:
            near = get_close_matches(signal, SIGNALS, n=1)
            return f'unknown signal "{signal}"' + (f'; did you mean "{near[0]}"?' if near else "")
    return _why_not_made(driver)


def _why_not_made(driver: Any) -> str | None:
    try:
        driver(DeviceSettings("check"))
    except Exception as error:  # noqa: BLE001 - somebody else's code: whatever it raises is told as a value
        return f"cannot be made: {type(error).__name__}: {error}"
    return None
