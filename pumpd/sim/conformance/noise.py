"""Checks of what a driver makes of broken bytes: nothing that the device did not say."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from pumpd.device import Driver, Garbled, Out, PumpStatus, Vitals
from pumpd.device.facts import Integrity
from pumpd.sim.conformance.captures import Golden
from pumpd.sim.conformance.case import Case, believed, claims, hear, integrity_of, numbers, readings
from pumpd.sim.conformance.memory import size_of
from pumpd.units import Ms

MEGABYTE, CHUNK = 1_000_000, 4096
LONG = 20_000
MOST_KEPT_BYTES = 100_000  # what a driver may have learnt from any number of bytes
MOST_SHOWN_BYTES = 64  # of garbled bytes in one fact
HEX_DIGITS = b"0123456789ABCDEFabcdef"
CUTS = 60  # at most so many places of one frame


def flipped_bits(case: Case) -> Iterator[str]:
    """No single flipped bit makes a false reading.

    Where a checksum protects the frame (crc16, sum8) a flipped frame says nothing, or nothing but what is true.
    Where nothing does (none), a flip within digits, within a field of flags or in binary numbers cannot be seen; only
    a parity bit of the line could. There a flip of any other byte of text must never make a number where the true
    frame has none: not out of dashes or a blank, and not of a signal that the frame does not report.
    """
    for golden in case.heard:
        truth = readings(case.hear(golden))
        checked = integrity_of(truth, case.info.integrity) is not Integrity.NONE
        fixed = _text_without_digits(golden.data)
        for bit in range(len(golden.data) * 8):
            flipped = bytearray(golden.data)
            flipped[bit // 8] ^= 1 << bit % 8
            if checked:
                wrong = claims(case.hear(golden, bytes(flipped))) - claims(truth)
            elif bit // 8 in fixed:
                wrong = {(name,) for name in numbers(case.hear(golden, bytes(flipped))) - numbers(truth)}
            else:
                continue
            if wrong:
                yield f"{golden.where}, bit {bit} flipped: {_few(wrong)} out of {bytes(flipped)!r}"


def _text_without_digits(data: bytes) -> set[int]:
    """Places of printable bytes in runs of text, but digits, of which a flip may make another digit."""
    runs = re.finditer(rb"[ -~]{8,}", data)
    return {at for run in runs for at in range(*run.span()) if data[at] not in HEX_DIGITS}


def _few(claims: set[tuple[object, ...]]) -> str:
    return ", ".join(sorted(map(str, claims))[:4])


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
    wrong = claims(heard) - claims(truth)
    if wrong:
        yield f"{golden.where}, {what}: {_few(wrong)}"
    if truth and not any(fact in heard for fact in truth):
        yield f"{golden.where}, {what}: the second whole frame after it is not heard"


def noise_between(case: Case) -> Iterator[str]:
    """Noise before a frame hides at most one frame, and noise after it takes nothing back.

    The noise is half random, half of the protocol's own bytes; where no checksum protects the frame it is random.
    """
    source = random.Random(2)
    for golden in case.telling:
        truth = readings(case.hear(golden))
        checked = integrity_of(truth, case.info.integrity) is not Integrity.NONE
        for _ in range(30):
            size = source.randrange(600)
            noise = _noise(source, golden.data, size) if checked else source.randbytes(size)
            if checked or _text_without_digits(golden.data):
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
    """Bytes that the driver keeps of this much garbage; what it learns from the first of it is not counted."""
    driver.receive(chunk * 2, Ms(0))
    before = size_of(driver)
    for _ in range(size // len(chunk)):
        driver.receive(chunk, Ms(0))
    return size_of(driver) - before


def _hears_again(driver: Driver, case: Case, what: str) -> Iterator[str]:
    """A golden with a reading, twice: at least the second is heard."""
    told = (golden for golden in case.telling if not golden.options and _reads(case.hear(golden)))
    golden = next(told, None)
    if golden is not None and not _reads(hear(driver, [golden.data, golden.data])):
        yield f"after {what} the second whole frame is not heard"


def _reads(outs: list[Out]) -> bool:
    return any(isinstance(out, Vitals | PumpStatus) for out in outs)


def oversize_frames(case: Case) -> Iterator[str]:
    """A frame that does not end is dropped in bounded memory, and the next frames are heard."""
    for golden in case.telling[:3]:
        truth = readings(case.hear(golden))
        places = {1, len(golden.data) // 2, len(golden.data) - 1}
        for at in places:
            for filler in (b"0", b"A", golden.data[at : at + 1]):
                long = golden.data[:at] + filler * LONG + golden.data[at:]
                yield from _recovers(case, golden, f"{LONG} x {filler!r} after {at}", long, truth)
    for filler in (b"0", b"A", b"\x00"):
        driver = case.fresh(golden.options)
        driver.receive(golden.data[:-1], Ms(0))
        kept = _kept_after(driver, filler * CHUNK, 20 * LONG)
        if kept > MOST_KEPT_BYTES:
            yield f"{kept} bytes are kept of a frame with {20 * LONG} x {filler!r} in it"


def garbage_is_counted(case: Case) -> Iterator[str]:
    """Garbled bytes are told, carried only in part, and counted once."""
    for golden in case.telling[:6]:
        if believed(case.hear(golden)) != case.hear(golden):
            continue  # garbled itself
        noise = b"\x16" * 5000  # SYN: of no use in any of these protocols (DC1 and DC3 pause some)
        told = [fact for fact in case.hear(golden, noise, golden.data, golden.data) if isinstance(fact, Garbled)]
        counted = sum(fact.length for fact in told)
        if not 5000 <= counted <= 5000 + len(golden.data):
            yield f"{golden.where}: of 5000 bytes of noise {counted} are told"
        yield from (
            f"{golden.where}: {len(f.data)} garbled bytes are carried" for f in told if len(f.data) > MOST_SHOWN_BYTES
        )


def _noise(source: random.Random, alphabet: bytes, size: int) -> bytes:
    """Random bytes, and bytes that mean something to this protocol."""
    return bytes(source.choice(alphabet) if source.random() < 0.5 else source.randrange(256) for _ in range(size))
