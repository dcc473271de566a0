"""Rules that do not fit together are refused and both are named; what is only odd is a warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.profiles import CRITICAL, LOW, Row, found, rule, told

TOGETHER: list[tuple[list[Row], str, str, str]] = [
    # the rules, the key, the line, the message
    (
        [CRITICAL, ("rr-low", "rr_low", "medium", "60 s", ["rr >= 7", "rr < 8"])],
        "rule[1].all",
        'all = ["rr >= 1", "rr <= 5"]',
        "rr above 5 and below 7: no rule; between rr-critical and rr-low",
    ),
    (
        [CRITICAL, ("rr-low", "rr_low", "medium", "60 s", ["rr > 6", "rr < 8"])],
        "rule[1].all",
        'all = ["rr >= 1", "rr <= 5"]',
        "rr above 5 and up to 6: no rule; between rr-critical and rr-low",
    ),
    (
        [("rr-critical", "rr_low", "high", "30 s", ["rr >= 3", "rr <= 5"]), LOW],
        "rule[1].all",
        'all = ["rr >= 3", "rr <= 5"]',
        "rr below 3: only rr-low (medium), but rr-critical (high) holds at better values",
    ),
    (
        [("spo2-critical", "spo2_low", "high", "10 s", ["spo2 >= 50", "spo2 < 85"])],
        "rule[1].all",
        'all = ["spo2 >= 50", "spo2 < 85"]',
        "spo2 below 50: no rule; these values are worse than those of spo2-critical",
    ),
    (
        [
            ("etco2-top", "etco2_high", "high", "9 s", ["etco2 >= 80"]),
            ("etco2-up", "e", "low", "9 s", ["etco2 > 50", "etco2 < 60"]),
        ],
        "rule[1].all",
        'all = ["etco2 >= 80"]',
        "etco2 from 60 and below 80: no rule; between etco2-top and etco2-up",
    ),
    (
        [("zero", "no_breath", "medium", "20 s", ["rr = 0"]), CRITICAL, LOW],
        "rule[2].all",
        'all = ["rr >= 1", "rr <= 5"]',
        "rr up to 0: only zero (medium), but rr-critical (high) holds at better values",
    ),
    (
        [("rr-critical", "rr_low", "high", "30 s", ["rr <= 10"]), LOW],
        "rule[2].all",
        'all = ["rr < 8"]',
        "rr-critical (high) begins at rr up to 10, rr-low (medium) only at rr below 8: "
        "the milder rule must begin before the more urgent one",
    ),
    (
        [("pulse-top", "pulse", "high", "5 s", ["pulse > 120"]), ("pulse-up", "pulse", "low", "5 s", ["pulse >= 130"])],
        "rule[2].all",
        'all = ["pulse >= 130"]',
        "pulse-top (high) begins at pulse above 120, pulse-up (low) only at pulse from 130: "
        "the milder rule must begin before the more urgent one",
    ),
    (
        [("rr-critical", "rr_low", "high", "90 s", ["rr <= 5"]), LOW],
        "rule[1].delay",
        'delay = "90 s"',
        "rr-critical (high) waits 90 s, rr-low (medium) 60 s: a worse value must not wait longer",
    ),
]


@pytest.mark.req("RSP-01")
@pytest.mark.parametrize(("rows", "key", "line", "message"), TOGETHER, ids=[message[:40] for *_, message in TOGETHER])
def test_rules_that_do_not_fit_together_are_refused_once_and_both_are_named(
    tmp_path: Path, rows: list[Row], key: str, line: str, message: str
) -> None:
    problems, _, lines = found(tmp_path, *(rule(row) for row in rows))
    assert told(problems, lines) == [(key, line, message)]


@pytest.mark.req("RSP-01")
def test_a_ring_that_waits_less_than_the_worse_values_inside_it_is_refused(tmp_path: Path) -> None:
    critical = ("rr-critical", "rr_low", "high", "90 s", ["rr <= 5"])
    problems, _, _ = found(tmp_path, rule(critical), rule(("rr-low", "rr_low", "medium", "60 s", ["rr > 5", "rr < 8"])))
    waits = "rr-critical (high) waits 90 s, rr-low (medium) 60 s: a worse value must not wait longer"
    assert [(p.key, p.message) for p in problems] == [("rule[1].delay", waits)]


@pytest.mark.req("RSP-01")
def test_every_hole_on_the_way_is_told_with_its_neighbours(tmp_path: Path) -> None:
    rows = [
        ("a", "a", "high", "9 s", ["rr > 9", "rr < 12"]),
        ("b", "b", "low", "9 s", ["rr > 6", "rr <= 9"]),
        ("c", "c", "high", "9 s", ["rr < 4"]),
    ]
    problems, _, _ = found(tmp_path, *(rule(row) for row in rows))
    assert [(p.key, p.message) for p in problems] == [
        ("rule[1].all", "rr above 6 and up to 9: only b (low), but a (high) holds at better values"),
        ("rule[3].all", "rr from 4 and up to 6: no rule; between c and b"),
    ]


ODD: list[tuple[list[str], str, str]] = [
    # the rules, the key, the warning
    (
        [rule(CRITICAL), rule(("rr-low", "rr_low", "medium", "60 s", ["rr >= 6", "rr < 8"]))],
        "rule[1].all",
        "rr above 5 and below 6: no rule; between rr-critical and rr-low no whole number is left out",
    ),
    (
        [rule(CRITICAL), rule(("rr-low", "rr_low", "medium", "60 s", ["rr > 5", "rr < 8"]))],
        "rule[2].all",
        "rr-low ends where rr-critical goes on: a value that swings between them starts both delays anew; "
        "let it hold for all of rr below 8",
    ),
    (
        [rule(LOW), rule(("rr-again", "rr_low", "medium", "60 s", ["rr <= 7"]))],
        "rule[2].id",
        "never shows: rr-low holds whenever it does, is as urgent and waits no longer",
    ),
    (
        [rule(("pair", "rr_low", "low", "70 s", ["rr <= 7", "spo2 < 90"])), rule(LOW)],
        "rule[1].id",
        "never shows: rr-low holds whenever it does, is as urgent and waits no longer",
    ),
    (
        # its middle lies on the healthy falling side, but its condition rises
        [
            rule(("etco2-up", "e", "medium", "9 s", ["etco2 > 44"])),
            rule(("etco2-on-the-way", "e", "low", "9 s", ["etco2 > 30", "etco2 <= 44"])),
        ],
        "rule[2].all",
        "etco2-on-the-way ends where etco2-up goes on: a value that swings between them starts both delays anew; "
        "let it hold for all of etco2 above 30",
    ),
    (
        [rule(LOW, 'interlock = "stop"\n')],
        "rule[1].interlock",
        "stops the ketamine but alarms medium; a stop is a high alarm",
    ),
]


@pytest.mark.req("RSP-01")
@pytest.mark.parametrize(("rules", "key", "message"), ODD, ids=[message[:40] for *_, message in ODD])
def test_rules_that_are_only_odd_are_a_warning(tmp_path: Path, rules: list[str], key: str, message: str) -> None:
    problems, warnings, _ = found(tmp_path, *rules)
    assert problems == []
    assert (key, message) in [(w.key, w.message) for w in warnings]


@pytest.mark.req("RSP-01")
@pytest.mark.parametrize(
    "rules",
    [
        # the same limit once more after a longer time: a condition that persists becomes urgent
        [
            rule(("a", "spo2_low", "medium", "15 s", ["spo2 < 90"])),
            rule(("b", "spo2_low", "high", "2 min", ["spo2 < 90"])),
        ],
        # both ends of one signal in one condition: what lies between them is health, not a hole
        [rule(("a", "pulse", "low", "15 s", ["pulse < 45"])), rule(("b", "pulse", "low", "15 s", ["pulse > 130"]))],
        # EtCO2 0 is a line without breath, of which the no-breath rules speak
        [rule(("a", "etco2_low", "medium", "60 s", ["etco2 >= 1", "etco2 <= 15"]))],
        # a rate of 0 that an ordinary rule reaches too
        [rule(CRITICAL), rule(LOW)],
        # persons assess below zero
        [
            rule(("a", "sedation", "medium", "0 s", ["rass <= -3"])),
            rule(("b", "sedation", "high", "0 s", ["rass <= -4"])),
        ],
    ],
)
def test_what_only_looks_like_a_mistake_is_let_pass(tmp_path: Path, rules: list[str]) -> None:
    assert found(tmp_path, *rules)[:2] == ([], [])
