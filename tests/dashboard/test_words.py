"""Every word of the pages has its German, and no German is left over; the server's sentences keep their numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pumpd.safety.actions import ACTIONS
from tests.dashboard.page_words import DASHBOARD, bare_words, german, keys, sources

# what is the same in every language: units, scales, product words
AS_IT_IS = {"mg", "kg", "mL", "mcg", "ng", "mmHg", "min", "NRS", "POSS", "RASS", "SpO2", "CO2", "pumpd", "MME", "PIN"}
PLACES = re.compile(r"\{@?(\w+)\}")


def used() -> set[str]:
    return set().union(*(keys(path.read_text()) for path in sources()))


def test_every_word_of_the_pages_has_its_german() -> None:
    known = {english for english, _ in german()} | AS_IT_IS
    assert sorted(used() - known) == []


def test_no_german_is_left_of_words_that_no_page_says() -> None:
    assert sorted({english for english, _ in german()} - used()) == []


def test_one_word_has_one_german() -> None:
    words = [english for english, _ in german()]
    assert sorted({word for word in words if words.count(word) > 1}) == []


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(DASHBOARD)))
def test_no_template_says_a_word_that_is_in_no_table(path: Path) -> None:
    assert bare_words(path.read_text()) - AS_IT_IS == set()


def test_a_translation_has_the_places_of_its_original() -> None:
    patterns = re.findall(r'^  \["((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\],$', server_german(), re.MULTILINE)
    assert len(patterns) > 60
    for english, said in [*german(), *patterns]:
        assert sorted(PLACES.findall(english)) == sorted(PLACES.findall(said)), english


def test_german_of_the_server_says_every_number_of_its_english() -> None:
    rows = re.findall(r'^  (?:\[)?"((?:[^"\\]|\\.)*)"(?:,|:) "((?:[^"\\]|\\.)*)"', server_german(), re.MULTILINE)
    for english, said in rows:
        assert re.findall(r"\d+", PLACES.sub("", english)) == re.findall(r"\d+", PLACES.sub("", said)), english


def test_actions_of_every_condition_have_their_german() -> None:
    text = server_german()
    assert [words for words in ACTIONS.values() if f'"{words}": ' not in text] == []


def test_rules_of_the_shipped_alarm_profiles_have_their_german() -> None:
    profiles = (DASHBOARD.parents[1] / "config" / "alarms").glob("*.toml")
    said = {m for path in profiles for m in re.findall(r'^(?:text|action) = "(.*)"$', path.read_text(), re.MULTILINE)}
    assert [words for words in sorted(said) if f'"{words}": ' not in server_german()] == []


def server_german() -> str:
    return (DASHBOARD / "js" / "server-words-de.js").read_text()
