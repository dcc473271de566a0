"""node-hl7-client, node-hl7-server and simple-hl7, each in a process of its own.

node-hl7-server keeps every message of a connection in one buffer and answers the first of them again and again; it is
met with a connection for each message, as its documentation has it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import need
from tests.peers.messages import IN, OUT, texts
from tests.peers.ours import all_good, deliver, our_server

HERE = Path(__file__).parent / "node"


@pytest.fixture(scope="session")
def node() -> str:
    """The node program, with the packages of package-lock.json beside it."""
    found, npm = shutil.which("node"), shutil.which("npm")
    need(found is not None and npm is not None, "node", "Debian packages nodejs and npm")
    assert found is not None
    assert npm is not None
    if not (HERE / "node_modules" / ".package-lock.json").exists():
        install = [npm, "ci", "--no-audit", "--no-fund"]
        done = subprocess.run(install, cwd=HERE, capture_output=True, text=True, check=False)
        need(done.returncode == 0, "node's HL7 packages", f"npm ci in {HERE.name}: {done.stderr.strip()[-200:]}")
    return found


@contextlib.asynccontextmanager
async def peer(node: str, *arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(node, "peer.cjs", *arguments, cwd=HERE, stdout=PIPE, env=_plain())
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _plain() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("NODE_")}


@pytest.mark.parametrize("package", ["node-hl7-client", "simple-hl7"])
async def test_what_a_node_client_sends_is_taken_once(package: str, node: str, tmp_path: Path) -> None:
    messages, file = texts(IN), tmp_path / "messages"
    file.write_bytes("\v".join(messages.values()).encode())
    async with our_server() as ours, peer(node, package, "send", str(ours.server.port), str(file)) as client:
        out, _ = await client.communicate()
        assert out.decode().splitlines() == all_good(messages, "CA")
        assert ours.notes.applied == list(messages)


@pytest.mark.parametrize(("package", "one_message"), [("node-hl7-server", True), ("simple-hl7", False)])
async def test_what_we_send_a_node_server_gets_once(package: str, one_message: bool, node: str) -> None:
    messages = texts(OUT)
    async with peer(node, package, "listen") as server:
        assert server.stdout is not None
        port = int(await server.stdout.readline())
        answers = await deliver(messages, port, one_message=one_message)
        heard = [(await server.stdout.readline()).decode().strip() for _ in messages]
    assert answers == all_good(messages, "AA")
    assert heard == list(messages)
