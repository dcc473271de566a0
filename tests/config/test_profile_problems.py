"""What is wrong with an alarm profile is told once, at its line, with both rules where two are concerned."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.config.defaults import default_dir
from pumpd.config.problems import Problem
from pumpd.config.profile import inspect_profile

HEAD = """\
schema = 1
id = "own"
name = "Own"
latch = ["high"]
audio_pause_max = "60 s"

[realarm]
high = "2 min"
medium = "5 min"
low = "15 min"
source = "a test"

[response_max]
high = "65 s"
medium = "3 min"
low = "3 min"
source = "a test"

[[escalation]]
to = "bedside"
after = "0 s"
source = "a test"

[[escalation]]
to = "ward"
after = "120 s"
source = "a test"
"""
NO_BREATH = ("no-breath", "no_breath", "high", "0 s", ["no_breath = 1"])
Row = tuple[str, str, str, str, list[str]]


def rule(row: Row, more: str = "") -> str:
    """One rule's table; the line of `all` is the sixth, of `delay` the fifth."""
    name, condition, priority, delay, terms = row
    listed = ", ".join(f'"{term}"' for term in terms)
    return (
        f'\n[[rule]]\nid = "{name}"\ncondition = "{condition}"\npriority = "{priority}"\ndelay = "{delay}"\n'
        f'all = [{listed}]\n{more}text = "Text"\nsource = "a test"\n'
    )


def found(folder: Path, *rules: str, head: str = HEAD) -> tuple[list[Problem], list[Problem], list[str]]:
    """(problems, warnings, lines of the file) of a profile with these rules after one about no breath."""
    text = head + rule(NO_BREATH) + "".join(rules)
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    loaded = inspect_profile(path)
    assert (loaded.profile is None) == bool(loaded.problems)
    return list(loaded.problems), list(loaded.warnings), text.splitlines()


def told(problems: list[Problem], lines: list[str]) -> list[tuple[str, str, str]]:
    """(key, the line it stands at, message)."""
    return [(p.key, lines[p.line - 1], p.message) for p in problems]


CRITICAL = ("rr-critical", "rr_low", "high", "30 s", ["rr >= 1", "rr <= 5"])
LOW = ("rr-low", "rr_low", "medium", "60 s", ["rr < 8"])


@pytest.mark.req("RSP-01")
def test_a_sound_profile_has_nothing_to_say(tmp_path: Path) -> None:
    assert found(tmp_path, rule(CRITICAL), rule(LOW))[:2] == ([], [])


ONE_RULE: list[tuple[Row, str, str, str]] = [
    # the rule, more of it, the key, the message
    (("a", "a", "low", "1 s", ["resp < 8"]), "", "all", 'unknown signal "resp"'),
    (("a", "a", "low", "1 s", ["sp02 < 90"]), "", "all", 'unknown signal "sp02"; did you mean "spo2"?'),
    (("a", "a", "low", "1 s", ["co2_wave < 90"]), "", "all", 'unknown signal "co2_wave"'),
    (("a", "a", "low", "1 s", ["rr =< 8"]), "", "all", 'expected one of < <= > >= =, found "=<"; did you mean "<="?'),
    (("a", "a", "low", "1 s", ["rr ~ 8"]), "", "all", 'expected one of < <= > >= =, found "~"'),
    (
        ("a", "a", "low", "1 s", ["rr < x"]),
        "",
        "all",
        'expected a number such as 8 or 89.5 as the limit of "rr", found "x"',
    ),
    (("a", "a", "low", "1 s", ["spo2 < 101"]), "", "all", 'limit 101 is outside what "spo2" can report (0 to 100 %)'),
    (("a", "a", "low", "1 s", ["no_breath_s >= 256"]), "", "all", 'what "no_breath_s" can report (0 to 255 s)'),
    (("a", "a", "low", "1 s", ["no_breath = 0.5"]), "", "all", '"no_breath" is yes (1) or no (0), found 0.5'),
    (("a", "a", "low", "1 s", ["rr < 8"]), 'any = ["spo < 9"]\n', "any", 'unknown signal "spo"; did you mean "spo2"?'),
    (("a", "a", "low", "1 s", ["rr < 8"]), 'absent = ["nobreath"]\n', "absent", 'did you mean "no_breath"?'),
    (("a", "a", "hihg", "1 s", ["rr < 8"]), "", "priority", 'found "hihg"; did you mean "high"?'),
    (("a", "a", "low", "1 sec", ["rr < 8"]), "", "delay", 'unit "sec" is not a duration'),
    (
        ("a", "a", "low", "1 s", ["rr >= 10", "rr <= 5"]),
        "",
        "all",
        'can never be true: the limits "rr >= 10" and "rr <= 5" exc',
    ),
    (("a", "a", "low", "1 s", ["rr < 0"]), "", "all", 'can never be true: the limits "rr < 0" exclude each other'),
    (("a", "a", "low", "1 s", ["poss > 4"]), "", "all", 'can never be true: the limits "poss > 4"'),
    (("a", "a", "low", "1 s", ["spo2 <= 100"]), "", "all", "is always true: every value that the sensor can report"),
    (
        ("a", "a", "low", "1 s", ["rr < 8"]),
        'any = ["rr > 10", "spo2 < 90"]\n',
        "any",
        '"rr > 10" can never be true here',
    ),
    (("a", "a", "low", "1 s", ["rr = 0"]), 'absent = ["rr"]\n', "absent", '"rr = 0" needs the "rr" that is absent'),
    (
        ("a", "a", "high", "5 s", ["no_breath = 1"]),
        "",
        "delay",
        'expected "0 s", found 5 s: the monitor has waited out',
    ),
    (("a", "a", "high", "1 s", ["no_breath_s >= 30"]), "", "delay", "a higher limit waits longer"),
    (
        ("a", "a", "high", "0 s", ["no_breath_s >= 61"]),
        "",
        "all",
        "the longest that a monitor waits for a breath itself is 60 s",
    ),
    (("a", "a", "high", "61 s", ["rr = 0"]), "", "delay", "61 s without breath: the longest that a monitor waits"),
]


