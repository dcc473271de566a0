"""An alarm profile: rules as data (RSP-01), from config/alarms/*.toml into the kernel's frozen rules."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

from pumpd.config.problems import Problem, did_you_mean
from pumpd.config.profile_file import ProfileFile, RuleTable, plain_fields
from pumpd.config.read import Source, read_record
from pumpd.config.toml_lines import Path as KeyPath
from pumpd.device import SIGNALS
from pumpd.safety.policy import AlarmProfile, EscalationStep, Op, Priority, Rule, Term
from pumpd.units import exact, plain, scaled

_TERM = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(<=|>=|<|>|=)\s*(\d+(?:\.\d+)?)\s*")
AUDIO_PAUSE_LONGEST_MS = 120_000  # ALA-04: a file may shorten the pause, never lengthen it


class TermError(ValueError):
    """The text is no usable term; the message says why."""


def parse_term(text: str) -> Term:
    """ "rr <= 5" as a Term. Raises TermError: unknown signal, no comparison, limit no sensor can report."""
    match = _TERM.fullmatch(text)
    if match is None:
        raise TermError(f'expected "signal op number" with op one of < <= > >= = such as "rr <= 5", found "{text}"')
    name, op, number = match.groups()
    signal = SIGNALS.get(name)
    if signal is None:
        raise TermError(f'unknown signal "{name}"{did_you_mean(name, SIGNALS)}')
    limit_milli = scaled(Decimal(number), 1000)
    if limit_milli is None:
        raise TermError(f'limit {number} of "{name}" is finer than 0.001')
    if not signal.min_milli <= limit_milli <= signal.max_milli:
        low, high = plain(exact(signal.min_milli, 1000)), plain(exact(signal.max_milli, 1000))
        raise TermError(f'limit {number} is outside what "{name}" can report ({low} to {high} {signal.unit})'.rstrip())
    return Term(name, Op(op), limit_milli)


def load_profile(path: Path) -> AlarmProfile | list[Problem]:
    """The alarm profile at path, or every problem in it."""
    parsed = read_record(path, ProfileFile)
    if isinstance(parsed, list):
        return parsed
    record, source = parsed.record, parsed.source
    problems = _whole_file_problems(record, source)
    rules = [_rule(table, source, ("rule", index), problems) for index, table in enumerate(record.rule)]
    return problems or _profile(record, tuple(rule for rule in rules if rule is not None))


def _profile(record: ProfileFile, rules: tuple[Rule, ...]) -> AlarmProfile:
    return AlarmProfile(
        id=record.id,
        rules=rules,
        latch=tuple(Priority(name) for name in record.latch),
        escalation=tuple(EscalationStep(step.after, step.to) for step in record.escalation),
        **plain_fields(record),
    )


def _whole_file_problems(record: ProfileFile, source: Source) -> list[Problem]:
    problems: list[Problem] = []
    if record.audio_pause_max > AUDIO_PAUSE_LONGEST_MS:
        problems.append(source.problem(("audio_pause_max",), "an audio pause lasts at most 120 s"))
    if "high" not in record.latch:
        problems.append(source.problem(("latch",), 'a high alarm always latches: "high" must be in the list'))
    problems += _escalation_problems(record, source)
    seen: Counter[str] = Counter()
    for index, table in enumerate(record.rule):
        seen[table.id] += 1
        if seen[table.id] == 2:
            problems.append(source.problem(("rule", index, "id"), f'duplicate rule id "{table.id}"'))
    return problems


def _escalation_problems(record: ProfileFile, source: Source) -> list[Problem]:
    """A ladder begins at once and each step comes later than the one before, to somebody else (ALA-05)."""
    problems: list[Problem] = []
    before: list[str] = []
    last_ms = -1
    for index, step in enumerate(record.escalation):
        at = ("escalation", index)
        if index == 0 and step.after != 0:
            problems.append(source.problem((*at, "after"), 'the first step is signalled at once, expected "0 s"'))
        elif step.after <= last_ms:
            problems.append(source.problem((*at, "after"), f"expected later than the {last_ms / 1000:g} s before it"))
        if step.to in before:
            problems.append(source.problem((*at, "to"), f'"{step.to}" is already told by an earlier step'))
        before.append(step.to)
        last_ms = step.after
    return problems


def _rule(table: RuleTable, source: Source, at: KeyPath, problems: list[Problem]) -> Rule | None:
    """The kernel's rule; what is wrong with it is added to problems."""
    before = len(problems)
    all_of = _terms(table.all, source, (*at, "all"), problems)
    any_of = _terms(table.any, source, (*at, "any"), problems)
    for name in table.absent:
        if name not in SIGNALS:
            problems.append(source.problem((*at, "absent"), f'unknown signal "{name}"{did_you_mean(name, SIGNALS)}'))
    if _impossible(all_of):
        problems.append(source.problem((*at, "all"), "can never be true: the limits exclude each other"))
    if len(problems) > before:
        return None
    return Rule(
        id=table.id,
        condition=table.condition,
        priority=Priority(table.priority),
        all_of=all_of,
        delay_ms=table.delay,
        interlock=table.interlock == "stop",
        text=table.text,
        any_of=any_of,
        absent=tuple(table.absent),
        source=table.source,
        action=table.action,
    )


def _terms(texts: list[str], source: Source, at: KeyPath, problems: list[Problem]) -> tuple[Term, ...]:
    terms: list[Term] = []
    for text in texts:
        try:
            terms.append(parse_term(text))
        except TermError as error:
            problems.append(source.problem(at, str(error)))
    return tuple(terms)


def _impossible(terms: tuple[Term, ...]) -> bool:
    """Whether no value of some signal satisfies all of its terms (in steps of a thousandth)."""
    return any(_highest(terms, name) < _lowest(terms, name) for name in {t.signal for t in terms})


def _lowest(terms: tuple[Term, ...], name: str) -> int:
    floors = {Op.GE: 0, Op.EQ: 0, Op.GT: 1}
    own = [t.limit_milli + floors[t.op] for t in terms if t.signal == name and t.op in floors]
    return max([SIGNALS[name].min_milli, *own])


def _highest(terms: tuple[Term, ...], name: str) -> int:
    ceilings = {Op.LE: 0, Op.EQ: 0, Op.LT: -1}
    own = [t.limit_milli + ceilings[t.op] for t in terms if t.signal == name and t.op in ceilings]
    return min([SIGNALS[name].max_milli, *own])
