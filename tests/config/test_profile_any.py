"""Any rule file is answered, never with an error of ours; and what the checks find is what a patient would meet."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.config.profile import inspect_profile, parse_term
from pumpd.config.profile_checks import findings
from pumpd.config.profile_term import TermError
from pumpd.device import SIGNALS
from pumpd.safety.alarm_table import RANK
from pumpd.safety.policy import Op, Priority, Rule, Term
from pumpd.safety.rules import span_of
from tests.config.profiles import HEAD

WORDS = st.sampled_from(
    ["rr", "spo2", "no_breath", "no_breath_s", "poss", "rass", "etco2", "co2_wave", "resp", "", "all"]
)
OPS = st.sampled_from(["<", "<=", ">", ">=", "=", "=<", "==", "~", ""])
NUMBERS = st.one_of(
    st.integers(-9, 999).map(str), st.sampled_from(["", "x", "1e3", "8.0001", "0.5", "-0", "9" * 40, "٣"])
)
TERMS = st.one_of(st.builds("{} {} {}".format, WORDS, OPS, NUMBERS), st.text(max_size=12))
VALUES = st.one_of(
    TERMS.map(repr),
    st.sampled_from(
        ['"high"', '"low"', '"0 s"', '"61 s"', '"-1 s"', "5", "true", "[]", "{}", '"stop"', "1979-05-27", "nan"]
    ),
    st.lists(TERMS, max_size=3).map(lambda terms: "[" + ", ".join(map(repr, terms)) + "]"),
)
KEYS = st.sampled_from(
    ["id", "condition", "priority", "delay", "interlock", "all", "any", "absent", "text", "action", "source", "other"]
)
SOUND = {
    "id": '"a"',
    "condition": '"c"',
    "priority": '"high"',
    "delay": '"0 s"',
    "all": '["rr < 8"]',
    "text": '"Text"',
    "source": '"a test"',
}


def table(changes: dict[str, str], number: int) -> str:
    keys = {**SOUND, "id": f'"a{number}"', **changes}
    return "\n[[rule]]\n" + "\n".join(f"{key} = {value}" for key, value in keys.items()) + "\n"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "own.toml"


@pytest.mark.req("RSP-01")
@given(rules=st.lists(st.dictionaries(KEYS, VALUES, max_size=3), min_size=1, max_size=4))
def test_any_rule_file_is_a_profile_or_problems_at_its_lines(scratch: Path, rules: list[dict[str, str]]) -> None:
    text = HEAD + "".join(table(rule, number) for number, rule in enumerate(rules))
    scratch.write_text(text, encoding="utf-8")
    loaded = inspect_profile(scratch)
    assert (loaded.profile is None) == bool(loaded.problems)
    lines = text.count("\n") + 1
    assert all(1 <= one.line <= lines and one.message for one in (*loaded.problems, *loaded.warnings))
    if loaded.profile is not None:
        assert len(loaded.profile.rules) == len(tomllib.loads(text)["rule"])


@given(text=st.text(max_size=200))
def test_any_text_at_all_is_answered(scratch: Path, text: str) -> None:
    scratch.write_text(text, encoding="utf-8", errors="replace", newline="")
    assert inspect_profile(scratch).problems


@given(text=TERMS)
def test_a_term_is_read_with_a_limit_that_its_sensor_knows_or_refused(text: str) -> None:
    try:
        term = parse_term(text)
    except TermError:
        return
    signal = SIGNALS[term.signal]
    assert signal.min_milli <= term.limit_milli <= signal.max_milli
    assert not signal.wave


def a_rule(signal: str, falling: bool) -> st.SearchStrategy[Rule]:
    """A rule on one side of a signal: an edge, and sometimes a second limit that keeps worse values out."""
    edge = st.integers(2, 14) if falling else st.integers(50, 90)

    def build(condition: str, priority: Priority, delay_s: int, limit: int, strict: bool, beyond: int | None) -> Rule:
        op, far = ((Op.LT if strict else Op.LE), Op.GE) if falling else ((Op.GT if strict else Op.GE), Op.LE)
        terms = [Term(signal, op, limit * 1000)]
        if beyond is not None:
            terms.append(Term(signal, far, (limit - beyond if falling else limit + beyond) * 1000))
        name = f"{condition}-{priority}-{limit}-{strict}-{beyond}-{delay_s}"
        return Rule(name, condition, priority, tuple(terms), delay_s * 1000, False, "text")

    return st.builds(
        build,
        st.sampled_from(["one", "one", "two"]),
        st.sampled_from(Priority),
        st.sampled_from([5, 10, 60]),
        edge,
        st.booleans(),
        st.one_of(st.none(), st.integers(2, 8)),
    )


def urgency(rules: list[Rule], value: int) -> int:
    """The priority of the most urgent rule that holds at this whole value; 0: none does."""
    milli = value * 1000
    spans = [(rule, [span_of(term) for term in rule.all_of]) for rule in rules]
    return max((RANK[r.priority] for r, s in spans if all(low <= milli <= high for _, low, high in s)), default=0)


def gets_milder(rules: list[Rule], values: list[int]) -> bool:
    """Whether somewhere on the way to worse values an alarm becomes less urgent or ends."""
    worst_so_far = 0
    for value in values:
        now = urgency(rules, value)
        if now < worst_so_far:
            return True
        worst_so_far = max(worst_so_far, now)
    return False


@pytest.mark.req("RSP-01", "RSP-04")
@given(rules=st.lists(a_rule("rr", falling=True), min_size=1, max_size=4, unique_by=lambda rule: rule.id))
def test_a_hole_towards_slower_breathing_is_found_exactly_where_there_is_one(rules: list[Rule]) -> None:
    spoken = [f for f in findings(tuple(rules)) if f.is_error and ("no rule" in f.message or "only" in f.message)]
    holes = [f for f in spoken if "must begin before" not in f.message]
    if not any("can never be true" in f.message for f in findings(tuple(rules))):
        assert bool(holes) == gets_milder(rules, list(range(20, 0, -1)))


@pytest.mark.req("RSP-01", "RSP-04")
@given(rules=st.lists(a_rule("etco2", falling=False), min_size=1, max_size=4, unique_by=lambda rule: rule.id))
def test_a_hole_towards_higher_co2_is_found_exactly_where_there_is_one(rules: list[Rule]) -> None:
    spoken = [f for f in findings(tuple(rules)) if f.is_error and ("no rule" in f.message or "only" in f.message)]
    holes = [f for f in spoken if "must begin before" not in f.message]
    if not any("can never be true" in f.message for f in findings(tuple(rules))):
        assert bool(holes) == gets_milder(rules, list(range(40, 151)))


@pytest.mark.req("RSP-04")
@given(rules=st.lists(a_rule("rr", falling=True), min_size=2, max_size=4, unique_by=lambda rule: rule.id))
def test_where_the_rules_pass_no_worse_value_waits_longer_for_its_first_alarm(rules: list[Rule]) -> None:
    if any(finding.is_error for finding in findings(tuple(rules))):
        return
    for condition in {rule.condition for rule in rules}:
        own = [rule for rule in rules if rule.condition == condition]
        edges = {rule.id: max(v for v in range(21) if urgency([rule], v)) for rule in own}
        for urgent in own:
            for mild in own:
                if RANK[urgent.priority] > RANK[mild.priority]:
                    assert edges[urgent.id] <= edges[mild.id]
                    if edges[urgent.id] < edges[mild.id]:
                        assert urgent.delay_ms <= mild.delay_ms
