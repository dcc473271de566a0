"""How each part grows from one bed to a thousand, beside its limit in the same round.

Kernel, parser, encoding, journal, MQTT, HL7 and the hub here; the whole daemon in growth_ward.

Beds take turns, as on a ward: what a second bed costs beyond its own work is what it pushes out of the caches.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import orjson

from pumpd.access.roles import Identity
from pumpd.device import Driver
from pumpd.device.facts import Control, ControlState
from pumpd.loop import run_loop
from pumpd.safety import kernel
from pumpd.safety.events import Event, Heard, LinkChanged, LinkState, PatientBound
from pumpd.units import Ms
from tests.api.ward import MemoryWard
from tests.bench import hospital, journal
from tests.bench.bare_parsers import bare_pump
from tests.bench.hl7_server import Load, Process
from tests.bench.journal_given import SAMPLES_PER_STEP
from tests.bench.mqtt import broker, measure
from tests.bench.parser import KERNEL_LIMIT_US, pump_frames, started, status, typical_bed, vitals
from tests.bench.report import Found, NotRun, Row, median_of_rounds
from tests.bus.brokers import MOSQUITTO
from tests.e2e.bench_views import calm_bed

COUNTS = (1, 10, 100, 1000)
MOST_SENDERS = 200  # the listener takes 256 connections
HOSPITALS = ((1, 1), (1, 10), (4, 25), (40, 25))
TURNS = 2000
"""Steps, frames or encodings of one round, at least one for each bed."""


def thread_us(work: Callable[[], object]) -> float:
    """Of this thread's CPU."""
    began = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - began) / 1000


def _row(what: str, beds: int, ours: float, limit: float, unit: str, note: str) -> Row:
    return Row("growth", what, ours, limit, unit, None, note, beds=beds)


# --- kernel and parser ---------------------------------------------------------------------------------------


