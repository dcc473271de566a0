"""Checks of what a driver makes of broken bytes: nothing that the device did not say."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterable, Iterator

from pumpd.device import Driver, Garbled, Out, PumpStatus, Vitals
from pumpd.device.facts import Integrity
from pumpd.sim.conformance.captures import Golden
from pumpd.sim.conformance.case import Case, believed, hear, integrity_of, numbers, readings
from pumpd.units import Ms

MEGABYTE, CHUNK = 1_000_000, 4096
MOST_KEPT_BYTES = 100_000  # what a driver may have learnt from any number of bytes
MOST_SHOWN_BYTES = 64  # of garbled bytes in one fact
CUTS = 60  # at most so many places of one frame


def flipped_bits(case: Case) -> Iterator[str]:
    """No single flipped bit makes a false reading.

    Where a checksum protects the frame (crc16, sum8) a flipped frame says nothing, or exactly what the true one says.
    Where nothing does (none), a flip inside a number cannot be seen, only a hardware parity bit could; but no flip
    may make a number where the true frame has none, nor a signal that it does not report.
    """
    for golden in case.heard:
        truth = readings(case.hear(golden))
        for bit in range(len(golden.data) * 8):
            flipped = bytearray(golden.data)
            flipped[bit // 8] ^= 1 << bit % 8
            yield from _wrong(case, golden, f"bit {bit} flipped", [bytes(flipped)], truth)


def _wrong(case: Case, golden: Golden, what: str, chunks: Iterable[bytes], truth: list[Out]) -> Iterator[str]:
    """What spoilt bytes said beyond the truth, as far as the protocol's integrity lets a driver notice."""
    heard = readings(case.hear(golden, *chunks))
    if heard == truth or not heard:
        return
    if integrity_of(truth, case.info.integrity) is not Integrity.NONE:
        yield from (f"{golden.where}, {what}: {fact}" for fact in heard if fact not in truth)
    else:
        made = numbers(heard) - numbers(truth)
        if made:
            yield f"{golden.where}, {what}: {sorted(made)} out of no value: {heard}"


def cut_frames(case: Case) -> Iterator[str]:
    """A frame cut short anywhere is no reading, and hides at most one frame after it."""
    for golden in case.telling:
        truth = readings(case.hear(golden))
        step = max(1, len(golden.data) // CUTS)
        for at in range(1, len(golden.data), step):
            for piece, what in ((golden.data[:at], f"cut after {at}"), (golden.data[at:], f"without its first {at}")):
                yield from _recovers(case, golden, what, piece, truth)


def _recovers(case: Case, golden: Golden, what: str, noise: bytes, truth: list[Out]) -> Iterator[str]:
    """After the noise two whole frames: at least the second is heard, and nothing that is not true."""
    heard = readings(case.hear(golden, noise, golden.data, golden.data))
    yield from (f"{golden.where}, {what}: {fact}" for fact in heard if fact not in truth)
    if truth and not any(fact in heard for fact in truth):
        yield f"{golden.where}, {what}: the second whole frame after it is not heard"


def noise_between(case: Case) -> Iterator[str]:
    """Noise before a frame hides at most one frame, and noise after it takes nothing back."""
    source = random.Random(2)
    for golden in case.telling:
        truth = readings(case.hear(golden))
        for _ in range(30):
            noise = _noise(source, golden.data, source.randrange(600))
            if case.checked:
                yield from _recovers(case, golden, f"noise {noise!r}", noise, truth)
            after = readings(case.hear(golden, golden.data, noise))
            if after[: len(truth)] != truth:
                yield f"{golden.where}: noise after the frame took it back: {noise!r}"


def megabyte_of_garbage(case: Case) -> Iterator[str]:
    """A megabyte of garbage leaves nothing behind: memory stays bounded, and the next frames are heard."""
    alphabet = b"".join(golden.data for golden in case.heard)
    for source, what in ((random.Random(3), "random bytes"), (random.Random(4), "bytes of its own frames")):
        driver = case.fresh()
        chunk = source.randbytes(CHUNK) if what == "random bytes" else bytes(source.choices(alphabet, k=CHUNK))
        kept = _kept_after(driver, chunk, MEGABYTE // 2)
        if kept > MOST_KEPT_BYTES:
            yield f"{kept} bytes are kept after half a megabyte of {what}"
        yield from _hears_again(driver, case, what)


def _kept_after(driver: Driver, chunk: bytes, size: int) -> int:
    """Bytes of memory that this much garbage costs for good; what a first piece costs is not counted."""
    driver.receive(chunk * 2, Ms(0))
    tracemalloc.start()
    for _ in range(size // len(chunk)):
        driver.receive(chunk, Ms(0))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept


def _hears_again(driver: Driver, case: Case, what: str) -> Iterator[str]:
    golden = next(golden for golden in case.telling if not golden.options)
    heard = [type(fact) for fact in believed(hear(driver, [golden.data, golden.data]))]
    if not any(type(fact) in heard for fact in case.hear(golden) if isinstance(fact, Vitals | PumpStatus)):
        if any(isinstance(fact, Vitals | PumpStatus) for fact in case.hear(golden)):
            yield f"after {what} the second whole frame is not heard"


def oversize_frames(case: Case) -> Iterator[str]:
    """A frame that does not end is dropped in bounded memory, and the next frames are heard."""
    for golden in case.telling[:6]:
        truth = readings(case.hear(golden))
        places = {1, len(golden.data) // 2, len(golden.data) - 1}
        for at in places:
            for filler in (b"0", b"A", golden.data[at : at + 1]):
                long = golden.data[:at] + filler * 70_000 + golden.data[at:]
                yield from _recovers(case, golden, f"70 000 x {filler!r} after {at}", long, truth)


def garbage_is_counted(case: Case) -> Iterator[str]:
    """Garbled bytes are told, carried only in part, and counted no more than once."""
    for golden in case.telling[:6]:
        noise = b"\x11" * 5000
        told = [fact for fact in case.hear(golden, noise, golden.data, golden.data) if isinstance(fact, Garbled)]
        counted = sum(fact.length for fact in told)
        if not 5000 <= counted <= 5000 + len(golden.data):
            yield f"{golden.where}: of 5000 bytes of noise {counted} are told"
        yield from (f"{golden.where}: {len(f.data)} garbled bytes are carried" for f in told if len(f.data) > 64)


def _noise(source: random.Random, alphabet: bytes, size: int) -> bytes:
    """Random bytes, and bytes that mean something to this protocol."""
    return bytes(source.choice(alphabet) if source.random() < 0.5 else source.randrange(256) for _ in range(size))
