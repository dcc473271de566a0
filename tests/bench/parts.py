"""The parts of the bench by name, and how they are chosen."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.bench import (
    alarm_latency,
    device_lost,
    disturbed,
    fanout,
    frames,
    growth,
    growth_ward,
    hl7_node,
    hl7_reader,
    hl7_server,
    hl7_ward,
    hospital,
    ingest,
    journal,
    journal_server,
    lateness,
    links,
    mixed,
    mqtt,
    node_red_peer,
    parser,
    pk,
    soak,
    stop_path,
)
from tests.bench.goals import GOALS
from tests.bench.report import Found


@dataclass(frozen=True)
class Asked:
    """quick: a check of the bench itself. minutes: of soak. peers: other products may be installed."""

    quick: bool = False
    minutes: float = 10.0
    peers: bool = False


@dataclass(frozen=True)
class Part:
    """by_name: it runs only when it is named."""

    name: str
    area: str
    run: Callable[[Asked], Iterable[Found]]
    by_name: bool = False


SERIAL, KERNEL, PARSER, FAN, HL7 = "Serial path", "Kernel", "Parser", "Fan-out", "HL7"
JOURNAL, MQTT, DAEMON, GROWTH = "Journal", "MQTT and hub", "Whole daemon", "From 1 to 1,000 beds"

FEW = (1, 10, 100)  # beds

PARTS: tuple[Part, ...] = (
    Part("stop_path", SERIAL, lambda a: stop_path.run(stop_path.QUICK if a.quick else stop_path.FULL)),
    Part("disturbed", SERIAL, lambda a: disturbed.run(disturbed.QUICK if a.quick else disturbed.FULL)),
    Part(
        "node_red",
        SERIAL,
        lambda a: node_red_peer.run(node_red_peer.QUICK if a.quick else node_red_peer.FULL, install=a.peers),
    ),
    Part("links", SERIAL, lambda a: links.run(2, 2.0) if a.quick else links.run()),
    Part("ingest", SERIAL, lambda a: ingest.run(2, 3.0) if a.quick else ingest.run()),
    Part("parser", PARSER, lambda a: parser.run(3 if a.quick else 7) + frames.run(3 if a.quick else 7)),
    Part("kernel", KERNEL, lambda a: parser.run_kernel(2 if a.quick else 5)),
    Part("pk", KERNEL, lambda a: pk.run(3 if a.quick else 9)),
    Part("fanout", FAN, lambda a: fanout.run(fanout.QUICK if a.quick else fanout.FULL)),
    Part("hl7_reader", HL7, lambda a: hl7_reader.run(2 if a.quick else 7)),
    Part("hl7_server", HL7, lambda a: hl7_server.run(2, 1000) if a.quick else hl7_server.run()),
    Part(
        "hl7_node", HL7, lambda a: hl7_node.run(1, 100, install=a.peers) if a.quick else hl7_node.run(install=a.peers)
    ),
    Part("hl7_ward", HL7, lambda a: hl7_ward.run(200) if a.quick else hl7_ward.run()),
    Part("journal", JOURNAL, lambda a: journal.measure(100, 60, 10) if a.quick else journal.measure(100, 60, 40)),
    Part("journal_server", JOURNAL, lambda a: journal_server.measure(5, 5) if a.quick else journal_server.measure()),
    Part("mqtt", MQTT, lambda a: mqtt.run(2, 2.0) if a.quick else mqtt.run()),
    Part("hospital", MQTT, lambda a: hospital.run(30, 10, 5) if a.quick else hospital.run()),
    Part("growth", GROWTH, lambda a: growth.run(FEW, growth.HOSPITALS[:3]) if a.quick else growth.run()),
    Part("growth_daemon", GROWTH, lambda a: growth_ward.run(FEW, 4.0) if a.quick else growth_ward.run(growth.COUNTS)),
    Part("lateness", DAEMON, lambda a: lateness.run(1, 8.0) if a.quick else lateness.run()),
    Part("device_lost", DAEMON, lambda a: device_lost.run(10, 2) if a.quick else device_lost.run()),
    Part("alarm_latency", DAEMON, lambda a: alarm_latency.run(gap_s=0.05) if a.quick else alarm_latency.run()),
    Part("mixed", DAEMON, lambda a: mixed.run(1, 8.0) if a.quick else mixed.run()),
    Part("soak", DAEMON, lambda a: soak.run(a.minutes), by_name=True),
)


class UnknownPart(ValueError):
    """Says what there is."""


def chosen(names: Sequence[str], parts: Sequence[Part] = PARTS) -> list[Part]:
    """The parts of these names or goals, each once, in the bench's own order; without names all but those by name."""
    if not names:
        return [part for part in parts if not part.by_name]
    wanted = {part for name in names for part in _named(name, parts)}
    return [part for part in parts if part.name in wanted]


def _named(name: str, parts: Sequence[Part]) -> tuple[str, ...]:
    known = {part.name: (part.name,) for part in parts} | {goal.id.lower(): goal.parts for goal in GOALS}
    low = name.lower()
    if low in known:
        return known[low]
    close = difflib.get_close_matches(low, known, 1)
    meant = f" Did you mean {close[0]}?" if close else ""
    there = ", ".join(part.name for part in parts)
    raise UnknownPart(f"no part of the bench is called {name!r}.{meant} Parts: {there}. Or a goal: g1 to g15.")
