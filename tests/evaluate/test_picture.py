"""The page: well-formed, self-contained, escaped; every alarm has a bar, every drawing a name, every gap is there."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pumpd.drawing.scale import Scale
from pumpd.evaluation.picture import layout, page
from pumpd.evaluation.picture.panels import limit_lines
from pumpd.evaluation.picture.scale import MOST_TIMES, time_step_s, time_ticks, value_ticks
from pumpd.evaluation.study import Study
from pumpd.evaluation.words import clock
from pumpd.safety.policy import AlarmProfile, Op, Term
from tests.evaluate.library import ARREST_S, HELD_S, lines_of
from tests.evaluate.recordings import ADULT, Row, candidate, changed, during, rows, study_of

CSS = Path(layout.__file__).with_name("page.css").read_text("utf-8")
QUIETER = changed("rr-critical", all_of=(Term("rr", Op.GE, 1000), Term("rr", Op.LE, 3000)))
NASTY = "night \"<script>alert(1)</script>\" & \x1b[31m'x'.csv"


def draw(studies: list[Study], *profiles: AlarmProfile) -> ElementTree.Element:
    """The page as a tree: that it parses as XML is half of the test."""
    text = page(studies, [candidate(one) for one in profiles], 60_000)
    assert text.startswith("<!DOCTYPE html>\n")
    return ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))


def drawings(tree: ElementTree.Element) -> list[ElementTree.Element]:
    return [one for one in tree.iter("svg") if one.get("role") == "img"]


def words(tree: ElementTree.Element) -> str:
    return " ".join("".join(tree.itertext()).split())


def of_class(tree: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [one for one in tree.iter() if name in (one.get("class") or "").split()]


def busy(t: int) -> Row:
    """Slow breathing, a fall of SpO2, a fast pulse, a gap, a sensor off."""
    if 900 <= t < 1000:
        return None
    phases = {2: {"rr": "4"}, 4: {"spo2": "87"}, 6: {"pulse": "140"}, 10: {"spo2": "", "pulse": ""}, 12: {"rr": "7"}}
    return phases.get(t // 100, {})


def test_every_alarm_of_both_profiles_has_a_bar_of_its_priority() -> None:
    study = study_of(rows(1500, busy), ADULT, QUIETER)
    svg, *_ = drawings(draw([study], ADULT, QUIETER))
    drawn = sorted(
        (one.get("data-side"), one.get("data-rule"), one.get("data-onset-ms"), (bar.get("class") or "").split()[1])
        for one in of_class(svg, "alarm")
        for bar in of_class(one, "bar")
    )
    expected = sorted(
        (name, one.rule, str(one.onset_ms), str(one.priority))
        for name, side in zip("AB", study.sides, strict=True)
        for one in side.evaluation.episodes
    )
    assert len(expected) > 10
    assert drawn == expected


def test_bars_stand_where_and_as_long_as_the_alarm_and_are_never_too_thin_to_see() -> None:
    study = study_of(rows(1001, during(100, 600, spo2="80")), ADULT)
    (svg,) = drawings(draw([study], ADULT))
    (bar,) = of_class(svg, "bar")
    x = Scale(0, 1_000_000, layout.LEFT, layout.RIGHT)
    assert float(bar.get("x") or 0) == pytest.approx(x(110_000), abs=0.01)
    assert float(bar.get("width") or 0) == pytest.approx(x(600_000) - x(110_000), abs=0.01)
    short = study_of(rows(90_000, during(100, 112, spo2="80")), ADULT)
    (thin,) = of_class(drawings(draw([short], ADULT))[0], "bar")
    assert float(thin.get("width") or 0) == layout.LEAST_BAR


def test_priorities_differ_in_colour_pattern_height_and_letter() -> None:
    study = study_of(rows(1500, busy), ADULT, QUIETER)
    svg = drawings(draw([study], ADULT, QUIETER))[0]
    heights = {(bar.get("class") or "").split()[1]: bar.get("height") for bar in of_class(svg, "bar")}
    assert len(set(heights.values())) == 3
    assert {"H", "M", "L"} <= {one.text for one in of_class(svg, "letter")}
    assert "url(#pattern-medium)" in CSS
    assert "url(#pattern-low)" in CSS
    tree = draw([study], ADULT, QUIETER)
    defined = {f"url(#{one.get('id')})" for one in tree.iter("pattern")}
    assert defined == set(re.findall(r"url\([^)]+\)", CSS))


def test_nothing_is_fetched_and_nothing_runs() -> None:
    text = page([study_of(rows(300, busy), ADULT)], [candidate(ADULT)], 60_000)
    assert not re.search(r"<script|<link|<img|<iframe|\ssrc=|\shref=|@import|\son\w+=|https?://", text)
    tree = ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))
    assert any("default-src 'none'" in (one.get("content") or "") for one in tree.iter("meta"))
    assert "prefers-color-scheme: dark" in text


def test_names_of_files_and_profiles_are_text_wherever_they_stand() -> None:
    study = study_of(rows(1500, busy), ADULT, QUIETER, name=NASTY)
    tree = draw([study], ADULT, QUIETER)
    assert not list(tree.iter("script"))
    shown = NASTY.replace("\x1b", "\ufffd")
    assert any(shown in (one.text or "") for one in tree.iter("figcaption"))
    assert any(shown in (one.text or "") for one in tree.iter("title"))


def test_each_drawing_names_and_describes_itself_and_ids_are_unique() -> None:
    study = study_of(lines_of("bradypnoea-on-oxygen"), ADULT, QUIETER)
    tree = draw([study, study], ADULT, QUIETER)
    ids = [one.get("id") for one in tree.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    for svg in drawings(tree):
        named = (svg.get("aria-labelledby") or "").split()
        assert named == [svg[0].get("id"), svg[1].get("id")]
        assert [svg[0].tag, svg[1].tag] == ["title", "desc"]
        assert "HIGH alarms of A that B has not: 10:30 (rr-critical)" in (svg[1].text or "")


def test_the_page_has_a_language_one_h1_headings_in_order_and_tables_with_captions_and_headers() -> None:
    tree = draw([study_of(rows(1500, busy), ADULT, QUIETER)], ADULT, QUIETER)
    assert tree.get("lang") == "en"
    levels = [int(one.tag[1]) for one in tree.iter() if re.fullmatch("h[1-6]", one.tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for table in tree.iter("table"):
        assert table[0].tag == "caption"
        assert all(one.get("scope") in ("col", "row") for one in table.iter("th"))
        widths = {len(row) for row in table.iter("tr")}
        assert len(widths) == 1
    for box in of_class(tree, "scroll"):  # what scrolls can be reached and has a name
        assert (box.get("tabindex"), bool(box.get("aria-label"))) == ("0", True)


def test_a_lost_high_alarm_is_said_first_outlined_and_drawn_again_close_up() -> None:
    without = changed("spo2-critical", None)
    study = study_of(rows(7200, during(3000, 3100, spo2="80")), ADULT, without)
    tree = draw([study], ADULT, without)
    assert words(of_class(tree, "verdict")[0]).startswith("▼ 1 HIGH alarm of A is lost in B")
    whole, close = drawings(tree)
    assert len(of_class(whole, "lost-band")) == len(of_class(close, "lost-band")) == 1
    assert "Close-up: spo2-critical lost at 50:10" in words(tree)
    times = [one.text for one in of_class(close, "tick")]
    assert "50:00" in times
    twice = study_of(rows(7200, lambda t: {"spo2": "80"} if t % 3000 in range(2000, 2100) else {}), ADULT, without)
    bands = [len(of_class(one, "lost-band")) for one in drawings(draw([twice], ADULT, without))]
    assert bands == [2, 1, 1]  # a close-up shows its own
    calm = draw([study_of(rows(600, lambda t: {}), ADULT, without)], ADULT, without)
    assert words(of_class(calm, "verdict")[0]) == "No HIGH alarm of A is missing in B."


def test_what_the_other_profile_leaves_out_is_an_outline_in_its_lane() -> None:
    quiet = changed("pulse-high", None)
    for profiles, below in (((ADULT, quiet), True), ((quiet, ADULT), False)):
        (svg,) = drawings(draw([study_of(rows(900, busy), *profiles)], *profiles))
        (outline,) = of_class(svg, "outline")
        (bar,) = (one for one in of_class(svg, "alarm") if one.get("data-rule") == "pulse-high")
        drawn = of_class(bar, "bar")[0]
        assert outline.get("x") == drawn.get("x")
        assert (float(outline.get("y") or 0) > float(drawn.get("y") or 0)) is below  # B's lane is below A's


def test_a_gap_breaks_the_line_and_is_hatched() -> None:
    study = study_of(rows(1500, busy), ADULT)
    (svg,) = drawings(draw([study], ADULT))
    panels = {(one.get("class") or "").split()[1]: one for one in of_class(svg, "panel")}
    assert list(panels) == ["rr", "spo2", "etco2"]
    assert (len(of_class(panels["rr"], "gap")), len(of_class(panels["spo2"], "gap"))) == (1, 1)
    for name in ("rr", "spo2"):  # before the gap in time, and after it or when the sensor is back
        (line,) = of_class(panels[name], "signal")
        assert (line.get("d") or "").count("M") == 2
    assert study.trace is not None
    assert list(study.trace.gaps("spo2", 0, 1_499_000)) == [(904_000, 1_100_000)]
    assert list(study.trace.gaps("rr", 0, 1_499_000)) == [(904_000, 1_000_000)]
    assert list(study.trace.gaps("rr", 950_000, 1_499_000)) == [(950_000, 1_000_000)]


@pytest.mark.req("RSP-05")
def test_values_that_the_kernel_took_for_absent_are_marked_as_held() -> None:
    study = study_of(lines_of("arrest-with-held-values"), ADULT)
    assert {one.signal for one in study.evaluation.held} == {"rr", "etco2"}
    for held in study.evaluation.held:
        assert ARREST_S * 1000 < held.start_ms < held.end_ms == (ARREST_S + HELD_S) * 1000
    (svg,) = drawings(draw([study], ADULT))
    assert len(of_class(svg, "held")) == 2
    assert study_of(lines_of("clean-hour")[:600], ADULT).evaluation.held == ()


def test_a_thinned_line_keeps_every_extreme() -> None:
    lines = rows(20_000, lambda t: {"spo2": "71"} if t == 12_345 else {"spo2": "99"} if t == 54 else {})
    trace = study_of(lines, ADULT).trace
    assert trace is not None
    (run,) = trace.runs("spo2", 0, 19_999_000, step_ms=24_000)
    assert len(run) < 4 * 20_000 / 24
    assert (12_345_000, 71_000) in run
    assert (54_000, 99_000) in run


def test_limits_of_both_profiles_are_drawn_once_where_they_are_equal() -> None:
    lines = limit_lines("rr", [candidate(ADULT), candidate(QUIETER)])
    assert [line.label for line in lines] == ["> 30 L in A and B", "< 8 M in A and B", "<= 5 H in A", "<= 3 H in B"]


def test_rules_that_differ_stand_side_by_side_with_their_sources() -> None:
    tree = draw([study_of(rows(300, busy), ADULT, QUIETER)], ADULT, QUIETER)
    table = next(one for one in tree.iter("table") if one[0].text == "Rules that differ")
    text = words(table)
    assert "RR >= 1, RR <= 5, for 30 s: HIGH, stops the pump" in text
    assert "RR >= 1, RR <= 3, for 30 s: HIGH, stops the pump" in text
    assert "PRODIGY" in text
    assert len(list(table.iter("tr"))) == 2


def test_many_recordings_fold_away_those_on_which_both_agree() -> None:
    calm = [study_of(rows(60, lambda t: {}), ADULT, QUIETER, name=f"calm {n}.csv") for n in range(7)]
    loud = study_of(rows(1500, busy), ADULT, QUIETER, name="loud.csv")
    tree = draw([*calm, loud], ADULT, QUIETER)
    assert [words(one[0]) for one in tree.iter("details")] == [f"calm {n}.csv: both profiles alike" for n in range(7)]
    assert next(tree.iter("figcaption")).text == "loud.csv"  # what differs comes first


@pytest.mark.parametrize("seconds", [1, 59, 60, 600, 3600, 86_400, 40 * 86_400])
def test_the_time_axis_has_round_labels_and_not_too_many(seconds: int) -> None:
    ticks = list(time_ticks(0, seconds * 1000, 0))
    assert 1 <= len(ticks) <= MOST_TIMES + 1
    assert all(at % (time_step_s(seconds * 1000) * 1000) == 0 for at, _ in ticks)


def test_epoch_times_are_shown_from_the_first_row() -> None:
    head, *body = rows(300, busy)
    epoch = [head, *[f"{1_700_000_001 + n},{line.split(',', 1)[1]}" for n, line in enumerate(body)]]
    (svg,) = drawings(draw([study_of(epoch, ADULT)], ADULT))
    assert "time since t_s 1700000001, m:ss" in words(svg)
    assert "1:00" in {one.text for one in of_class(svg, "tick")}


@pytest.mark.parametrize(
    ("ms", "text"), [(0, "0:00"), (59_999, "0:59.9"), (760_000, "12:40"), (3_723_000, "1:02:03"), (-5_000, "-0:05")]
)
def test_clock(ms: int, text: str) -> None:
    assert clock(ms) == text


@pytest.mark.parametrize(("low", "high"), [(0, 30), (80, 100), (0, 60), (0, 260), (0, 150)])
def test_value_labels_are_round_few_and_inside(low: int, high: int) -> None:
    ticks = value_ticks(low, high)
    assert 2 <= len(ticks) <= 6
    assert low <= ticks[0] < ticks[-1] <= high


def test_a_recording_of_one_row_or_none_is_drawn_too() -> None:
    for count in (0, 1):
        (svg,) = drawings(draw([study_of(rows(count, lambda t: {}), ADULT)], ADULT))
        assert "no alarms" in words(svg)


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_has_contrast_4_5_and_marks_3_in_light_and_dark() -> None:
    light_text, dark_text = CSS.split("@media (prefers-color-scheme: dark)")
    light = dict(re.findall(r"--([\w-]+): (#\w{6});", light_text))
    dark = light | dict(re.findall(r"--([\w-]+): (#\w{6});", dark_text))
    for colours in (light, dark):
        for name in ("text", "label", "rr", "spo2", "etco2", "no-breath", "bad"):
            for ground in ("page", "tile"):
                assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
        for name in ("high", "medium"):
            assert contrast(colours[f"on-{name}"], colours[name]) >= 4.5, name
        assert contrast(colours["on-low"], colours["low"]) >= 3
        assert contrast(colours["bar-edge"], colours["page"]) >= 3
