"""The traceability page names only what there is, and the check that says so can fail."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def trace() -> ModuleType:
    spec = importlib.util.spec_from_file_location("trace_tool", ROOT / "tools" / "trace.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_name_only_what_exists(trace: ModuleType) -> None:
    for page in trace.PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        assert trace.page_problems(page, text, trace.requirements()) == []


def test_every_sentence_of_the_sources_has_its_row(trace: ModuleType) -> None:
    text = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| S")]
    assert rows == [f"S{number}" for number in range(1, 32)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("RSP-99 `tests/test_trace.py`", "no requirement RSP-99"),
        ("RSP-01 `tests/no_such_file.py`", "no test tests/no_such_file.py"),
        ("RSP-01 `tests/test_trace.py::test_gone`", "no test tests/test_trace.py::test_gone"),
        ("nothing", "names no requirement or no test"),
    ],
)
def test_what_does_not_exist_is_named(text: str, problem: str, trace: ModuleType) -> None:
    (found,) = trace.page_problems("page.md", text, trace.requirements())
    assert problem in found


SOURCE = """
pytestmark = pytest.mark.req("RSP-01")

class TestBed:
    @pytest.mark.req("RSP-02", "RSP-03")
    def test_a(self): ...

@pytest.mark.parametrize("x", [1, pytest.param(2, marks=pytest.mark.req("QUA-01"))])
@pytest.mark.req("RSP-01")
async def test_b(x): ...

@pytest.mark.req("ALA-01")
def no_test(): ...
"""


def test_a_test_is_found_under_each_requirement_that_it_its_class_or_its_module_shows(
    trace: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "ROOT", tmp_path)
    (tmp_path / "test_it.py").write_text(SOURCE, encoding="utf-8")
    assert list(trace.tests_of(tmp_path / "test_it.py")) == [
        ("RSP-01", "test_it.py::TestBed::test_a"),
        ("RSP-02", "test_it.py::TestBed::test_a"),
        ("RSP-03", "test_it.py::TestBed::test_a"),
        ("RSP-01", "test_it.py::test_b"),
        ("QUA-01", "test_it.py::test_b"),
    ]
