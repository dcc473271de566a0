"""The words of a chart are configuration: a ward may have its own, and a word has one meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.config.assessment_file import default_vocabulary
from pumpd.config.defaults import default_dir
from pumpd.config.load import inspect_ward
from tests.config.conftest import Break

SHIPPED = (default_dir() / "assessments.toml").read_text(encoding="utf-8")


def own_words(ward_file: Break, old: str, new: str) -> Path:
    assert SHIPPED.count(old) == 1, old
    path = ward_file(more='[assessments]\nfile = "own.toml"\n')
    (path.parent / "own.toml").write_text(SHIPPED.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.req("CHA-03")
def test_a_ward_has_the_shipped_words_unless_it_names_a_file_of_its_own(ward_file: Break) -> None:
    shipped = inspect_ward(ward_file()).ward
    assert shipped is not None
    assert shipped.vocabulary == default_vocabulary()
    own = inspect_ward(own_words(ward_file, 'label = "allodynia"', 'label = "touch hurts"')).ward
    assert own is not None
    assert "touch hurts" in [one.label for one in own.vocabulary.pain]
    assert any(name.endswith("own.toml") for name in own.files)


@pytest.mark.req("CHA-03")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('aliases = ["hyperalgesic"]', 'aliases = ["Wind up"]', '"wind-up" is already a name of hyperalgesia'),
        ('code = "bone"', 'code = "neuropathic"', '"neuropathic" is already a name of neuropathic'),
        ('aliases = ["emesis"]', "psychomimatic = true", 'unknown key; did you mean "psychomimetic"?'),
        ('severities = ["absent", "mild", "moderate", "severe"]', 'severities = ["absent", "mild"]', "severities"),
    ],
)
def test_what_is_wrong_is_told_at_its_line(ward_file: Break, old: str, new: str, said: str) -> None:
    problems = [str(problem) for problem in inspect_ward(own_words(ward_file, old, new)).problems]
    assert len(problems) == 1, problems
    assert "own.toml:" in problems[0]
    assert said in problems[0]


def test_a_file_that_is_not_there_is_named(ward_file: Break) -> None:
    (problem,) = inspect_ward(ward_file(more='[assessments]\nfile = "gone.toml"\n')).problems
    assert problem.key == "assessments.file"
    assert 'there is no file "gone.toml"' in problem.message
