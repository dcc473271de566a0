"""Entries of the chart in words: amounts as they were given, and what was taken back."""

from __future__ import annotations

from pumpd.clinical.entries import OpioidGiven, Route, TakenBack
from pumpd.report.notes import told


def test_an_amount_is_written_as_it_was_given() -> None:
    assert told(OpioidGiven("fentanyl", Route.INTRAVENOUS, 12, 500))[1] == "fentanyl iv 12.5 mcg"
    assert told(OpioidGiven("sufentanil", Route.INTRATHECAL, 0, 500))[1] == "sufentanil intrathecal 0.5 mcg"
    assert told(OpioidGiven("morphine", Route.ORAL, 10_000))[1] == "morphine oral 10 mg"


def test_what_was_taken_back_says_so() -> None:
    assert told(TakenBack("by the EHR"))[1] == "taken back: it was charted in error; by the EHR"
