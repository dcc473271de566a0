"""The hub as a process of its own, and a history's server that says goodbye."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from tests.acceptance.daemon import Pumpd
from tests.bus.brokers import Mosquitto
from tests.daemon.house import House
from tests.hub.stand import a_hub, hub_file
from tests.journal.test_postgres_goodbye import Between


async def test_a_hub_logs_as_a_daemon_does_a_line_of_json_each_and_no_variables(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with await Pumpd.started("hub", "--config", str(hub_file(tmp_path, mosquitto.port))) as hub:
        lines = [line for line in hub.text.splitlines() if not line.startswith("pumpd:")]
    assert "hub started" in {json.loads(line)["event"] for line in lines}


async def test_a_history_goes_on_after_its_server_was_shut_down_between_two_batches(
    mosquitto: Mosquitto, ward: House, database: str, tmp_path: Path
) -> None:
    """It is said as a failure of the database, and does not end the writer."""
    parts = urlsplit(database)
    server, name = Path(parse_qs(parts.query)["host"][0]), parts.path[1:]
    between = Between(tmp_path, server)
    through = f"postgresql://pumpd@/{name}?host={tmp_path}"
    async with await between.open(), a_hub(tmp_path, mosquitto.port, database=through) as hub:
        history = hub.hub.history
        assert history is not None
        await hub.until(lambda: history.counts.frames)
        other = await asyncpg.connect(host=str(server), user="pumpd", database=name)
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> $2",
            name,
            other.get_server_pid(),
        )
        await other.close()
        await hub.until(lambda: "another operation" in history.counts.why)
        between.over.set()
        await hub.until(lambda: history.counts.database)
