"""The words of a bed's chart, as the ward's real files have them."""

from __future__ import annotations

from pumpd.config.defaults import default_dir
from pumpd.config.load import load_ward
from pumpd.config.model import WardConfig
from pumpd.daemon.words import words_of


def test_drugs_are_known_by_every_name_of_the_library_and_opioids_by_the_routes_that_have_a_factor() -> None:
    ward = load_ward(default_dir() / "ward.toml")
    assert isinstance(ward, WardConfig)
    words = words_of(ward, "4b-01")
    assert (words.names["dormicum"], words.names["haldol"]) == ("midazolam", "haloperidol")
    assert {("oxycodone", "oral"), ("fentanyl", "transdermal"), ("morphine", "iv")} <= words.factors
    assert ("morphine", "sc") not in words.factors
    assert "ketamine" not in words.opioids.values()
