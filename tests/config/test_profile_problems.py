"""What is wrong with an alarm profile is told once, at its line."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pumpd.config.defaults import default_dir
from pumpd.config.profile import inspect_profile
from pumpd.config.profile_checks import OWN_CONDITIONS
from pumpd.safety import kernel
from tests.config.profiles import CRITICAL, HEAD, LOW, Row, found, rule, told


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


@pytest.mark.req("RSP-01")
@pytest.mark.parametrize("name", sorted(OWN_CONDITIONS))
def test_a_condition_called_like_one_of_pumpds_own_is_refused(tmp_path: Path, name: str) -> None:
    problems, _, lines = found(tmp_path, rule(("a", name, "low", "1 s", ["rr < 8"])))
    message = f'"{name}" is one of pumpd\'s own alarms; expected another name, such as "own_{name}"'
    assert told(problems, lines) == [("rule[1].condition", f'condition = "{name}"', message)]


def test_no_condition_of_the_kernel_may_be_taken_by_a_rule() -> None:
    """Every name that stands in the kernel's sources, before a colon where a code follows."""
    folder = Path(kernel.__file__).parent
    calls = (node for path in folder.glob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {
        str(text.value).partition(":")[0]
        for call in calls
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Condition" and call.args
        for text in ast.walk(call.args[0])
        if isinstance(text, ast.Constant)
    }
    assert len(names) > 10
    assert names - {""} <= OWN_CONDITIONS  # "": a name that stands in a table beside the call


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


@pytest.mark.req("ALA-03", "RSP-10")
@pytest.mark.parametrize(
    ("old", "key"), [('high = "2 min"', "realarm"), ('high = "65 s"', "response_max")], ids=["realarm", "response_max"]
)
def test_what_is_more_urgent_never_takes_longer(tmp_path: Path, old: str, key: str) -> None:
    problems, _, lines = found(tmp_path, rule(LOW), head=HEAD.replace(old, 'high = "6 min"'))
    assert told(problems, lines) == [(key, f"[{key}]", "expected high <= medium <= low")]


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
