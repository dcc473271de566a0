"""What must hold of [journal.keep], and what a person should know who let it go."""

from __future__ import annotations

from collections.abc import Iterator

from pumpd.config.problems import Problem
from pumpd.config.read import Source
from pumpd.config.ward_file import WardFile

AT = ("journal", "keep")
LEAST_DAYS = {"samples_days": 30, "record_days": 365}
TEN_YEARS_DAYS = 3_652
"""Where the numbers come from stands in config/ward.toml."""


def keep_problems(file: WardFile, source: Source) -> Iterator[Problem]:
    """Readings without the events between them cannot be understood: they go first."""
    keep = file.journal.keep
    for key, least in LEAST_DAYS.items():
        days = getattr(keep, key)
        if 0 < days < least:
            yield source.problem((*AT, key), f"expected 0 (for good) or at least {least}, found {days}")
    if not keep.record_days:
        return
    if not keep.samples_days:
        message = f"needs samples_days = 30 to {keep.record_days}: readings go before the record does"
        yield source.problem((*AT, "record_days"), message)
    elif keep.samples_days > keep.record_days:
        message = f"{keep.record_days} is less than samples_days = {keep.samples_days}: readings go before the record"
        yield source.problem((*AT, "record_days"), message)


def keep_warnings(file: WardFile, source: Source) -> Iterator[Problem]:
    """For how long a clinical record has to be kept is the law's to say, and it seldom says less than ten years."""
    days = file.journal.keep.record_days
    if 0 < days < TEN_YEARS_DAYS:
        message = (
            f"{days} days after a stay its events, decisions, alarms and commands are removed for good; clinical "
            "records are to be kept for years (often ten): be sure that another system keeps them"
        )
        yield source.problem((*AT, "record_days"), message)
