"""An alarm profile: rules as data (RSP-01), from config/alarms/*.toml into the kernel's frozen rules."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pumpd.config.problems import Problem, did_you_mean
from pumpd.config.profile_checks import Finding, findings, key_path
from pumpd.config.profile_file import ProfileFile, RuleTable, plain_fields
from pumpd.config.profile_term import VALUES, TermError, parse_term
from pumpd.config.read import Source, read_record
from pumpd.config.toml_lines import Path as KeyPath
from pumpd.config.toml_lines import locate
from pumpd.safety.policy import AlarmProfile, EscalationStep, Priority, Rule, Term

__all__ = ["LoadedProfile", "TermError", "inspect_profile", "load_profile", "parse_term"]

AUDIO_PAUSE_LONGEST_MS = 120_000  # ALA-04: a file may shorten the pause, never lengthen it


@dataclass(frozen=True, slots=True)
class LoadedProfile:
    """The profile, or None and its problems; warnings are about a profile that may be used."""

    profile: AlarmProfile | None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    sha256: str = ""


def load_profile(path: Path) -> AlarmProfile | list[Problem]:
    """The alarm profile at path, or every problem in it."""
    loaded = inspect_profile(path)
    return loaded.profile if loaded.profile is not None else list(loaded.problems)


def inspect_profile(path: Path) -> LoadedProfile:
    """As load_profile, with the warnings that `pumpd check` prints. Never raises for any content."""
    parsed = read_record(path, ProfileFile)
    if isinstance(parsed, list):
        return LoadedProfile(None, tuple(parsed))
    record, source = parsed.record, parsed.source
    problems = _whole_file_problems(record, source)
    tables = [_rule(table, source, ("rule", index), problems) for index, table in enumerate(record.rule)]
    rules = tuple(rule for rule in tables if rule is not None)
    found = findings(rules) if len(rules) == len(tables) else []
    problems += [_problem(finding, source) for finding in found if finding.is_error]
    if problems:
        return LoadedProfile(None, tuple(sorted(problems, key=lambda p: p.line)))
    warnings = [_problem(finding, source) for finding in found] + _missing_parts(record, source)
    return LoadedProfile(_profile(record, rules), (), tuple(sorted(warnings, key=lambda p: p.line)), source.sha256)


def _problem(finding: Finding, source: Source) -> Problem:
    return source.problem(key_path(finding), finding.message)


def _profile(record: ProfileFile, rules: tuple[Rule, ...]) -> AlarmProfile:
    return AlarmProfile(
        id=record.id,
        rules=rules,
        latch=tuple(Priority(name) for name in record.latch),
        escalation=tuple(EscalationStep(step.after, step.to) for step in record.escalation),
        **plain_fields(record),
    )


def _missing_parts(record: ProfileFile, source: Source) -> list[Problem]:
    """What a profile may leave out, and a person should know it."""
    found: list[Problem] = []
    if not record.escalation:
        message = "no ladder: a high alarm that nobody acknowledges is told to nobody else"
        found.append(source.problem(("escalation",), message))
    if record.response_max is None:
        message = "no longest response times: `pumpd check` cannot say which rule is too slow"
        found.append(source.problem(("response_max",), message))
    return found


def _whole_file_problems(record: ProfileFile, source: Source) -> list[Problem]:
    problems: list[Problem] = []
    if record.audio_pause_max > AUDIO_PAUSE_LONGEST_MS:
        problems.append(source.problem(("audio_pause_max",), "an audio pause lasts at most 120 s"))
    if "high" not in record.latch:
        problems.append(source.problem(("latch",), 'a high alarm always latches: "high" must be in the list'))
    return problems + _escalation_problems(record, source) + _duplicates(record, source)


def _duplicates(record: ProfileFile, source: Source) -> list[Problem]:
    problems: list[Problem] = []
    first: dict[str, int] = {}
    for index, table in enumerate(record.rule):
        if first.setdefault(table.id, index) != index:
            line = locate(source.lines, ("rule", first[table.id], "id"))
            message = f'duplicate rule id "{table.id}" (first used in line {line})'
            problems.append(source.problem(("rule", index, "id"), message))
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
        if name not in VALUES:
            problems.append(source.problem((*at, "absent"), f'unknown signal "{name}"{did_you_mean(name, VALUES)}'))
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
