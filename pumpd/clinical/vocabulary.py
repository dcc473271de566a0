"""The words of a chart: pain characteristics, side effects, other medicines; from config/assessments.toml. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from msgspec.structs import replace

from pumpd.clinical.entries import AnyEntry, Assessment, Checklist, Comedication, SideEffect
from pumpd.clinical.words import meant, plain_word


@dataclass(frozen=True, slots=True)
class Word:
    """One word: charted by its code, read by its label, also understood by its aliases."""

    code: str
    label: str
    source: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Effect(Word):
    """A side effect. psychomimetic: of the kind that ketamine causes by its dose (source A)."""

    psychomimetic: bool = False


@dataclass(frozen=True, slots=True)
class Medicine(Word):
    """Another medicine that matters here. sedating: adds to sedation; blunts_tachycardia: hides a fast heart rate."""

    sedating: bool = False
    blunts_tachycardia: bool = False
    note: str = ""


W = TypeVar("W", bound=Word)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """severities: words for 0 to 3, from absent on. satisfaction: what 0 and 10 mean there."""

    id: str
    version: str
    pain: tuple[Word, ...]
    side_effects: tuple[Effect, ...]
    medicines: tuple[Medicine, ...]
    severities: tuple[str, str, str, str]
    satisfaction: str

    def psychomimetic(self) -> tuple[Effect, ...]:
        """The checklist of psychomimetic effects."""
        return tuple(one for one in self.side_effects if one.psychomimetic)


def find(words: Iterable[W], name: str) -> W | None:
    """The word with this code, label or alias, however it is written; None: not in the vocabulary."""
    plain = plain_word(name)
    return next((one for one in words if plain in {plain_word(n) for n in (one.code, one.label, *one.aliases)}), None)


def word_problems(entry: AnyEntry, vocabulary: Vocabulary, contraindications: Sequence[str] = ()) -> tuple[str, ...]:
    """Every word of the entry that is not known, each with the nearest known one; contraindications: the protocol's.

    Names of drugs are not among them: an opioid that nobody knows is charted and marked, another medicine is free.
    """
    match entry:
        case Assessment():
            names = [effect.name for effect in entry.side_effects]
            pain = _unknown(entry.pain, vocabulary.pain, "pain characteristic")
            return pain + _unknown(names, vocabulary.side_effects, "side effect")
        case Checklist():
            known = {plain_word(name) for name in contraindications}
            asked = [name for name, _ in entry.answers if plain_word(name) not in known]
            return tuple(f'"{n}" is no contra-indication of the protocol{meant(n, contraindications)}' for n in asked)
        case _:
            return ()


def in_codes(entry: AnyEntry, vocabulary: Vocabulary) -> AnyEntry:
    """The entry with its known words written as codes; words that are not known stay as they are."""
    match entry:
        case Assessment():
            pain = tuple(_code(name, vocabulary.pain) for name in entry.pain)
            effects = tuple(SideEffect(_code(e.name, vocabulary.side_effects), e.severity) for e in entry.side_effects)
            return replace(entry, pain=pain, side_effects=effects)
        case Comedication():
            known = find(vocabulary.medicines, entry.drug)
            return entry if known is None else replace(entry, drug=known.code)
        case _:
            return entry


def _code(name: str, words: Sequence[Word]) -> str:
    known = find(words, name)
    return name if known is None else known.code


def _unknown(names: Iterable[str], words: Sequence[Word], kind: str) -> tuple[str, ...]:
    codes = [one.code for one in words]
    return tuple(
        f'"{n}" is no {kind} of the vocabulary{_nearest(n, words, codes)}' for n in names if not find(words, n)
    )


def _nearest(name: str, words: Sequence[Word], codes: Sequence[str]) -> str:
    """By any name of a word; where none is near, all codes."""
    every = {other: one.code for one in words for other in (one.code, one.label, *one.aliases)}
    return meant(name, every) or f"; known: {', '.join(codes)}"
