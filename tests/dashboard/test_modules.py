"""The page's pure modules under node: what is heard and when, and what a rate means while it is typed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import need

JS = Path(__file__).resolve().parents[1] / "js"


@pytest.mark.parametrize("module", sorted(path.name for path in JS.glob("*.test.js")))
def test_the_tests_of_a_module_pass_under_node(module: str) -> None:
    node = shutil.which("node")
    need(node is not None, "node", "package nodejs, 20.19 or newer")
    assert node is not None
    done = subprocess.run([node, "--test", module], cwd=JS, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout
