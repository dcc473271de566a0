"""The journal's tests are tests of both databases; one that is of one of them says so."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

BOTH = {"any_url", "empty_url", "places", "disk", "recorded", "copy"}
ONE = {"url", "no_file", "database", "pg_url", "postgres"}
SAID = ("sqlite", "postgres", "file", "server", "pg_dump", "partition")


def found_in(path: Path) -> Iterator[tuple[str, set[str], str]]:
    """Each test: its name, what it asks for, and what it and its file say of themselves."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            says = " ".join((node.name, ast.get_docstring(node) or "", ast.get_docstring(tree) or ""))
            yield node.name, {argument.arg for argument in node.args.args}, says.lower()


def test_a_test_of_one_database_says_that_it_is() -> None:
    every = [one for path in sorted(Path(__file__).parent.glob("test_*.py")) for one in found_in(path)]
    assert sum(bool(asked & BOTH) for _, asked, _ in every) > 150
    alone = [(name, says) for name, asked, says in every if asked & ONE and not asked & BOTH]
    assert [name for name, says in alone if not any(word in says for word in SAID)] == []
