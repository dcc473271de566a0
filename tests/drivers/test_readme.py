"""drivers/README.md, followed word for word: a package is built, installed, conforms and is configured."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.drivers import acme

INSTALL = "pip install --no-deps --no-build-isolation ."


class Reader:
    """Somebody who does what the README says, in a folder of their own, on a machine without a network."""

    def __init__(self, folder: Path, site: Path) -> None:
        self._folder, self._site = folder, site

    def does(self, command: str) -> subprocess.CompletedProcess[str]:
        """One command as it is written; pip installs into the reader's own place instead of this environment."""
        words = shlex.split(command)
        if words[0] in ("pip", "python"):
            words = [sys.executable, *(["-m", "pip"] if words[0] == "pip" else []), *words[1:]]
        else:
            words[0] = str(Path(sys.executable).parent / words[0])
        if command == INSTALL:
            words += ["--no-index", "--quiet", "--target", str(self._site)]
        # what is installed counts, not what lies in the folder
        env = {**os.environ, "PYTHONPATH": str(self._site), "PYTHONSAFEPATH": "1", "COLUMNS": "200"}
        return subprocess.run(words, cwd=self._folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """After the installation."""
    made = Reader(acme.write(tmp_path_factory.mktemp("acme")), tmp_path_factory.mktemp("site"))
    done = made.does(INSTALL)
    assert done.returncode == 0, done.stderr
    return made


def test_a_talker_is_at_most_40_lines_and_a_polled_pump_80_tables_included() -> None:
    assert len(acme.files()["acme_pumpd/one.py"].splitlines()) <= 40
    assert len(acme.files()["acme_pumpd/drip.py"].splitlines()) <= 80


@pytest.mark.slow
@pytest.mark.parametrize("command", [command for command in acme.commands() if command != INSTALL])
def test_every_command_of_the_readme_succeeds(reader: Reader, command: str) -> None:
    done = reader.does(command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_installs_runs_the_kit_on_both_lists_and_checks() -> None:
    commands = acme.commands()
    assert commands[0] == INSTALL
    kit = "python -m pumpd.sim.conformance"
    assert commands[1:3] == [f"{kit} {name} --captures captures/{name}" for name in ("acme_one", "acme_drip")]
    assert commands[3:] == ["pumpd devices drivers", "pumpd check ward.toml"]


@pytest.mark.slow
def test_the_drivers_are_listed_and_the_check_names_the_devices(reader: Reader) -> None:
    listed = reader.does("pumpd devices drivers").stdout
    assert "acme_one" in listed
    assert "acme_drip" in listed
    assert "acme_one" in reader.does("pumpd check ward.toml").stdout


@pytest.mark.slow
@pytest.mark.parametrize(("name", "file"), [("acme_one", "one.py"), ("acme_drip", "drip.py")])
def test_the_kit_finds_a_mistake_in_them(reader: Reader, tmp_path: Path, name: str, file: str) -> None:
    """Else its word that they conform would be worth nothing: here they believe whatever checksum."""
    site = tmp_path / "site"
    for path in reader._site.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            (site / path.relative_to(reader._site)).parent.mkdir(parents=True, exist_ok=True)
            (site / path.relative_to(reader._site)).write_bytes(path.read_bytes())
    driver = site / "acme_pumpd" / file
    text = driver.read_text(encoding="utf-8")
    wrong = text.replace("or sum8(found[1]) != int(found[6], 16)", "").replace(" == data, limit", " != b'', limit")
    assert wrong != text
    driver.write_text(wrong, encoding="utf-8")
    kit = f"python -m pumpd.sim.conformance {name} --captures captures/{name} --only flipped_bits"
    done = Reader(reader._folder, site).does(kit)
    assert done.returncode == 1
    assert "FAILED  flipped_bits" in done.stdout
