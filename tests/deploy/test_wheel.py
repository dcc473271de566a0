"""The wheel as somebody installs it: in an environment of its own, far from this source tree, everything is there.

What pumpd needs from others is lent by this environment: a line in a .pth file adds a folder without that folder's own
.pth files, so that the source tree is not found through it. pip itself gets nothing from any network.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import pumpd

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
DATA = f"pumpd-{pumpd.__version__}.data/data/share/pumpd/config/"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*command, "-w", str(folder), str(ROOT)], check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its bin folder."""
    home = tmp_path_factory.mktemp("opt") / "pumpd"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    (packages,) = home.glob("lib/python3*/site-packages")
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python")]
    subprocess.run(
        [*pip, "install", "-q", "--no-compile", "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True
    )
    return home / "bin"


def run(site: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(
        [site / words[0], *words[1:]], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def held(*folders: str, but: tuple[str, ...] = ("__pycache__",)) -> set[str]:
    """Files of the source tree, from these folders on."""
    found = set[str]()
    for folder in folders:
        base = ROOT / folder
        files = (file for file in base.rglob("*") if file.is_file() and not set(but) & set(file.parts))
        found |= {f"{Path(folder).name}/{file.relative_to(base)}" for file in files}
    return found


def test_every_module_page_migration_and_default_file_is_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert held("pumpd", "drivers/pumpd_drivers", "hl7/pumpd_hl7") <= names
    assert {name.removeprefix("config/") for name in held("config")} == {
        name.removeprefix(DATA) for name in names if name.startswith(DATA)
    }
    assert not [name for name in names if name.startswith(("tests", "tools"))]


def test_drivers_gateways_commands_and_defaults_are_found_where_it_is_installed(site: Path, tmp_path: Path) -> None:
    code = "import pumpd, pumpd_drivers, pumpd_hl7; print(pumpd.__file__, pumpd_drivers.__file__, pumpd_hl7.__file__)"
    files = run(site, tmp_path, "python", "-c", code).stdout.split()
    assert len(files) == 3
    assert all(Path(file).is_relative_to(site.parent) for file in files)
    drivers = run(site, tmp_path, "pumpd", "devices", "drivers")
    assert (drivers.returncode, "alaris_asena" in drivers.stdout) == (0, True), drivers.stderr
    ward = site.parent / "share" / "pumpd" / "config" / "ward.toml"
    checked = run(site, tmp_path, "pumpd", "check", str(ward))
    assert checked.returncode in (0, 1), checked.stdout + checked.stderr


def test_a_journal_is_made_with_the_migrations_that_it_brings(site: Path, tmp_path: Path) -> None:
    done = run(site, tmp_path, "pumpd", "db", "upgrade", "--journal", f"sqlite:///{tmp_path}/journal.db")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "journal.db").stat().st_size > 50_000
