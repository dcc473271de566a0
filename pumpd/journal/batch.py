"""The rows of one commit, and what one commit hands to the next. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pumpd.journal.chain import Head


@dataclass(frozen=True, slots=True)
class Marks:
    """Where the next commit goes on (row numbers, head of the chain); it changes only when a commit has succeeded.

    A batch that changes a dictionary makes it anew.
    """

    head: Head = field(default_factory=Head)
    sample: int = 1
    event: int = 1
    checkpoint: int = 1
    policy: int = 1
    gapped: frozenset[str] = frozenset()
    checkpoint_seq: dict[str, int] = field(default_factory=dict)
    checkpoint_day: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Batch:
    """Rows by table, in order, and the marks after them. Upserts are by key: the last one wins.

    messages: names of statements with their rows, to be run in this order.
    """

    samples: list[tuple[Any, ...]] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    decisions: list[tuple[Any, ...]] = field(default_factory=list)
    policies: list[tuple[Any, ...]] = field(default_factory=list)
    checkpoints: list[tuple[Any, ...]] = field(default_factory=list)
    prunes: list[tuple[Any, ...]] = field(default_factory=list)
    alarms: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    commands: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    outcomes: list[tuple[Any, ...]] = field(default_factory=list)
    messages: list[tuple[str, list[tuple[Any, ...]]]] = field(default_factory=list)
    marks: Marks = field(default_factory=Marks)
