"""The case report's course through kernel and journal: the report says -32.43 %, and where each number comes from."""

from __future__ import annotations

import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from pumpd.report.model import Outcome
from pumpd.report.model_figure import Figure
from tests.report.conftest import Recorded


def outcome(case: Recorded, name: str) -> Outcome:
    return next(one for one in case.report.outcomes if one.name.startswith(name))


def value(figure: Figure | None) -> Decimal:
    assert figure is not None
    assert figure.value is not None, figure.text
    return figure.value


@pytest.mark.req("REP-01")
def test_opioid_use_falls_from_458_8_to_310_0_which_is_32_43_percent(case: Recorded) -> None:
    found = outcome(case, "Opioids")
    assert value(found.baseline) == Decimal("458.8")
    assert value(found.end) == Decimal("310.0")
    assert value(found.change) == Decimal("-32.43")
    assert "-32.43 %" in case.html
    assert "458.8 MME/day" in case.html
    assert "310.0 MME/day" in case.html


@pytest.mark.req("REP-01", "REP-02")
def test_the_change_names_its_sum_every_administration_and_the_table(case: Recorded) -> None:
    found = outcome(case, "Opioids")
    assert found.change is not None
    assert found.baseline is not None
    assert found.end is not None
    assert found.change.origin == "(310.0 - 458.8) / 458.8"
    assert "charted with the course plan" in found.baseline.origin
    assert "Dr A. Brandt" in found.baseline.origin
    assert "administrations of the 24 h before that are charted make 458.8 MME/day" in found.baseline.origin
    assert "oxyCODONE oral 120 mg x 1.5 = 180 MME (cdc-2022)" in found.end.origin
    assert "morphine oral 130 mg x 1 = 130 MME (cdc-2022)" in found.end.origin
    assert len(found.end.refs) == 5, "three times oxycodone, twice morphine"
    assert all(ref.removeprefix("entry ") in found.end.origin for ref in found.end.refs)


@pytest.mark.req("REP-01")
def test_pain_falls_from_9_to_5_and_each_score_is_an_entry_with_a_name(case: Recorded) -> None:
    found = outcome(case, "Pain")
    assert (value(found.baseline), value(found.end), value(found.change)) == (9, 5, -4)
    assert found.baseline is not None
    assert re.search(r"9: entry b1-e\d+ by R\. Keller, 2026-01-1\d \d\d:\d\d", found.baseline.origin)


@pytest.mark.req("REP-01")
def test_fentanyl_was_stopped_and_what_a_patch_still_does_is_said(case: Recorded) -> None:
    found = outcome(case, "of it fentaNYL")
    assert (value(found.baseline), value(found.end)) == (240, 0)
    assert "stopped 2026-01-15" in found.note
    assert "12 to 36 h after removal" in found.note


@pytest.mark.req("REP-01", "REP-02")
def test_three_infusions_of_half_a_milligram_by_weight_each_below_its_cap(case: Recorded) -> None:
    first, second, third = case.report.infusions
    assert [one.phase for one in (first, second, third)] == ["completed", "completed", "stopped by cap"]
    for one in case.report.infusions:
        assert value(one.plan) == Decimal("0.5")
        assert Decimal("0.49") <= value(one.per_kg) < Decimal("0.5")
        assert value(one.low) <= value(one.high) < 35
        assert "as pumpd accounted it from the pump's reports" in one.low.origin
    assert [one.started.date().day for one in (first, second, third) if one.started] == [13, 15, 17]
    assert all(cap.percent < 100 for cap in case.report.caps if cap.span.startswith("infusion"))
    assert {cap.set_by for cap in case.report.caps} != {""}
    stopped = {f"infusion {one.number}" for one in case.report.infusions if one.phase == "stopped by cap"}
    assert stopped
    assert {cap.span for cap in case.report.caps if cap.reached and cap.span != "course"} == stopped


