"""HL7 at the whole daemon: how fast a stream of ADT is done at the beds, and how long one message keeps the loop.

The daemon runs in a process of its own, with twenty beds whose pump and monitor stand behind an HL7 gateway: journal,
kernels, web face, everything but lines. `python -m tests.bench.hl7_ward watched|fast PORT_FILE` is that process.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import structlog
import uvloop
from pumpd_hl7.gateway import Hl7Gateway
from pumpd_hl7.times import time_text

from pumpd.config.load import load_ward
from pumpd.config.model import WardConfig
from pumpd.daemon import Daemon
from pumpd.daemon.watch import SETTLED_S
from tests.bench.daemon import ward_toml
from tests.bench.hl7_server import FIXTURE, Process, Slices, tell_use
from tests.bench.report import Row

BEDS, PEER = 20, "GATEWAY"
LIMIT_MS, MEBIBYTE = 5.0, (1 << 20) - 200
_numbers = count(1)


# --- the daemon ----------------------------------------------------------------------------------------------


def ward(folder: Path) -> WardConfig:
    head = ward_toml(folder, 0, 0)
    peer = (
        f'[hl7]\napplication = "PUMPD"\n[hl7.listen]\nport = 0\n[[hl7.peer]]\nid = "gateway"\napplication = "{PEER}"\n'
    )
    (folder / "ward.toml").write_text(head + peer + "".join(map(_bed, range(BEDS))), encoding="utf-8")
    config = load_ward(folder / "ward.toml")
    assert isinstance(config, WardConfig), config
    return config


def _bed(number: int) -> str:
    return f"""
