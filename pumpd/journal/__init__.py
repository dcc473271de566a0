"""What happened, durably. `Journal` is all that the daemon needs from here, and `JournalMessages` all of a gateway."""

from pumpd.journal.charts import ChartHistory, ChartStep
from pumpd.journal.journal import Journal
from pumpd.journal.messages import JournalMessages
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
    "JournalMessages",
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