@pytest.mark.req("REP-02")
def test_the_true_amount_that_the_pump_gave_lies_in_what_is_reported(case: Recorded) -> None:
    true_mg = Decimal(case.bed.true.nl()) / 1_000_000  # 1 mg/mL
    last = case.report.doses[-1]
    assert last.low <= true_mg <= last.high


class Numbered(HTMLParser):
    """The small numbers behind figures, and the list that they point into."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "a":
            self.links.append((found["href"] or "").removeprefix("#"))
        if "id" in found:
            self.ids.add(found["id"] or "")


@pytest.mark.req("REP-02")
def test_every_figure_of_the_page_points_at_its_origin(case: Recorded) -> None:
    parser = Numbered()
    parser.feed(case.html)
    assert len(parser.links) > 50
    assert set(parser.links) <= parser.ids
    assert {name for name in parser.ids if name.startswith("origin-")} == set(parser.links), "and none for nothing"


@pytest.mark.req("REP-01")
def test_the_page_says_what_it_does_not_know_and_claims_no_effect(case: Recorded) -> None:
    assert "Current evidence is insufficient to assess the benefits and harms" in case.html
    assert "not a certified medical device" in case.html
    assert "prediction, not a measurement" in case.html
    assert "palliative care and end-of-life care" in case.html, "the scope of the MME tables"
    assert case.html.count("SIMULATED (demo)") == 1
    assert "SIMULATED \\28 demo\\29 " in case.html, "on every printed page"


@pytest.mark.req("REP-01")
def test_the_band_names_its_models_its_limits_and_the_two_published_points(case: Recorded) -> None:
    found = case.report.prediction
    assert found is not None
    assert found.models == ("Domino 1982", "Kamp 2020", "Clements 1981", "Hijazi 2003")
    assert {(one.low, one.high) for one in found.references} >= {(40, 150), (40, 40), (150, 150)}
    assert found.peak is not None
    assert 100 < value(found.peak) < 300
    assert all(0 <= point.low <= point.high for point in found.points)


@pytest.mark.req("REP-01")
def test_alarms_tell_who_answered_and_how_fast(case: Recorded) -> None:
    (cap,) = [one for one in case.report.alarms if one.priority == "high"]
    assert "dose cap per infusion reached" in cap.text
    assert cap.by == "R. Keller"
    assert 100 < value(cap.response) < 200, "seconds"


@pytest.mark.req("REP-01")
def test_side_effects_stand_beside_the_dose_rate_at_which_they_were_found(case: Recorded) -> None:
    found = next(one for one in case.report.effects if one.name == "dissociation")
    assert (found.words, found.by) == ("mild", "R. Keller")
    assert value(found.dose) == Decimal("0.3")


@pytest.mark.req("REP-01")
def test_medicines_moods_and_what_was_heard_later_are_in_it(case: Recorded) -> None:
    texts = {(line.section, line.text) for line in case.report.lines}
    assert ("co-medication", "gabapentin; sedating") in texts
    assert ("adjuncts", "haloperidol 500 mcg") in texts
    assert any(section == "follow-up" and "by telephone" in text for section, text in texts)
    assert any("mood: in great spirits" in text for _, text in texts)


@pytest.mark.req("REP-01")
def test_limits_in_force_and_their_source_software_and_tables_are_named(case: Recorded) -> None:
    (line,) = case.report.policies
    assert any(re.match(r"ketAMINE hard ceiling: 1 mg/kg/h, set by drug library", text) for text in line.texts)
    assert any(text.startswith("protocol ldk 2") for text in line.texts)
    assert len(line.sha) == 64
    assert {one.name for one in case.report.tables} == {
        "opioid factors",
        "pharmacokinetic models",
        "words of a chart",
    }


@pytest.mark.req("REP-03")
def test_nothing_of_a_whole_course_is_missing(case: Recorded) -> None:
    assert case.report.missing == ()
