"""Products written for Node.js that the bench runs beside ours: where they are, and how they get there.

Nothing is fetched but with --peers: then npm installs what the package-lock.json of that folder names, into it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
NODE_RED = HERE / "node_red"
HL7 = HERE.parent / "peers" / "node"


def node_with(folder: Path, *, install: bool) -> tuple[str, str]:
    """(node, ""), or ("", why not)."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None:
        return "", "node is not installed"
    if (folder / "node_modules" / ".package-lock.json").exists():
        return node, ""
    if not install:
        return "", "not installed (--peers installs it by npm)"
    if npm is None:
        return "", "npm is not installed"
    done = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True, check=False
    )
    return (node, "") if done.returncode == 0 else ("", f"npm ci: {done.stderr.strip()[-200:]}")


def plain_environment() -> dict[str, str]:
    """Without what this machine may tell every Node.js program."""
    return {name: value for name, value in os.environ.items() if not name.startswith("NODE_")}
