"""Two profiles on the same rows: what is lost, lowered, gained, raised, shifted; how much, how early."""

from __future__ import annotations

import pytest

from pumpd.evaluation.burden import Burden, burden_of, later_ms, lead_of, merged_runs
from pumpd.evaluation.compare import Change, Comparison, compare
from pumpd.evaluation.run import Episode, Evaluation
from pumpd.evaluation.study import Study
from pumpd.safety.policy import Op, Priority, Term
from tests.evaluate.recordings import ADULT, changed, during, rows, study_of

MINUTE = 60_000


def episode(condition: str, priority: Priority, start_s: int, end_s: int | None, rule: str = "") -> Episode:
    end_ms = None if end_s is None else end_s * 1000
    return Episode("", condition, rule or condition, priority, "physiological", False, start_s * 1000, end_ms)


def found(*episodes: Episode) -> Evaluation:
    """Of an hour."""
    return Evaluation(3601, 60 * MINUTE, episodes)


def changes(comparison: Comparison) -> list[tuple[str, str, int]]:
    return [(str(one.change), one.episode.rule, one.episode.onset_ms // 1000) for one in comparison.differences]


HIGH, MEDIUM, LOW = Priority


def test_alarms_match_by_condition_when_they_overlap_and_not_when_they_touch() -> None:
    a = found(
        episode("rr_low", MEDIUM, 100, 200), episode("rr_low", MEDIUM, 300, 400), episode("spo2_low", LOW, 10, 20)
    )
    b = found(
        episode("rr_low", MEDIUM, 199, 250), episode("rr_low", MEDIUM, 400, 500), episode("pulse_low", LOW, 10, 20)
    )
    assert changes(compare(a, b)) == [
        ("lost", "rr_low", 300),
        ("gained", "rr_low", 400),
        ("lost", "spo2_low", 10),
        ("gained", "pulse_low", 10),
    ]


def test_one_long_alarm_matches_the_pieces_that_the_other_profile_makes_of_it() -> None:
    long, pieces = found(episode("x", LOW, 100, 900)), found(*(episode("x", LOW, t, t + 50) for t in (100, 300, 880)))
    assert changes(compare(long, pieces)) == []
    assert changes(compare(pieces, long)) == []


def test_an_alarm_that_still_holds_at_the_end_lasts_until_the_end() -> None:
    a, b = found(episode("x", LOW, 100, None)), found(episode("x", LOW, 3000, 3100))
    assert changes(compare(a, b)) == []


def test_the_same_alarm_at_another_priority_is_lowered_or_raised() -> None:
    a, b = found(episode("x", HIGH, 100, 200)), found(episode("x", MEDIUM, 90, 150))
    down, up = compare(a, b), compare(b, a)
    assert [(one.change, one.other, one.lost_high) for one in down.differences] == [(Change.LOWERED, MEDIUM, True)]
    assert [(one.change, one.other, one.lost_high) for one in up.differences] == [(Change.RAISED, MEDIUM, False)]


def test_a_warning_before_a_high_alarm_that_only_one_profile_gives_is_a_difference_of_its_own() -> None:
    a = found(episode("x", MEDIUM, 100, 130, "x-low"), episode("x", HIGH, 130, 400, "x-critical"))
    assert changes(compare(a, found(episode("x", HIGH, 130, 400)))) == [("lost", "x-low", 100)]
    assert changes(compare(a, found(episode("x", HIGH, 110, 400)))) == []


def test_lost_high_alarms_come_first_and_say_what_sounds_instead() -> None:
    a = found(
        episode("a", MEDIUM, 1, 20),
        episode("b", HIGH, 100, 200),
        episode("c", HIGH, 300, 400),
        episode("d", HIGH, 500, 600),
    )
    b = found(episode("e", HIGH, 0, 50), episode("e", HIGH, 350, 360, "e-rule"), episode("d", MEDIUM, 500, 600))
    comparison = compare(a, b)
    told = [(one.change, one.episode.condition, one.covered_by) for one in comparison.lost_high]
    assert told == [(Change.LOST, "b", ()), (Change.LOST, "c", ("e-rule",)), (Change.LOWERED, "d", ())]
    assert [one.lost_high for one in comparison.differences] == [True, True, True, False, False, False]


@pytest.mark.parametrize(("start_s", "later_s"), [(100, 0), (130, 30), (80, -20)])
def test_a_high_alarm_of_both_says_how_much_later_it_comes(start_s: int, later_s: int) -> None:
    comparison = compare(found(episode("x", HIGH, 100, 200)), found(episode("x", HIGH, start_s, 200)))
    assert [shift.later_ms for shift in comparison.shifts] == [later_s * 1000]
    assert comparison.agrees is (later_s == 0)


@pytest.mark.parametrize(("merge_ms", "runs"), [(0, 4), (9, 4), (10, 3), (99, 3), (100, 2), (698, 2), (699, 1)])
def test_high_alarms_close_together_are_one_run(merge_ms: int, runs: int) -> None:
    # 0-100 with one inside it, 10 later 110-120, 100 later 220-301, 699 later the last
    assert merged_runs([(0, 100), (50, 60), (220, 301), (110, 120), (1000, 1001)], merge_ms) == runs
    assert merged_runs([], merge_ms) == 0


def test_burden_is_counted_per_hour_and_per_bed_day_and_adds_up_over_recordings() -> None:
    one = burden_of(found(episode("x", HIGH, 0, 10), episode("y", HIGH, 30, 40), episode("z", LOW, 0, 9)), MINUTE)
    assert (one.counts, one.high_runs) == ((2, 0, 1), 1)
    both = one + Burden(60 * MINUTE, (0, 4, 0), 0)
    assert [both.per_hour(both.count(each)) for each in Priority] == [1.0, 2.0, 0.5]
    assert both.per_bed_day(both.high_runs) == 12.0
    assert Burden().per_bed_day(3) == 0.0


def later_arrest(t: int) -> dict[str, str]:
    return {"rr": "0", "no_breath_s": str(t - 100)} | ({"spo2": "80"} if t >= 190 else {}) if t >= 100 else {}


def both(study: Study) -> Comparison:
    assert study.comparison is not None
    return study.comparison


def test_the_lead_of_the_first_high_is_told_between_profiles_and_before_the_first_oximeter_alarm() -> None:
    slower = changed("no-breath-seconds", all_of=(Term("no_breath_s", Op.GE, 50_000),))
    study = study_of(rows(400, later_arrest), ADULT, slower)
    a, b = (lead_of(side.evaluation, profile) for side, profile in zip(study.sides, (ADULT, slower), strict=True))
    assert (a.first_high_ms, b.first_high_ms, later_ms(a, b)) == (130_000, 150_000, 20_000)
    assert (a.first_spo2_ms, a.before_spo2_ms, b.before_spo2_ms) == (200_000, 70_000, 50_000)
    first = both(study).shifts[0]
    assert (first.rule, first.later_ms) == ("no-breath-seconds", 20_000)


def test_a_lead_that_does_not_exist_is_none_and_not_zero() -> None:
    quiet = lead_of(found(), ADULT)
    loud = lead_of(found(episode("x", HIGH, 5, 10)), ADULT)
    assert (quiet.first_high_ms, quiet.before_spo2_ms, later_ms(quiet, loud)) == (None, None, None)
    assert loud.before_spo2_ms is None


def test_a_lower_limit_on_real_rows_loses_exactly_what_lies_between_the_limits() -> None:
    quieter = changed("spo2-low", all_of=(Term("spo2", Op.LT, 88_000),))

    def dips(t: int) -> dict[str, str]:
        return {"spo2": {0: "89", 1: "87"}[t // 1000 % 2]} if t % 1000 >= 900 else {}

    comparison = both(study_of(rows(2000, dips), ADULT, quieter))
    assert changes(comparison) == [("lost", "spo2-low", 915)]
    assert both(study_of(rows(2000, dips), quieter, ADULT)).of(Change.GAINED)[0].episode.onset_ms == 915_000


def test_a_rule_that_is_away_loses_its_high_alarm_although_another_one_sounds() -> None:
    without = changed("rr-critical", None)
    slow = rows(500, during(100, 400, rr="4", etco2="52"))
    (lost,) = both(study_of(slow, ADULT, without)).lost_high
    assert (lost.episode.rule, lost.change, lost.other) == ("rr-critical", Change.LOWERED, MEDIUM)
    assert lost.covered_by == ("rr-low-with-second-sign",)
