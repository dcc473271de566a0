"""Small alarm profiles to be broken: a sound head, rules as rows, and what is said of a file."""

from __future__ import annotations

from pathlib import Path

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
