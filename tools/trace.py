"""Prints the matrix requirement id -> tests; exit 1 for a required id without a test or a test with an unknown id,
and for a requirement or a test named in docs/traceability.md or docs/protocol.md that does not exist.

Reads `@pytest.mark.req(...)` and module-level `pytestmark` from the tests' syntax trees; runs nothing.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("docs/traceability.md", "docs/protocol.md")


def requirements() -> dict[str, tuple[str, bool]]:
    """id -> (text, planned)."""
    table = tomllib.loads((ROOT / "docs/requirements.toml").read_text(encoding="utf-8"))
    found: dict[str, tuple[str, bool]] = {}
    for chapter in table.values():
        for key, value in chapter.items():
            found[key] = (value, False) if isinstance(value, str) else (value["text"], bool(value["planned"]))
    return found


def marked_ids(node: ast.AST) -> Iterator[str]:
    """Ids in every `pytest.mark.req("A", "B")` below the node."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.req":
            yield from (arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def tests_of(path: Path) -> Iterator[tuple[str, str]]:
    """(id, test name) pairs of one file; a mark on a class or on the module counts for each of its tests."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name = path.relative_to(ROOT).as_posix()
    everywhere = [i for node in tree.body if isinstance(node, ast.Assign) for i in marked_ids(node)]
    yield from _tests_in(tree.body, name, everywhere)


def _tests_in(body: list[ast.stmt], name: str, inherited: list[str]) -> Iterator[tuple[str, str]]:
    for node in body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        own = inherited + [i for mark in node.decorator_list for i in marked_ids(mark)]
        if isinstance(node, ast.ClassDef):
            yield from _tests_in(node.body, f"{name}::{node.name}", own)
        elif node.name.startswith("test_"):
            # a parameter may carry its own mark inside parametrize; decorator_list holds those too
            yield from ((i, f"{name}::{node.name}") for i in dict.fromkeys(own))


def matrix() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for requirement, test in tests_of(path):
            found.setdefault(requirement, []).append(test)
    return found


def page_problems(page: str, text: str, wanted: Collection[str]) -> list[str]:
    """What a page names and does not exist: ids of ours, test files, tests; and a page without ids."""
    chapters = "|".join(sorted({requirement.partition("-")[0] for requirement in wanted}))
    ids = sorted(set(re.findall(rf"\b(?:{chapters})-\d{{2}}\b", text)))
    problems = [f"{page}: no requirement {found}" for found in ids if found not in wanted]
    tests = sorted(set(re.findall(r"`(tests/[^`]+)`", text)))
    problems += [f"{page}: no test {named}" for named in tests if not exists(named)]
    return problems if ids and tests else [f"{page} names no requirement or no test"]


def exists(named: str) -> bool:
    """Is there such a file, and in it such a function (path::name)?"""
    path, _, name = named.partition("::")
    if not (ROOT / path).exists():
        return False
    nodes = ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))) if name else ()
    return not name or any(isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.name == name for n in nodes)


def main() -> int:
    wanted, found = requirements(), matrix()
    problems = [f"{i}: no requirement of that id ({found[i][0]})" for i in found if i not in wanted]
    for requirement, (text, planned) in wanted.items():
        tests = found.get(requirement, [])
        mark = "planned" if planned else f"{len(tests)} tests"
        print(f"{requirement}  [{mark}] {text}")
        for test in tests:
            print(f"    {test}")
        if not planned and not tests:
            problems.append(f"{requirement}: no test shows it")
    for page in PAGES:
        problems += page_problems(page, (ROOT / page).read_text(encoding="utf-8"), wanted)
    for problem in problems:
        print(f"PROBLEM {problem}", file=sys.stderr)
    print(f"{sum(1 for r in wanted if r in found)} of {len(wanted)} requirements have tests")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
