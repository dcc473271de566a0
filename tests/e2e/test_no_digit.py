"""No value whose quality is not ok ever renders a digit: random beds through the page's own views."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.bench_ward import BenchWard
from tests.e2e.conftest import open_ward

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

RANDOM_BEDS = (Path(__file__).parent / "digits.js").read_text()
FIGURES = """async texts => {
  const { figure, speak } = await import(`${location.origin}/js/i18n.js`);
  speak('de');
  const said = texts.map(text => figure(text));
  speak('en');
  return [said, texts.map(text => figure(text))];
}"""


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize("seed", [1, 20260115])
def test_no_value_that_is_not_ok_and_fresh_ever_renders_a_digit(page: Page, ward: BenchWard, seed: int) -> None:
    """Random values, qualities, ages, blank states, languages; in the tile and in the small sector."""
    open_ward(page, ward)
    found = page.evaluate(RANDOM_BEDS, [seed, 400])
    assert found["wrong"] == []
    assert found["digits"] > 150  # the views are not simply empty


def test_german_never_shows_a_comma_that_could_be_a_decimal_and_never_touches_a_digit(
    page: Page, ward: BenchWard
) -> None:
    open_ward(page, ward)
    texts = [
        "1,000 mL",
        "0.1 mg/kg/h = 1.8 mL/h",
        "1,234,567.25 mg",
        "12.3 to 12.52 mg",
        "5,000 units, then 1,5",
        "a, b",
    ]
    said, plain = page.evaluate(FIGURES, texts)
    assert plain == texts
    assert said == [
        "1\u202f000 mL",
        "0.1 mg/kg/h = 1.8 mL/h",
        "1\u202f234\u202f567.25 mg",
        "12.3 to 12.52 mg",
        "5\u202f000 units, then 1,5",
        "a, b",
    ]
