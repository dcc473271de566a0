"""A checkpoint that other kernel code wrote: made anew from the events where that can be, used and said where not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from pumpd.daemon.restore import _rebuilt
from pumpd.journal import query
from pumpd.journal.replay import rebuild
from pumpd.safety.wire import state_to_bytes
from pumpd.units import Ms
from tests.journal.steps import Recorder, admitted, opened
from tests.journal.tamper import unguarded


async def record(url: str, database: Path, *statements: str) -> Recorder:
    """A bed with a checkpoint in the middle; then the statements are run on the closed database."""
    async with opened(url) as journal:
        recorder = admitted(Recorder(journal))
        recorder.seconds(2)
        journal.checkpoint("b1", recorder.seq, Ms(recorder.now), state_to_bytes(recorder.state))
        recorder.overspeed()
        await journal.durable(recorder.token)
    with unguarded(database) as connection:
        for statement in statements:
            connection.execute(statement)
    return recorder


OTHER = "UPDATE checkpoints SET kernel = 'other'"


async def test_the_same_kernel_s_checkpoint_is_used_and_nothing_is_said(url: str, database: Path) -> None:
    await record(url, database)
    async with opened(url) as journal:
        restored = await journal.restore("b1")
    assert restored is not None
    assert restored.state is not None
    assert not restored.other_kernel


async def test_the_state_is_made_anew_from_all_events(url: str, database: Path) -> None:
    recorder = await record(url, database, OTHER)
    async with opened(url) as journal:
        restored = await journal.restore("b1")
    assert restored is not None
    assert restored.state is None
    assert not restored.other_kernel
    assert [seq for seq, _, _ in restored.events] == list(range(1, recorder.seq + 1))
    assert rebuild(restored, recorder.policy) == recorder.state


@pytest.mark.parametrize("reason", ["an event is missing", "too many events"])
async def test_it_is_used_and_said_in_the_log_where_events_cannot_replace_it(
    url: str, database: Path, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason == "too many events":
        monkeypatch.setattr(query, "MOST_REPLAYED", 3)
        recorder = await record(url, database, OTHER)
    else:
        recorder = await record(url, database, OTHER, "DELETE FROM events WHERE kind = 'PatientBound'")
    bed: Any = SimpleNamespace(id="b1", policy=recorder.policy)
    async with opened(url) as journal:
        with capture_logs() as said:
            restored, state = await _rebuilt(bed, journal)
    assert restored is not None
    assert restored.other_kernel
    assert state == recorder.state
    assert [(line["log_level"], line["bed"]) for line in said] == [("warning", "b1")]