[[bed]]
id = "h{number}"
label = "Bed {number}"
[[bed.pump]]
id = "h{number}-p"
link = "hl7:P{number:04d}"
drug = "ketamine"
concentration = "1 mg/mL"
enforcement = "alarm"
[[bed.monitor]]
id = "h{number}-m"
link = "hl7:MON{number}"
"""


async def child(port_file: Path, slices: Slices) -> None:
    """Garbage is collected as in every daemon: it is heard of once what the start leaves behind has been put away."""
    daemon = Daemon(ward(port_file.parent))
    await daemon.start()
    await asyncio.sleep(SETTLED_S + 0.5)
    run = daemon.gateway
    while run is None or not isinstance(run.gateway, Hl7Gateway) or run.gateway.port is None:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    port_file.with_suffix(".new").write_text(str(run.gateway.port))
    port_file.with_suffix(".new").rename(port_file)
    await asyncio.get_running_loop().run_in_executor(None, tell_use, slices)
    await daemon.stop()


def main(kind: str, port_file: str, *_: str) -> None:
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    slices = Slices()
    if kind == "watched":
        slices.watch()
        asyncio.run(child(Path(port_file), slices))
    else:
        uvloop.run(child(Path(port_file), slices))


# --- messages ------------------------------------------------------------------------------------------------


def _head(kind: str) -> str:
    return f"MSH|^~\\&|{PEER}|HOSP|PUMPD|HOSP|{time_text(time.time_ns() // 1000)}||{kind}|{next(_numbers)}|P|2.6\r"


def adt(trigger: str, number: int, place: int, *more: str) -> bytes:
    """Of patient `number`, whose given name is another one in each message: one step at the bed at least."""
    name = f"Bench^Given{next(_numbers)}^^^^^L"
    rows = (f"PID|||B{number}^^^HOSP^MR||{name}||19700101|F", f"PV1||I|h{place}", *more)
    return (_head(f"ADT^{trigger}^ADT_A01") + "".join(f"{row}\r" for row in rows)).encode()


def oru(number: int, *more: str) -> bytes:
    """The report of the pump at that bed as of now, and further rows."""
    return f"{_head('ORU^R01^ORU_R01')}{_person(number)}{_report(number)}{''.join(more)}".encode()


def _person(number: int) -> str:
    return f"PID|||B{number}^^^HOSP^MR||Bench^Bed^^^^^L||19700101|F\r"


def _report(number: int) -> str:
    _, mark, rows = FIXTURE.read_text(encoding="utf-8").replace("\n", "\r").partition("OBR|")
    now = time_text(time.time_ns() // 1000)
    return (mark + rows).replace("20260115101530+0000", now).replace("P0001", f"P{number:04d}")


def _filled(make: Callable[[list[str]], bytes], row: Callable[[int], str]) -> bytes:
    """With as many rows as a mebibyte holds."""
    rows = [row(number) for number in range((MEBIBYTE - len(make([]))) // len(row(99_999)))]
    return make(rows)


def long_oru() -> bytes:
    """Some ten thousand observations, no two alike."""

    def row(at: int) -> str:
        path, code = f"1.{at // 60 + 2}.1.{at % 60 + 1}", f"{150456 + at % 40}^MDC_X{at}^MDC"
        return f"OBX|{20 + at}|NM|{code}|{path}|{at % 100}.5|262688^MDC_DIM_PERCENT^MDC|||||R|||20260115101530+0000\r"

    return _filled(lambda rows: oru(1, *rows), row)


def many_reports() -> bytes:
    """Some five hundred reports of the pumps of all beds, each newer than the one before."""
    return _filled(lambda rows: oru(1, *rows), lambda number: _person(number % BEDS) + _report(number % BEDS))


def huge_fields() -> bytes:
    """Names and identifiers of many repetitions, an address and a note of a quarter of a mebibyte each."""
    quarter = MEBIBYTE // 4 - 100
    marks, name = "A\\T\\B\\X41\\&C^" * (quarter // 15), "~".join(["Bench^Bed^^^^^A"] * (quarter // 16))
    again = "~".join(f"I{number:05d}^^^HOSP^XX" for number in range(quarter // 18))
    pid = f"PID|||{again}~B2^^^HOSP^MR||{name}~Bench^Given{next(_numbers)}^^^^^L||19700101|F|||{marks}"
    return (_head("ADT^A08^ADT_A01") + f"{pid}\rPV1||I|h2\rNTE|1||{'x' * quarter}\r").encode()


def many_rows() -> bytes:
    """Some twenty thousand short segments."""
    return _filled(
        lambda rows: adt("A08", 3, 3, "NTE|1||rows") + "".join(rows).encode(),
        lambda number: f"OBX|{number}|NM|29463-7^Body weight^LN||72.5|kg\r",
    )


# --- the load ------------------------------------------------------------------------------------------------


class Talk:
    """Connections that each have one message in flight."""

    def __init__(self, port: int, connections: int) -> None:
        self._sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]

    def run(self, messages: Iterator[bytes], sent: int) -> float:
        """Messages in a second."""
        began, told = time.perf_counter(), 0
        while told < sent:
            for sock in self._sockets:
                sock.sendall(b"\x0b" + next(messages) + b"\x1c\r")
            for sock in self._sockets:
                self._heard(sock)
            told += len(self._sockets)
        return told / (time.perf_counter() - began)

    def _heard(self, sock: socket.socket) -> None:
        data = b""
        while not data.endswith(b"\x1c\r"):
            more = sock.recv(65536)
            assert more, "closed without an answer"
            data += more
        assert b"MSA|AA" in data, data

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()


def renamed() -> Iterator[bytes]:
    for number in count():
        yield adt("A08", number % BEDS, number % BEDS)


def reports() -> Iterator[bytes]:
    for number in count():
        yield oru(number % BEDS)


def once(make: Callable[[], bytes]) -> Iterator[bytes]:
    while True:
        yield make()


# --- rows ----------------------------------------------------------------------------------------------------


def run(messages: int = 600) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="pumpd-bench-") as name:
        return [*_streams(Path(name), messages), *_slices(Path(name), messages)]


def _streams(folder: Path, messages: int) -> list[Row]:
    """Twenty patients are renamed over and over: a step, and so a commit, for each message."""
    process = Process("fast", folder / "fast", module="tests.bench.hl7_ward")
    other = Process("python-hl7", folder / "python-hl7")
    first = Talk(process.port, 1)
    first.run((adt("A01", number, number) for number in range(BEDS)), BEDS)
    rows = []
    for connections in (1, 20):
        talk = Talk(process.port, connections)
        talk.run(renamed(), messages // 4)
        theirs = Talk(other.port, connections)
        ours_per_s, theirs_per_s = (max(one.run(renamed(), messages) for _ in range(3)) for one in (talk, theirs))
        what = f"daemon, ADT of one peer, {connections} in flight: each done at its bed and durable, in order"
        note = "against python-hl7, which only answers"
        rows.append(Row("HL7", what, ours_per_s, theirs_per_s, "messages/s", None, note, at_least=True))
        talk.close()
        theirs.close()
    process.end()
    other.end()
    return rows


def _slices(folder: Path, messages: int) -> list[Row]:
    """The longest that one callback of the loop took, on a loop that can be watched."""
    process = Process("watched", folder / "watched", module="tests.bench.hl7_ward")
    one, many = Talk(process.port, 1), Talk(process.port, 200)
    one.run((adt("A01", number, number) for number in range(BEDS)), BEDS)
    cases: tuple[tuple[str, Callable[[], object]], ...] = (
        ("200 connections, reports of pumps", lambda: many.run(reports(), messages * 3)),
        ("an ORU of a mebibyte in ten thousand rows", lambda: one.run(once(long_oru), 3)),
        ("an ORU of a mebibyte with five hundred reports", lambda: one.run(once(many_reports), 3)),
        ("an ADT of a mebibyte in four fields", lambda: one.run(once(huge_fields), 3)),
        ("an ADT of a mebibyte in twenty thousand rows", lambda: one.run(once(many_rows), 3)),
    )
    rows = []
    for what, load in cases:
        load()
        process.used()
        load()
        longest_ms = process.used()["slice_s"] * 1000
        note = "processor time of one callback of the loop"
        rows.append(Row("HL7", f"daemon, longest slice: {what}", longest_ms, LIMIT_MS, "ms", 1.0, note))
    one.close()
    many.close()
    process.end()
    return rows


if __name__ == "__main__":
    main(*sys.argv[1:])
