"""Checks of what a driver makes of its captures, whole, cut anywhere, and of what it sends itself."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping

from pumpd.device import DeviceAlarms, PumpDriver, PumpStatus, Send, StopOrder, Vitals
from pumpd.device.signals import SIGNALS
from pumpd.sim.conformance.captures import Golden, matches
from pumpd.sim.conformance.case import Case, hear
from pumpd.sim.conformance.wire import Wire
from pumpd.units import Ms

TAGS = ("SRC", "GEN")
CHUNKINGS = 25


def golden_frames(case: Case) -> Iterator[str]:
    """Every golden frame gives exactly the facts written beside it."""
    if not case.telling:
        yield "there are no captures that give facts"
    for golden in case.heard:
        heard = case.hear(golden)
        if len(heard) != len(golden.expected):
            yield f"{golden.where}: {len(golden.expected)} facts are expected, it gives {heard}"
            continue
        for fact, expected in zip(heard, golden.expected, strict=True):
            if not matches(fact, expected):
                yield f"{golden.where}: expected {expected}, it gives {fact}"


def provenance(case: Case) -> Iterator[str]:
    """Captures say where they come from, hold a reading, and a value that is none where a monitor is concerned."""
    for golden in case.captures.goldens:
        if golden.tag not in TAGS:
            yield f"{golden.where}: {golden.tag!r} is no provenance; use one of {', '.join(TAGS)}"
    facts = [fact for golden in case.telling for fact in case.hear(golden)]
    wanted = PumpStatus if case.is_pump else Vitals
    if not any(isinstance(fact, wanted) for fact in facts):
        yield f"no golden gives a {wanted.__name__}"
    blank = [r for fact in facts if isinstance(fact, Vitals) for r in fact.readings if r.value_milli is None]
    if not case.is_pump and not blank:
        yield "no golden shows a signal without a value"


def declared(case: Case) -> Iterator[str]:
    """A driver says what it is: sources, units that exist, and no signal that it has not declared."""
    info = case.info
    if not info.sources:
        yield "info.sources is empty: where is this protocol documented?"
    if info.quiet_ms < info.poll_ms:
        yield f"silence after {info.quiet_ms} ms, but one report each {info.poll_ms} ms"
    yield from (f"info.signals: {name!r} is no signal" for name in info.signals if name not in SIGNALS)
    if case.is_pump != (case.model.kind == "pump"):
        yield f"the driver is a {info.kind}, its simulator a {case.model.kind}"
    if info.tells_serial != (case.model.serial is not None):
        yield f"info.tells_serial is {info.tells_serial}, but the simulator's serial number is {case.model.serial}"
    said = {r.signal for g in case.telling for f in case.hear(g) if isinstance(f, Vitals) for r in f.readings}
    yield from (f"{name} is reported, but not in info.signals" for name in sorted(said - {*info.signals}))


def any_chunking(case: Case) -> Iterator[str]:
    """However bytes are cut into chunks, frames and noise give the same facts.

    Of a monitor all goldens make one stream. What a pump's replies mean depends on the questions that leave between
    them, and those on when a reply was whole: there each exchange is a stream of its own.
    """
    source = random.Random(1)
    for options, goldens in _by_options(case):
        for number in range(CHUNKINGS):
            picked = [goldens[number % len(goldens)]] if case.is_pump else source.sample(goldens, len(goldens))
            stream = b"".join(_noise(source, goldens) + golden.data for golden in picked) + _noise(source, goldens)
            cuts = sorted(source.randrange(len(stream) + 1) for _ in range(12))
            chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
            if hear(case.fresh(options), chunks) != hear(case.fresh(options), [stream]):
                yield f"chunks of {[len(chunk) for chunk in chunks]} bytes give other facts than the whole: {stream!r}"


def one_byte_at_a_time(case: Case) -> Iterator[str]:
    """Byte by byte, frames give the same facts as whole."""
    for golden in case.heard:
        single = [golden.data[at : at + 1] for at in range(len(golden.data))]
        if case.hear(golden, *single) != case.hear(golden, golden.data):
            yield f"{golden.where}: single bytes give {case.hear(golden, *single)}"


def sends_what_captures_show(case: Case) -> Iterator[str]:
    """What it sends unasked, and its stop, is what captures show."""
    wire = Wire(case).run(60_000)
    sent = {out.data: at for at, out in reversed(wire.log) if isinstance(out, Send)}
    if case.stops:
        stopping = case.fresh()
        assert isinstance(stopping, PumpDriver)
        outs = stopping.command(StopOrder("s"), Ms(0))
        sent |= {out.data: 0 for out in outs if isinstance(out, Send) and out.urgent}
    known = [golden.pattern for golden in case.captures.goldens if not golden.to_host]
    if sent and not known:
        yield "the captures hold nothing that the host sends"
        return
    shown = re.compile(b"(?:" + b"|".join(known) + b")+" if known else b"(?!)", re.DOTALL)
    yield from (f"at {at} ms it sends {data!r}" for data, at in sent.items() if not shown.fullmatch(data))
    yield from wire.problems


def unknown_alarms(case: Case) -> Iterator[str]:
    """An alarm that the table lacks is passed on as unknown, never dropped; or captures say why there can be none."""
    alarms = [a for g in case.telling for f in case.hear(g) if isinstance(f, DeviceAlarms) for a in f.alarms]
    if case.captures.no_unknown_alarms:
        yield from (f"captures say that there can be no unknown alarm: {a}" for a in alarms if not a.known)
    elif not any(not alarm.known for alarm in alarms):
        yield "no golden shows an alarm that the table lacks (known=False); or say `unknown-alarms: none: REASON`"


def _by_options(case: Case) -> list[tuple[Mapping[str, str], list[Golden]]]:
    groups: dict[tuple[tuple[str, str], ...], list[Golden]] = {}
    for golden in case.heard:
        groups.setdefault(tuple(golden.options.items()), []).append(golden)
    return [(dict(options), goldens) for options, goldens in groups.items()]


def _noise(source: random.Random, goldens: list[Golden]) -> bytes:
    """Random bytes, and bytes that mean something to this protocol."""
    alphabet = b"".join(golden.data for golden in goldens)
    size = source.randrange(12)
    return bytes(source.choice(alphabet) if source.random() < 0.5 else source.randrange(256) for _ in range(size))
