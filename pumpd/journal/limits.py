"""How long the journal waits, and how much it keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds and counts of records.

    flush_s: readings are committed at least this often, so that a power cut loses less than 1 s of them.
    gather_s: how long something urgent waits for what else is urgent just now: a commit each would keep the disk, and
    the interpreter, busy without need while alarms come in dozens. What somebody waits for is not kept back: what comes
    during one commit is the next.
    stall_s: a commit that takes longer is reported as a fault. readings: kept while failing, oldest dropped
    first; records: kept at most of anything. chunk: most records of one transaction.
    """

    flush_s: float = 0.9
    stall_s: float = 5.0
    retry_first_s: float = 0.25
    retry_most_s: float = 5.0
    readings: int = 20_000
    records: int = 100_000
    chunk: int = 5_000
    gather_s: float = 0.01
