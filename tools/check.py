"""`make check`: ruff, formatting, mypy strict, import-linter, traceability, JS types. Exit 1 if any complains.

What cannot run here is said plainly; with PUMPD_REQUIRE=all a skip is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
JS = ROOT / "tests" / "js"

STEPS: tuple[tuple[str, list[str]], ...] = (
    ("ruff", [PYTHON, "-m", "ruff", "check", "."]),
    ("ruff format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
    ("mypy --strict", [PYTHON, "-m", "mypy"]),
    # import-linter has no __main__: its console function is called
    ("import-linter", [PYTHON, "-c", "from importlinter.cli import lint_imports_command as run; run()"]),
    ("traceability", [PYTHON, "tools/trace.py"]),
)


def run(name: str, command: list[str], cwd: Path = ROOT) -> bool:
    """True when the step passed; its output is shown only when it did not."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    print(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name}", flush=True)
    if done.returncode:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


def js_types() -> bool:
    """tsc --checkJs over the dashboard's modules, with the pinned compiler of tests/js."""
    npm = shutil.which("npm")
    if npm is None:
        required = os.environ.get("PUMPD_REQUIRE") == "all"
        print(f"{'FAIL' if required else 'skip'} JS types: npm is not installed (package npm)", flush=True)
        return not required
    if not (JS / "node_modules").is_dir() and not run("npm ci", [npm, "ci", "--no-audit", "--no-fund"], JS):
        return False
    return run("JS types", [npm, "run", "--silent", "check"], JS)


def main() -> int:
    results = [run(name, command) for name, command in STEPS]
    results.append(js_types())
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
