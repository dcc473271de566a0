"""Our HL7 listener beside node-hl7-server: the same messages, a connection for each of them, one at a time.

A connection for each, because node-hl7-server answers the first message of a connection again and again. Ours keeps in
memory what it was given (that the journal comes first is measured in hl7_server).
"""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.fanout import cpu_s
from tests.bench.hl7_server import FIXTURE, SLOT, Process
from tests.bench.node_peers import HL7, node_with, plain_environment
from tests.bench.report import Found, NotRun, Row, percentile

WHAT = "HL7 listener, a connection for each message"


class Anew:
    """One message after the other, each over a connection of its own; control ids never repeat."""

    def __init__(self, port: int) -> None:
        self._port, self._number = port, 0
        self._head, self._tail = FIXTURE.read_bytes().replace(b"\n", b"\r").split(SLOT, 1)

    def run(self, messages: int) -> tuple[float, list[float]]:
        """Messages in a second, and the seconds each took."""
        began, took_s = time.perf_counter(), []
        for _ in range(messages):
            at = time.perf_counter()
            self._one()
            took_s.append(time.perf_counter() - at)
        return messages / (time.perf_counter() - began), took_s

    def _one(self) -> None:
        self._number += 1
        with socket.create_connection(("127.0.0.1", self._port), timeout=20) as line:
            line.sendall(b"\x0b" + self._head + b"%d" % self._number + self._tail + b"\x1c\r")
            heard = b""
            while not heard.endswith(b"\x1c\r"):
                piece = line.recv(4096)
                assert piece, "closed without an answer"
                heard += piece
        assert b"|AA|" in heard or b"|CA|" in heard, heard


@contextmanager
def node_server(node: str) -> Iterator[tuple[int, int]]:
    """Its process id and its port."""
    command = [node, "peer.cjs", "node-hl7-server", "listen"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=HL7, stdout=pipe, stderr=subprocess.DEVNULL, env=plain_environment()) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        threading.Thread(target=process.stdout.read, daemon=True).start()  # it says each message that it has answered
        yield process.pid, port
        process.kill()


def run(rounds: int = 3, messages: int = 500, *, install: bool = False) -> list[Found]:
    node, why = node_with(HL7, install=install)
    if not node:
        return [NotRun("peer", f"{WHAT}, beside node-hl7-server", why)]
    best: dict[str, list[tuple[float, float, float]]] = {"ours": [], "theirs": []}
    with tempfile.TemporaryDirectory(prefix="pumpd-bench-") as name, node_server(node) as (pid, port):
        ours = Process("memory", Path(name) / "memory")
        loads = {"ours": (Anew(ours.port), ours.pid), "theirs": (Anew(port), pid)}
        for _ in range(rounds + 1):  # the first warms up
            for kind, (load, who) in loads.items():
                used_s = cpu_s(who)
                per_s, took_s = load.run(messages)
                best[kind].append((per_s, (cpu_s(who) - used_s) / messages * 1e6, percentile(took_s, 0.99) * 1000))
        ours.end()
    return _rows(best, messages)


def _rows(found: dict[str, list[tuple[float, float, float]]], messages: int) -> list[Found]:
    """Of each the best round: others use this machine too."""
    ours, theirs = ([*zip(*found[kind][1:], strict=True)] for kind in ("ours", "theirs"))
    note = f"{messages} messages a round; limit: node-hl7-server"
    return [
        Row("peer", f"{WHAT}: rate", max(ours[0]), max(theirs[0]), "messages/s", None, note, at_least=True),
        Row("peer", f"{WHAT}: CPU of a message", min(ours[1]), min(theirs[1]), "us", None, note),
        Row("peer", f"{WHAT}: p99 of the answer", min(ours[2]), min(theirs[2]), "ms", None, note),
    ]
