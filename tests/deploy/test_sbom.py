"""The bill of materials names all that is shipped and nothing that is not."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    done = subprocess.run([sys.executable, ROOT / "tools" / "sbom.py"], capture_output=True, text=True, check=True)
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def named(bill: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {part["name"]: part for part in bill["components"] if part["type"] == kind}


def test_every_vendored_file_is_named_with_its_digest(bill: dict[str, Any]) -> None:
    files = named(bill, "file")
    vendored = [file for file in (ROOT / "pumpd/dashboard/vendor").iterdir() if file.name != "vendor.json"]
    assert len(vendored) > 5
    for file in vendored:
        (digest,) = [h["content"] for h in files[str(file.relative_to(ROOT))]["hashes"] if h["alg"] == "SHA-256"]
        assert digest == hashlib.sha256(file.read_bytes()).hexdigest()
    served = {file.name for file in vendored if file.suffix in (".js", ".css", ".woff2")}
    assert {Path(name).name for name, part in files.items() if "licenses" in part} == served


def test_every_package_that_runs_is_named_and_no_tool_of_ours(bill: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {Requirement(text).name.lower() for text in project["dependencies"]}
    libraries = named(bill, "library")
    assert wanted <= libraries.keys()
    assert {"starlette", "anyio", "asyncpg"} <= libraries.keys(), "what those need, and the extras"
    assert not {"pytest", "mypy", "ruff", "playwright", "pumpd"} & libraries.keys()
    assert all("version" in part and part["purl"].startswith("pkg:pypi/") for part in libraries.values())
    unknown = [name for name, part in libraries.items() if "licenses" not in part]
    assert unknown == []


def test_the_same_installation_gives_the_same_bill(bill: dict[str, Any]) -> None:
    again = subprocess.run([sys.executable, ROOT / "tools" / "sbom.py"], capture_output=True, text=True, check=True)
    assert json.loads(again.stdout) == bill
    assert bill["serialNumber"].startswith("urn:uuid:")
