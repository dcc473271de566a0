"""The README's two devices, whole and broken: one mistake each, and the check of the kit that must see it."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from pumpd.sim.catalog import model_of
from pumpd.sim.conformance import Case, case_of
from tests.drivers import acme

DRIVERS = {
    "one": ("acme_pumpd/one.py", "AcmeOne", "AcmeOneSim"),
    "drip": ("acme_pumpd/drip.py", "AcmeDrip", "AcmeDripSim"),
}

_FOLDER = tempfile.TemporaryDirectory()
_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Mutant:
    """In the device's driver, or in its captures, `old` becomes `new`; body: methods that are overridden."""

    check: str
    device: str
    old: str = ""
    new: str = ""
    body: str = ""
    captures: bool = False

    @property
    def name(self) -> str:
        return f"{self.check}-{self.device}"


def healthy(device: str) -> Case:
    """The README's device as it stands there."""
    return broken(Mutant("", device))


def broken(mutant: Mutant) -> Case:
    """The device with this one mistake."""
    files = acme.files()
    path, driver_name, simulator_name = DRIVERS[mutant.device]
    driver = files[path]
    captures = {
        Path(name).name: text for name, text in files.items() if name.startswith(f"captures/acme_{mutant.device}")
    }
    if mutant.captures:
        captures = {name: _changed(mutant, text) for name, text in captures.items()}
    elif mutant.old:
        driver = _changed(mutant, driver)
    if mutant.body:
        driver += f"\n\nclass Mutant({driver_name}):\n{mutant.body}"
    module = _module(driver)
    made = getattr(module, "Mutant" if mutant.body else driver_name)
    simulator = getattr(_module(files["acme_pumpd/simulators.py"]), simulator_name)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in captures.items():
            (Path(folder) / name).write_text(text, encoding="ascii")
        return case_of(made, Path(folder), model_of(simulator))


def _changed(mutant: Mutant, text: str) -> str:
    if mutant.old not in text:
        raise ValueError(f"{mutant.name}: {mutant.old!r} is not there any more")
    return text.replace(mutant.old, mutant.new)


def _module(source: str) -> ModuleType:
    """As if it had been installed."""
    name = f"acme_{next(_NUMBERS)}"
    path = Path(_FOLDER.name) / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
