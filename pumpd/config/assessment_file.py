"""The description of assessments.toml and its meaning: the words of a chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from pumpd.clinical.vocabulary import Effect, Medicine, Vocabulary, Word
from pumpd.clinical.words import plain_word
from pumpd.config.defaults import default_dir
from pumpd.config.fields import Ident, Name, Record, Source
from pumpd.config.problems import Problem
from pumpd.config.read import Parsed, read_record


class WordTable(Record):
    """A word: code is stored, label is read, aliases are understood."""

    code: Ident
    label: Name
    aliases: list[Name] = Field(default_factory=list)
    source: Source


class EffectTable(WordTable):
    """A side effect; psychomimetic: followed against the dose rate."""

    psychomimetic: bool = False


class MedicineTable(WordTable):
    """Another medicine; what is said of it where it is flagged."""

    sedating: bool = False
    blunts_tachycardia: bool = False
    note: str = ""


class AssessmentFile(Record):
    """The words of a chart. severities: for 0 to 3."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    id: Ident
    version: Name
    severities: Annotated[list[Name], Field(min_length=4, max_length=4)]
    satisfaction: Name
    pain: Annotated[list[WordTable], Field(min_length=1)]
    side_effect: Annotated[list[EffectTable], Field(min_length=1)]
    medicine: list[MedicineTable] = Field(default_factory=list)


def vocabulary(file: AssessmentFile) -> Vocabulary:
    """What the core takes, of a file in which vocabulary_problems found nothing."""
    absent, mild, moderate, severe = file.severities
    return Vocabulary(
        id=file.id,
        version=file.version,
        pain=tuple(Word(one.code, one.label, one.source, tuple(one.aliases)) for one in file.pain),
        side_effects=tuple(
            Effect(one.code, one.label, one.source, tuple(one.aliases), one.psychomimetic) for one in file.side_effect
        ),
        medicines=tuple(_medicine(one) for one in file.medicine),
        severities=(absent, mild, moderate, severe),
        satisfaction=file.satisfaction,
    )


def _medicine(one: MedicineTable) -> Medicine:
    return Medicine(one.code, one.label, one.source, tuple(one.aliases), one.sedating, one.blunts_tachycardia, one.note)


def default_vocabulary() -> Vocabulary:
    """The words of the default assessments.toml. Raises ValueError when that file is damaged."""
    parsed = read_record(default_dir() / "assessments.toml", AssessmentFile)
    problems = parsed if isinstance(parsed, list) else vocabulary_problems(parsed)
    if isinstance(parsed, list) or problems:
        raise ValueError("; ".join(str(problem) for problem in problems))
    return vocabulary(parsed.record)


def vocabulary_problems(parsed: Parsed[AssessmentFile]) -> list[Problem]:
    """Names that mean two words of one kind."""
    file = parsed.record
    kinds: tuple[tuple[str, Sequence[WordTable]], ...] = (
        ("pain", file.pain),
        ("side_effect", file.side_effect),
        ("medicine", file.medicine),
    )
    return [problem for kind, words in kinds for problem in _twice(parsed, kind, words)]


def _twice(parsed: Parsed[AssessmentFile], kind: str, words: Sequence[WordTable]) -> list[Problem]:
    owners: dict[str, int] = {}
    found = []
    for at, one in enumerate(words):
        for name in (one.code, one.label, *one.aliases):
            owner = owners.setdefault(plain_word(name), at)
            if owner != at:
                message = f'"{name}" is already a name of {words[owner].code}'
                found.append(parsed.source.problem((kind, at), message))
    return list(dict.fromkeys(found))