@pytest.mark.req("RSP-01")
@pytest.mark.parametrize(
    ("row", "more", "key", "words"), ONE_RULE, ids=[f"{r[4][0]}-{r[2]}-{k}" for r, _, k, _ in ONE_RULE]
)
def test_a_rule_that_is_wrong_by_itself_is_refused_once_at_its_line(
    tmp_path: Path, row: Row, more: str, key: str, words: str
) -> None:
    problems, _, lines = found(tmp_path, rule(row, more))
    [(where, line, message)] = told(problems, lines)
    assert where == f"rule[1].{key}"
    assert line.startswith(f"{key} = ")
    assert words in message


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


@pytest.mark.req("RSP-01")
def test_a_rule_id_that_is_used_twice_names_the_first_line(tmp_path: Path) -> None:
    problems, _, lines = found(tmp_path, rule(LOW), rule(("rr-low", "other", "low", "1 s", ["pulse < 40"])))
    first = lines.index('id = "rr-low"') + 1
    [problem] = problems
    assert problem.message == f'duplicate rule id "rr-low" (first used in line {first})'
    assert problem.line > first
    assert lines[problem.line - 1] == 'id = "rr-low"'


@pytest.mark.req("ALA-05")
@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        (
            'after = "0 s"',
            'after = "1 s"',
            "escalation[0].after",
            'the first step is signalled at once, expected "0 s"',
        ),
        ('after = "120 s"', 'after = "0 s"', "escalation[1].after", "expected later than the 0 s before it"),
        ('to = "ward"', 'to = "bedside"', "escalation[1].to", '"bedside" is already told by an earlier step'),
        ('to = "ward"', 'too = "ward"', "escalation[1].to", "required key is missing"),
    ],
)
def test_a_ladder_that_does_not_rise_is_refused(tmp_path: Path, old: str, new: str, key: str, message: str) -> None:
    problems, _, lines = found(tmp_path, rule(LOW), head=HEAD.replace(old, new, 1))
    assert (key, message) in [(p.key, p.message) for p in problems]
    line = next(p.line for p in problems if p.key == key)
    assert lines[line - 1] in (new, "[[escalation]]")


@pytest.mark.req("RSP-10", "ALA-05")
def test_a_profile_without_ladder_or_longest_response_may_be_used_with_a_warning(tmp_path: Path) -> None:
    head = HEAD[: HEAD.index("[response_max]")]
    problems, warnings, _ = found(tmp_path, rule(LOW), head=head)
    assert problems == []
    assert [w.key for w in warnings] == ["escalation", "response_max"]


def test_a_profile_that_never_speaks_of_no_breath_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(HEAD + rule(LOW), encoding="utf-8")
    assert [w.message for w in inspect_profile(path).warnings] == []
    path.write_text(HEAD + rule(("a", "a", "low", "1 s", ["pulse < 40"])), encoding="utf-8")
    assert [w.message for w in inspect_profile(path).warnings] == [
        "no rule of this profile holds when there is no breath"
    ]


@pytest.mark.parametrize("path", sorted((default_dir() / "alarms").glob("*.toml")), ids=lambda path: path.stem)
def test_a_shipped_profile_passes_without_a_warning(path: Path) -> None:
    loaded = inspect_profile(path)
    assert (loaded.problems, loaded.warnings) == ((), ())
