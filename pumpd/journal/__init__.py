"""What happened, durably. `Journal` is the only thing that the daemon needs from here."""

from pumpd.journal.charts import ChartHistory, ChartStep
from pumpd.journal.journal import Journal
from pumpd.journal.records import (
    BootInfo,
    JournalFault,
    JournalOpenError,
    JournalStats,
    JournalUnavailable,
    LastSeen,
    Marked,
    Origins,
    Restored,
    StepRecord,
    TrendPoint,
)

__all__ = [
    "BootInfo",
    "ChartHistory",
    "ChartStep",
    "Journal",
    "JournalFault",
    "JournalOpenError",
    "JournalStats",
    "JournalUnavailable",
    "LastSeen",
    "Marked",
    "Origins",
    "Restored",
    "StepRecord",
    "TrendPoint",
]