def kernel_us(beds: int) -> float:
    """Of one step when every bed has one before the first has its next."""
    bed = typical_bed().beds[0]
    pump, monitor, policy = bed.devices[0].id, bed.devices[1].id, bed.policy
    assert bed.patient is not None
    begin: tuple[Event, ...] = (
        PatientBound(bed.patient, by="bench"),
        LinkChanged(pump, LinkState.UP),
        LinkChanged(monitor, LinkState.UP),
        Heard(pump, Control(ControlState.GRANTED)),
    )
    states = [kernel.initial_state(policy) for _ in range(beds)]
    for event in begin:
        states = [kernel.step(state, event, 1000, policy)[0] for state in states]
    spent_us, steps = 0.0, 0
    for second in range(max(3, TURNS // (2 * beds))):
        at = 1000 * (second + 1)
        for now, event in ((at + 300, Heard(monitor, vitals(second))), (at + 700, Heard(pump, status(second, at)))):

            def turn(now: int = now, event: Heard = event) -> None:
                for index, state in enumerate(states):
                    states[index] = kernel.step(state, event, now, policy)[0]

            took_us = thread_us(turn)
            spent_us, steps = (spent_us + took_us, steps + beds) if second else (0.0, 0)
    return spent_us / steps


def parser_us(beds: int) -> tuple[float, float]:
    """Of one pump's status: every driver hears one before the first hears its next; the bare parser as many."""
    ready: list[Driver] = [started("alaris_asena") for _ in range(beds)]
    frames, now = pump_frames(), [Ms(at) for at in range(TURNS)]
    turns = max(3, TURNS // beds)
    ours = thread_us(lambda: [one.receive(frames[at], now[at]) for at in range(turns) for one in ready])
    chunks = [[frames[at]] for at in range(turns) for _ in ready]
    limit = thread_us(lambda: [bare_pump(chunk, lambda _: None) for chunk in chunks])
    return ours / (turns * beds), limit / (turns * beds)


# --- encoding ------------------------------------------------------------------------------------------------


def encoding_us(beds: int, rounds: int = 5) -> tuple[float, float]:
    """Of one bed when all of them changed: the hub's tick and a delta of it; orjson of the snapshot, by the bed."""
    ward = MemoryWard(beds=beds)
    for number, bed in enumerate(ward.views):
        ward.views[bed] = replace(calm_bed(number + 1), id=bed)
        ward.hub.mark(bed)
    ward.hub.tick()
    whole = msgspec.json.decode(ward.hub.ward_json(Identity.FULL))
    ours, limit = [], []
    for number in range(rounds):
        for bed in ward.views:
            ward.breathe(bed, 10 + number % 2)
        before = ward.hub.seq
        ours.append(thread_us(lambda: (ward.hub.tick(), ward.hub.delta(before, Identity.FULL))))  # noqa: B023
        limit.append(thread_us(lambda: orjson.dumps(whole)))
    return median_of_rounds(ours) / beds, median_of_rounds(limit) / beds


# --- journal, MQTT, HL7 --------------------------------------------------------------------------------------


def journal_us(beds: int, seconds: int) -> tuple[float, float]:
    """CPU of one sample, a commit of all beds each second; executemany of the same, packed by hand."""
    with tempfile.TemporaryDirectory(prefix="pumpd-bench-") as name:
        parties, _ = run_loop(journal._batches(Path(name), beds, seconds))
    samples = beds * seconds * SAMPLES_PER_STEP
    return parties.journal.cpu_s * 1e6 / samples, parties.by_hand.cpu_s * 1e6 / samples


def mqtt_rows(counts: Sequence[int], seconds: float) -> list[Found]:
    """A frame of each bed each second, QoS 0."""
    if MOSQUITTO is None:
        return [NotRun("growth", "MQTT: CPU of a frame published", "mosquitto is not installed")]
    rows: list[Found] = []
    with broker() as port:
        for beds in counts:
            ours, limit = (measure(role, port, beds, seconds, qos=0)["cpu_us"] for role in ("say_ours", "say_raw"))
            note = "QoS 0; the idle loop is in it; limit: bare packets"
            rows.append(_row("MQTT: CPU of a frame published", beds, ours, limit, "us", note))
    return rows


def hl7_rows(counts: Sequence[int], messages: int) -> list[Row]:
    """A sender for each bed, as many as the listener takes, each with one message in flight."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="pumpd-bench-") as name:
        servers = {kind: Process(kind, Path(name) / kind) for kind in ("memory", "raw")}
        for number, beds in enumerate(counts):
            senders = min(beds, MOST_SENDERS)
            cpu_us = {kind: _hl7_us(one, senders, max(messages, 2 * senders), number) for kind, one in servers.items()}
            note = f"a sender a bed, {MOST_SENDERS} at most; answered from memory; limit: a raw split server"
            rows.append(_row("HL7: CPU of a message", beds, cpu_us["memory"], cpu_us["raw"], "us", note))
        for one in servers.values():
            one.end()
    return rows


def _hl7_us(server: Any, senders: int, messages: int, number: int) -> float:
    load = Load(server.port, senders)
    load._number = number * 1_000_000  # control ids never repeat
    before = server.used()["cpu_s"]
    load.run(messages)
    used = float(server.used()["cpu_s"] - before)
    load.close()
    return used / messages * 1e6


# --- all -----------------------------------------------------------------------------------------------------


def _of(beds: int, seconds: int) -> list[Row]:
    ours, bare = parser_us(beds)
    encoded, whole = encoding_us(beds)
    kept, by_hand = journal_us(beds, seconds)
    print(f"  {beds} beds: parser {ours:.1f}, encoding {encoded:.1f}, journal {kept:.2f} us", flush=True)
    return [
        _row("kernel: one step, beds in turn", beds, kernel_us(beds), KERNEL_LIMIT_US, "us", "limit: the aim"),
        _row("parser: one pump status, drivers in turn", beds, ours, bare, "us", "limit: split and checksum"),
        _row(
            "fan-out: a changed bed encoded, all changed", beds, encoded, whole, "us", "limit: orjson of the snapshot"
        ),
        _row("journal: CPU of a sample, a commit a second", beds, kept, by_hand, "us", "limit: executemany, by hand"),
    ]


def run(counts: tuple[int, ...] = COUNTS, hospitals: Sequence[tuple[int, int]] = HOSPITALS) -> Iterator[Found]:
    """The rows of each number of beds; fewer than four: a check of the bench itself."""
    quick = len(counts) < len(COUNTS)
    for beds in counts:
        yield from _of(beds, 5 if quick else 20)
    yield from mqtt_rows(counts, 1.0 if quick else 3.0)
    yield from hl7_rows(counts, 500 if quick else 2000)
    if MOSQUITTO is not None:
        yield from hospital.grown(hospitals, 3 if quick else 8)
