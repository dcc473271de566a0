"""The words of a chart: known however they are written, and the nearest one is named where they are not."""

from __future__ import annotations

import pytest

from pumpd.clinical.entries import Assessment, Checklist, Comedication, OpioidGiven, Route, SideEffect
from pumpd.clinical.vocabulary import find, in_codes, word_problems
from pumpd.clinical.words import meant, nearest, plain_word
from pumpd.config.assessment_file import default_vocabulary

WORDS = default_vocabulary()


@pytest.mark.req("CHA-03")
@pytest.mark.parametrize("name", ["wind-up", "Wind up", "WINDUP", "wind_up", " temporal  summation "])
def test_a_word_is_known_by_its_code_label_and_aliases_however_they_are_written(name: str) -> None:
    found = find(WORDS.pain, name)
    assert found is not None
    assert found.code == "wind-up"


@pytest.mark.req("CHA-03")
def test_every_unknown_word_is_named_with_the_nearest_known_one() -> None:
    entry = Assessment(pain=("neuropatic", "burnt"), side_effects=(SideEffect("halucination", 1),))
    first, second, third = word_problems(entry, WORDS)
    assert first == '"neuropatic" is no pain characteristic of the vocabulary; did you mean "neuropathic"?'
    assert second.startswith('"burnt" is no pain characteristic of the vocabulary; known: neuropathic, nociceptive,')
    assert third.startswith('"halucination" is no side effect of the vocabulary; did you mean "hallucination')


@pytest.mark.req("CHA-03")
def test_a_contra_indication_that_the_protocol_does_not_list_is_named() -> None:
    entry = Checklist((("pregnancy", False), ("pregnanzy", True)))
    assert word_problems(entry, WORDS, ("pregnancy", "active psychosis")) == (
        '"pregnanzy" is no contra-indication of the protocol; did you mean "pregnancy"?',
    )


@pytest.mark.req("CHA-03", "MME-04")
def test_names_of_drugs_are_free_an_opioid_without_a_factor_is_charted_and_marked() -> None:
    assert word_problems(OpioidGiven("oxicodone", Route.ORAL, 1), WORDS) == ()
    assert word_problems(Comedication("anything", False), WORDS) == ()


@pytest.mark.req("CHA-03")
def test_known_words_are_stored_as_codes_and_the_others_as_they_are() -> None:
    entry = Assessment(nrs=3, pain=("Ischemic", "odd"), side_effects=(SideEffect("Nightmares", 2),))
    assert in_codes(entry, WORDS) == Assessment(
        nrs=3, pain=("ischaemic", "odd"), side_effects=(SideEffect("vivid-dreams", 2),)
    )
    assert in_codes(Comedication("Neurontin", True), WORDS) == Comedication("gabapentin", True)
    assert in_codes(Comedication("valerian", True), WORDS) == Comedication("valerian", True)
    assert in_codes(OpioidGiven("MST", Route.ORAL, 1), WORDS) == OpioidGiven("MST", Route.ORAL, 1)


@pytest.mark.req("CHA-03")
def test_the_shipped_words_are_those_of_the_sources_each_with_its_own() -> None:
    assert {one.code for one in WORDS.pain} >= {
        "neuropathic",
        "nociceptive",
        "ischaemic",
        "allodynia",
        "hyperalgesia",
        "wind-up",
    }
    effects = {one.code for one in WORDS.side_effects}
    assert effects >= {"nausea", "hypersalivation", "dizziness", "hypertension"}
    assert {one.code for one in WORDS.psychomimetic()} >= {"dissociation", "hallucination", "dysphoria"}
    assert {one.code for one in WORDS.medicines} >= {"gabapentin", "metoprolol", "atorvastatin", "bisacodyl"}
    assert all(one.source for one in (*WORDS.pain, *WORDS.side_effects, *WORDS.medicines))
    assert WORDS.severities == ("absent", "mild", "moderate", "severe")


def test_a_word_that_is_like_no_other_has_no_neighbour() -> None:
    assert nearest("xyz", ["nausea"]) is None
    assert meant("xyz", ["nausea"]) == ""
    assert plain_word("  MS--Contin_retard ") == "ms contin retard"
