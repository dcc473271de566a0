"""An HL7 listener beside python-hl7's asyncio server and a raw split server in one run: the same loop, the same load.

The message is a PCD-01 of a pump with 19 rows; each has a control id of its own, so that ours has to ask whether it was
there before. Each connection sends one, waits for its answer, sends the next. Every server is a process of its own.
- "raw": finds the end of the frame, splits segments and fields, writes an answer. It checks nothing and keeps nothing.
- "python-hl7": `start_hl7_server`, `readmessage`, `create_ack`, as its own documentation shows.
- "memory": ours, all of it, with a store that is a dictionary.
- "journal": ours, every answer after the journal's commit.
In memory the CPU time that a server needs for a message is compared, since the load shares its machine; where a disk is
waited for, the messages in a second. `python -m tests.bench.hl7_server KIND PORT_FILE` is a server: it writes its port,
and when its input closes one JSON line.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from asyncio import events
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop
from pumpd_hl7.intake import Intake
from pumpd_hl7.message import Message
from pumpd_hl7.server import Server

from pumpd.daemon.daemon import SWITCH_INTERVAL_S
from pumpd.daemon.watch import tidy
from pumpd.gateways import ListenSettings, MessageStore, PeerSettings, Received
from tests.bench.daemon import ROOT
from tests.bench.report import Row, percentile

FIXTURE = Path(__file__).parent.parent / "hl7" / "fixtures" / "pcd01_ketamine_syringe.hl7"
SLOT = b"OWN001"  # the control id of the fixture
OURS = ("memory", "journal")
KINDS = ("raw", "python-hl7", *OURS)
CONNECTIONS = (1, 20, 200)
PEER = PeerSettings("bed", "PUMPD", may=("ORU",))


# --- servers -------------------------------------------------------------------------------------------------


class Raw(asyncio.Protocol):
    """The least that anybody can do and still answer."""

    def __init__(self) -> None:
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *whole, self._rest = (self._rest + data).split(b"\x1c\r")
        for framed in whole:
            rows = [row.split("|") for row in framed[1:].decode().split("\r")]
            head = rows[0]
            answer = (
                f"MSH|^~\\&|{head[4]}|{head[5]}|{head[2]}|{head[3]}|{head[6]}||ACK|{head[9]}|P|2.6\rMSA|AA|{head[9]}\r"
            )
            self._transport.write(b"\x0b" + answer.encode() + b"\x1c\r")  # type: ignore[attr-defined]


async def start_raw() -> int:
    server = await asyncio.get_running_loop().create_server(Raw, "127.0.0.1", 0)
    return int(server.sockets[0].getsockname()[1])


async def start_python_hl7() -> int:
    from hl7.mllp import start_hl7_server

    async def serve(reader: object, writer: object) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                message = await reader.readmessage()  # type: ignore[attr-defined]
                writer.writemessage(message.create_ack())  # type: ignore[attr-defined]
                await writer.drain()  # type: ignore[attr-defined]

    server = await start_hl7_server(serve, "127.0.0.1", 0)
    return int(server.sockets[0].getsockname()[1])


class Applied:
    """Does nothing with what it is given: the listener is measured, not what stands behind it."""

    async def judge(self, message: Message, peer: PeerSettings) -> Sequence[object]:
        return ()

    async def apply(self, received: Received, message: Message, late: bool) -> None:
        return None


@contextlib.asynccontextmanager
async def store_of(kind: str, folder: Path) -> AsyncIterator[MessageStore]:
    if kind == "memory":
        from tests.hl7.wire import Memory

        yield Memory()
        return
    from pumpd.journal.messages import JournalMessages
    from tests.journal.steps import opened

    async with opened(f"sqlite:///{folder}/journal.db") as journal:
        yield await JournalMessages.open(journal)


@contextlib.asynccontextmanager
async def started(kind: str, folder: Path) -> AsyncIterator[int]:
    """The server's port."""
    if kind in OURS:
        async with store_of(kind, folder) as store:
            intake = Intake(store, Applied(), (PEER,), "real", lambda: time.time_ns() // 1000, "B")  # type: ignore[arg-type]
            server = Server(ListenSettings("127.0.0.1", 0, peers=(PEER,)), intake, lambda: time.time_ns() // 1000)
            await server.start()
            yield server.port
            await server.close()
            await intake.drain()
    else:
        yield await (start_raw() if kind == "raw" else start_python_hl7())


class Slices:
    """The longest that one callback kept the main thread: on the loop of the standard library, which can be watched."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    def watch(self) -> None:
        run = events.Handle._run  # type: ignore[attr-defined]
        own = threading.get_ident()

        def timed(handle: events.Handle) -> None:
            began = time.thread_time()
            run(handle)
            if threading.get_ident() == own:  # the journal's thread has a loop too
                self.longest_s = max(self.longest_s, time.thread_time() - began)

        events.Handle._run = timed  # type: ignore[attr-defined]


async def child(kind: str, port_file: Path, slices: Slices) -> None:
    """Serves; each line that comes in is answered with what was used so far. Garbage is collected, and threads take
    turns, as in the daemon.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    async with started(kind, port_file.parent) as port:
        gc.collect()
        gc.freeze()
        tidying = asyncio.create_task(tidy())
        port_file.with_suffix(".new").write_text(str(port))
        port_file.with_suffix(".new").rename(port_file)
        await asyncio.get_running_loop().run_in_executor(None, tell_use, slices)
        tidying.cancel()


def tell_use(slices: Slices) -> None:
    for _ in sys.stdin:
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps({"cpu_s": used.ru_utime + used.ru_stime, "slice_s": slices.longest_s}), flush=True)
        slices.longest_s = 0.0


class Process:
    """A server of one kind."""

    def __init__(self, kind: str, folder: Path, watched: bool = False, module: str = "tests.bench.hl7_server") -> None:
        folder.mkdir()
        at = folder / "port"
        command = [sys.executable, "-m", module, kind, str(at), *["watched"] * watched]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        while not at.exists():
            assert self._process.poll() is None, f"the server {kind} has ended"
            time.sleep(0.02)
        self.port = int(at.read_text())
        self.pid = self._process.pid
        self._said = iter(self._process.stdout or ())

    def used(self) -> dict[str, float]:
        """CPU seconds so far; the longest slice since it was asked last."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        line = next(line for line in self._said if line.startswith("{"))
        return dict(json.loads(line))

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


# --- the load ------------------------------------------------------------------------------------------------


class Load:
    """Connections that each have one message in flight. Control ids never repeat."""

    def __init__(self, port: int, connections: int) -> None:
        head, tail = FIXTURE.read_bytes().split(SLOT, 1)
        self._head, self._tail = b"\x0b" + head, tail + b"\x1c\r"
        self._number = 0
        self._select = selectors.DefaultSelector()
        self._sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
        for sock in self._sockets:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._select.register(sock, selectors.EVENT_READ)

    def message(self) -> bytes:
        self._number += 1
        return self._head + b"%d" % self._number + self._tail

    def run(self, messages: int) -> tuple[float, list[float]]:
        """Messages in a second, and how long each waited for its answer."""
        asked_s: dict[socket.socket, float] = {}
        waited_s: list[float] = []
        began = time.perf_counter()
        for sock in self._sockets:
            asked_s[sock] = time.perf_counter()
            sock.sendall(self.message())
        sent = len(self._sockets)
        while len(waited_s) < sent:
            for key, _ in self._select.select(30):
                sock = key.fileobj  # type: ignore[assignment]
                data, now_s = sock.recv(4096), time.perf_counter()
                assert b"MSA|AA|" in data or b"MSA|CA|" in data, data
                waited_s.append(now_s - asked_s[sock])
                if sent < messages:
                    asked_s[sock] = now_s
                    sock.sendall(self.message())
                    sent += 1
        return sent / (time.perf_counter() - began), waited_s

    def pipelined(self, messages: int) -> None:
        """Many in one write, and one of nearly a mebibyte, on the first connection."""
        sock = self._sockets[0]
        head, tail = self.message()[:-2], b"OBX|99|ST|158012^X^MDC|1.1.2.3|Primary||||||R\r"
        sock.sendall(
            b"".join(self.message() for _ in range(messages)) + head + tail * ((1_000_000) // len(tail)) + b"\x1c\r"
        )
        heard = b""
        while heard.count(b"\x1c\r") < messages + 1:
            heard += sock.recv(65536)

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()


# --- rows ----------------------------------------------------------------------------------------------------


@dataclass
class Party:
    """Of one kind with so many connections, by round: messages in a second, CPU for each, p99 of the wait."""

    per_s: list[float]
    cpu_us: list[float]
    p99_ms: list[float]


def run(rounds: int = 5, messages: int = 2000) -> list[Row]:
    """Every kind in turn, in each round."""
    with tempfile.TemporaryDirectory(prefix="pumpd-bench-") as name:
        processes = {kind: Process(kind, Path(name) / kind) for kind in KINDS}
        rows: list[Row] = []
        for connections in CONNECTIONS:
            parties = measure(processes, connections, rounds, messages)
            rows += rows_of(connections, parties)
        for process in processes.values():
            process.end()
        return [*rows, longest_slice(Path(name), messages)]


def measure(processes: dict[str, Process], connections: int, rounds: int, messages: int) -> dict[str, Party]:
    parties = {kind: Party([], [], []) for kind in processes}
    for number in range(rounds + 1):  # the first warms up
        for kind, process in processes.items():
            load = Load(process.port, connections)
            load._number = (CONNECTIONS.index(connections) * 100 + number) * 1_000_000
            slow = kind == "python-hl7" or (kind == "journal" and connections == 1)
            count = messages // 4 if slow else messages
            before = process.used()["cpu_s"]
            per_s, waited_s = load.run(count)
            cpu_us = (process.used()["cpu_s"] - before) / count * 1e6
            load.close()
            if number:
                parties[kind].per_s.append(per_s)
                parties[kind].cpu_us.append(cpu_us)
                parties[kind].p99_ms.append(percentile(waited_s, 0.99) * 1000)
    return parties


def rows_of(connections: int, parties: dict[str, Party]) -> list[Row]:
    cpu = {kind: min(party.cpu_us) for kind, party in parties.items()}  # the best round: others use this machine too
    wall = {kind: max(party.per_s) for kind, party in parties.items()}
    on = f"{connections} connection{'s' * (connections > 1)}"
    waits = "one commit for each message: the disk's pace" if connections == 1 else ""
    late_ms = {kind: min(party.p99_ms) for kind, party in parties.items()}
    return [
        Row("G13", f"server, {on}: in memory against python-hl7", 1e6 / cpu["memory"], 1e6 / cpu["python-hl7"],
            "messages/CPU s", 5.0, "parse and ACK", at_least=True),
        Row("G13", f"server, {on}: in memory against a raw split server", 1e6 / cpu["memory"], 1e6 / cpu["raw"],
            "messages/CPU s", 0.25, "G13", at_least=True),
        Row("G13", f"server, {on}: p99 of the answer in memory against raw", late_ms["memory"], late_ms["raw"],
            "ms", 4.0 if connections == 20 else None, "best round of each"),
        Row("HL7", f"server, {on}: p99 of the answer after its commit", late_ms["journal"], late_ms["python-hl7"],
            "ms", None, "beside python-hl7, which keeps nothing"),
        Row("HL7", f"server, {on}: durable against python-hl7", wall["journal"], wall["python-hl7"],
            "messages/s", None if connections == 1 else 5.0, waits, at_least=True),
        Row("HL7", f"server, {on}: CPU of a durable message", cpu["journal"], cpu["memory"], "us", None, "all threads"),
    ]  # fmt: skip


def longest_slice(folder: Path, messages: int) -> Row:
    process = Process("memory", folder / "watched", watched=True)
    load = Load(process.port, 200)
    load.run(1000)
    process.used()
    load.run(messages)
    load.pipelined(1000)
    longest_ms = process.used()["slice_s"] * 1000
    load.close()
    process.end()
    note = "200 connections, 1000 in one write, one of a mebibyte"
    return Row("HL7", "server: longest that it kept its thread at once", longest_ms, 5.0, "ms", 1.0, note)


def main(kind: str, port_file: str, *watched: str) -> None:
    import structlog

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    slices = Slices()
    if watched:
        slices.watch()
        asyncio.run(child(kind, Path(port_file), slices))
    else:
        uvloop.run(child(kind, Path(port_file), slices))


if __name__ == "__main__":
    main(*sys.argv[1:])
