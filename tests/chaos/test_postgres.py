"""A ward whose record is PostgreSQL: its server is restarted, then the daemon is killed; nobody at a bed is blind."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pumpd_hl7.mllp import MllpFramer

from pumpd.journal.rows import alarm_of as alarm_from
from pumpd.journal.rows import event_of
from tests.acceptance.daemon import CONFIG, Json, Pumpd, alarm_of, bed_of, pump_of, ready
from tests.acceptance.ward import ChaosWard, chaos_ward, clean
from tests.chaos.test_hl7_kill import Sender, write_ward
from tests.journal.letters import rows
from tests.ports import free_port
from tests.postgres import Postgres, postgres

pytestmark = pytest.mark.chaos
__all__ = ["postgres"]
BED, NEXT = "demo-01", "demo-02"


MESSAGES = 80


@pytest.fixture
def pg_url(postgres: Postgres) -> Iterator[str]:
    """On a server that forces its commits to the disk, as a hospital's does."""
    with postgres.durable():
        yield postgres.journal()


@dataclass
class Again(Sender):
    """Sends once more what was not acknowledged: with an error, or not at all. The second half is sent only when it is
    known that nothing is recorded: else all may be over before the server is down.
    """

    refused: int = 0
    failing: asyncio.Event = field(default_factory=asyncio.Event)

    async def until_refused(self) -> None:
        while not self.refused:
            self.more.clear()
            await self.more.wait()

    async def _one(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, framer: MllpFramer
    ) -> None:
        if len(self.acknowledged) >= MESSAGES // 2:
            await self.failing.wait()
        try:
            await super()._one(number, reader, writer, framer)
        except AssertionError:
            self.refused += 1
            self.more.set()
            await asyncio.sleep(0.2)  # the time in which it sends again
            raise EOFError from None
        await asyncio.sleep(0.02)  # so that the stream lasts over the restart


@pytest.mark.req("ALA-08", "INT-02", "CEI-03", "ALA-06")
async def test_while_its_server_restarts_a_ward_monitors_alarms_and_stops_and_nothing_is_missing_afterwards(
    tmp_path: Path, postgres: Postgres, pg_url: str
) -> None:
    async with chaos_ward(tmp_path, beds=2) as ward:
        ward.url = pg_url
        ward.file = ward.write("ward.toml", pg_url)
        sender = Again(free_port(), list(range(MESSAGES)))
        write_ward(ward, sender.port, free_port())
        access = f'[access]\nfile = "{CONFIG}/access.toml"\ndirectory = "{tmp_path}/access"\n'
        places = f'\n[capture]\ndirectory = "{tmp_path}/capture"\n{access}'
        ward.file.write_text(ward.file.read_text(encoding="utf-8") + places, encoding="utf-8")
        async with await Pumpd.run(ward.file) as daemon:
            await daemon.until(ready)
            sending = asyncio.gather(*(sender.send_all() for _ in range(4)))
            await sender.until(MESSAGES // 5)
            await asyncio.to_thread(postgres.stop)
            down = await daemon.until(lambda w: alarm_of(w, BED, "journal_failing"))
            alarm = alarm_of(down, BED, "journal_failing")
            assert alarm is not None
            assert (alarm["kind"], alarm["state"]) == ("technical", "active")
            sender.failing.set()
            ward.sim.beds[0].act("tenfold-rate")
            stopped = await daemon.until(lambda w: pump_of(w, BED)["interlock"] == "stop_verified")
            over = alarm_of(stopped, BED, "over_hard")
            assert over is not None
            assert not ward.sim.beds[0].pump.pump.infusing
            assert bed_of(stopped, BED)["values"]["rr"]["q"] == "ok"
            await sender.until_refused()
            await asyncio.to_thread(postgres.start)
            await daemon.until(lambda w: not alarm_of(w, BED, "journal_failing"))
            await daemon.acknowledge(over)
            await sender.until(3 * MESSAGES // 5)
            ward.rate(1, 100)
            both = await daemon.until(lambda w: pump_of(w, NEXT)["interlock"] == "stop_verified")
            other = alarm_of(both, NEXT, "over_hard")
            assert other is not None
            await daemon.signal(signal.SIGKILL)
        async with await Pumpd.run(ward.file) as again:
            seen = await again.until(ready)
            kept = alarm_of(seen, NEXT, "over_hard")
            assert kept is not None
            assert kept["id"] == other["id"]
            assert not alarm_of(seen, BED, "over_hard"), "it was acknowledged before, and its pump has stopped"
            assert all(pump_of(seen, bed)["interlock"] == "stop_verified" for bed in (BED, NEXT))
            await again.acknowledge(other)
            await sending
            told = (await again.get("alarms?state=all&limit=500"))["alarms"]
            assert await again.signal(signal.SIGTERM) == 0
        await clean(ward)
        await row_by_row(ward, sender, told, [over, other])


async def row_by_row(ward: ChaosWard, sender: Again, told: list[Json], acknowledged: list[Json]) -> None:
    """What the world was told or had acknowledged, and what a pump heard, is in the database once."""
    kept = await rows(ward.url, "SELECT control_id FROM messages_in WHERE state <> 'withdrawn'")
    assert len(set(sender.acknowledged)) == MESSAGES
    assert Counter(name for (name,) in kept) == Counter(set(sender.acknowledged))
    alarms = [(name, alarm_from(body)) for name, body in await rows(ward.url, "SELECT id, body FROM alarms")]
    assert Counter(name for name, _ in alarms) == Counter(one["id"] for one in told)
    assert max(Counter((one.bed, one.device, one.condition, one.onset_ms) for _, one in alarms).values()) == 1
    events = await rows(ward.url, "SELECT body FROM events WHERE kind = 'Acknowledged'")
    assert Counter(event_of(body).alarm_id for (body,) in events) == Counter(one["id"] for one in acknowledged)  # type: ignore[union-attr]
    issued = await rows(ward.url, "SELECT subject FROM decisions WHERE kind = 'StopPump'")
    commands = await rows(ward.url, "SELECT order_id, outcome, pump FROM commands WHERE kind = 'StopPump'")
    assert Counter(name for name, _, _ in commands) == Counter(name for (name,) in issued)
    assert [outcome for _, outcome, _ in commands] == ["done"] * len(commands)
    # one of each pump, or more where a busy machine could not verify it within the second
    assert len(commands) >= sum(bool(witness.times("INF_STOP")) for witness in ward.witnesses) == 2
    assert len({pump for _, _, pump in commands}) == 2
