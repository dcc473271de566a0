"""Broken bytes by the million: goldens flipped, cut, spliced and drowned, at any time, between any orders.

A driver may never raise, never grow, never say more than it heard, and where a checksum protects its frames never claim
what no golden claims. A checksum of n bits lets one of 2^n arbitrarily damaged frames pass; so damage that it must
notice (one flipped bit under a sum, a burst within 16 bits under a CRC) is counted apart from any damage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from pumpd.device import Driver, Garbled, Out, PumpDriver, Send
from pumpd.device.contract import DeviceSettings
from pumpd.device.facts import Integrity
from pumpd.device.orders import PumpOrder, ReadStatus, ReleaseControl, SetRateOrder, StopOrder
from pumpd.sim.conformance.captures import Golden
from pumpd.sim.conformance.case import Case, claims, facts, integrity_of
from pumpd.sim.conformance.memory import size_of
from pumpd.units import Ms

Claim = tuple[object, ...]
STEPS = 24
CLEAN_RUNS, CLEAN_PAIRS = 250, 900
MOST_KEPT_BYTES = 100_000
MOST_SENT = 12  # frames in one answer
PASSES = {Integrity.CRC16: 65_536, Integrity.SUM8: 256}
"""Of so many arbitrarily damaged frames a checksum lets one pass."""


@dataclass
class Tally:
    """What a number of runs came to, by kind of damage: True where the checksum must notice it."""

    runs: int = 0
    frames: int = 0
    damaged: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    false: dict[bool, list[str]] = field(default_factory=lambda: {True: [], False: []})

    def too_many(self, integrity: Integrity) -> list[str]:
        """False claims beyond what chance lets pass: damage that must be noticed may only join two frames by chance."""
        if integrity not in PASSES:
            return []
        certain = len(self.false[True]) > self.damaged[True] // PASSES[integrity]
        chance = len(self.false[False]) > 4 + 4 * self.damaged[False] // PASSES[integrity]
        return [*(self.false[True] if certain else []), *(self.false[False] if chance else [])]


class Fuzz:
    """All runs of one driver. Raises what the driver raises, and AssertionError where it grows or says too much."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.tally = Tally()
        self._groups = [(goldens, self._allowed(goldens)) for goldens in _groups(case)]

    def run(self, random: Random) -> None:
        """One connection: STEPS things that happen on it."""
        goldens, allowed = self._groups[random.randrange(len(self._groups))]
        self.tally.runs += 1
        certain = random.random() < 0.5
        session = self._session(goldens, 0.6, certain, random)
        for claim, integrity in session.claimed.items():
            if integrity is not Integrity.NONE and claim not in allowed:
                self.tally.false[certain].append(f"{claim} out of {session.fed!r}")

    def _allowed(self, goldens: list[Golden]) -> set[Claim]:
        """What whole frames claim: each alone, after each other one (a block may need its last), and in any order."""
        pairs = [(one, other) for one in goldens for other in goldens]
        picked = Random(1).sample(pairs, min(len(pairs), CLEAN_PAIRS))
        heard = [self.case.hear(one, *one.parts, *other.parts) for one, other in picked] + [
            self.case.hear(golden) for golden in goldens
        ]
        runs = [self._session(goldens, 0.0, True, Random(seed)) for seed in range(CLEAN_RUNS)]
        return _plain(claims(fact for facts in heard for fact in facts)).union(*(run.claimed for run in runs))

    def _session(self, goldens: list[Golden], damage: float, certain: bool, random: Random) -> _Session:
        session = _Session(self.case, goldens[0].options, random)
        for _ in range(STEPS):
            if random.random() < 0.7:
                self._bytes(session, goldens, damage, certain, random)
            else:
                session.something_else()
        session.end()
        return session

    def _bytes(self, session: _Session, goldens: list[Golden], damage: float, certain: bool, random: Random) -> None:
        data = random.choice(goldens).data
        if random.random() < damage:
            self.tally.damaged[certain] += 1
            if certain:
                data = _burst(data, 16 if self.case.info.integrity is Integrity.CRC16 else 1, random)
            else:
                data = random.choice(_DAMAGES)(data, random.choice(goldens).data, random)
        self.tally.frames += 1
        session.hear(data)


class _Session:
    """A driver and what it said so far."""

    def __init__(self, case: Case, options: Mapping[str, str], random: Random) -> None:
        self._case, self._random = case, random
        self.now = 0
        self.fed = b""
        self.claimed: dict[Claim, Integrity] = {}
        self._garbled = 0
        control = case.stops and random.random() < 0.7
        serial = random.choice((None, case.model.serial, "another"))
        self.driver: Driver = case.driver(DeviceSettings("d1", serial=serial, control=control, options=options))
        self._took(self.driver.start(Ms(0)))
        self._size = size_of(self.driver)

    def hear(self, data: bytes) -> None:
        """The bytes, in one chunk or several."""
        self.fed += data
        cut = self._random.randrange(len(data) + 1) if self._random.random() < 0.5 else len(data)
        for chunk in (data[:cut], data[cut:]):
            self._took(self.driver.receive(chunk, Ms(self.now)))

    def something_else(self) -> None:
        """Time passes, or somebody orders something."""
        if isinstance(self.driver, PumpDriver) and self._random.random() < 0.4:
            self._took(self.driver.command(_order(self._random), Ms(self.now)))
            return
        due = self.driver.next_deadline()
        self.now += self._random.choice((0, 1, 40, 700, 5_000))
        if due is not None and self._random.random() < 0.8:
            self.now = max(self.now, due)
            self._took(self.driver.tick(Ms(self.now)))
            after = self.driver.next_deadline()
            assert after is None or after > self.now, f"tick at {self.now} ms leaves the deadline at {after} ms"

    def end(self) -> None:
        self._took(self.driver.finish(Ms(self.now)))
        grown = size_of(self.driver) - self._size
        assert grown < MOST_KEPT_BYTES, f"{grown} bytes are kept after {len(self.fed)}"
        assert self._garbled <= len(self.fed), f"{self._garbled} garbled bytes are told of {len(self.fed)}"

    def _took(self, outs: list[Out]) -> None:
        assert sum(isinstance(out, Send) for out in outs) <= MOST_SENT, f"{len(outs)} answers at once"
        for out in facts(outs):
            if isinstance(out, Garbled):
                self._garbled += out.length
            own = integrity_of([out], self._case.info.integrity)
            self.claimed |= dict.fromkeys(_plain(claims([out])), own)


def _groups(case: Case) -> list[list[Golden]]:
    """Goldens that are heard with the same options."""
    groups: dict[tuple[tuple[str, str], ...], list[Golden]] = {}
    for golden in case.heard:
        groups.setdefault(tuple(golden.options.items()), []).append(golden)
    return list(groups.values())


def _plain(said: set[Claim]) -> set[Claim]:
    """Values without their quality, which may hang on what came before; outcomes of orders are no claims of frames."""
    return {claim[:2] for claim in said if len(claim) > 1}


def _order(random: Random) -> PumpOrder:
    number = str(random.randrange(1000))
    rate_ul_h = random.choice((0, 100, 5_000, 12_345, 10**9))
    orders = (StopOrder(number), ReadStatus(number), ReleaseControl(number), SetRateOrder(number, rate_ul_h, 12_000))
    return orders[random.randrange(len(orders))]


# --- damage ----------------------------------------------------------------------------------------------------------


def _burst(data: bytes, bits: int, random: Random) -> bytes:
    """Some bits flipped within so many in a row."""
    value = int.from_bytes(data, "big")
    pattern = random.randrange(1, 1 << min(bits, len(data) * 8))
    place = random.randrange(len(data) * 8 - pattern.bit_length() + 1)
    return (value ^ pattern << place).to_bytes(len(data), "big")


def _flips(data: bytes, _: bytes, random: Random) -> bytes:
    for _number in range(random.randrange(1, 6)):
        data = _burst(data, 1, random)
    return data


def _cut(data: bytes, _: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] if random.random() < 0.5 else data[at:]


def _lost(data: bytes, _: bytes, random: Random) -> bytes:
    at, size = random.randrange(len(data)), random.randrange(1, 9)
    return data[:at] + data[at + size :]


def _inserted(data: bytes, _: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.randbytes(random.randrange(1, 9)) + data[at:]


def _doubled(data: bytes, _: bytes, random: Random) -> bytes:
    at, size = random.randrange(len(data)), random.randrange(1, 40)
    return data[:at] + data[at : at + size] + data[at:]


def _spliced(data: bytes, other: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data) + 1)] + other[random.randrange(len(other)) :]


def _digits(data: bytes, _: bytes, random: Random) -> bytes:
    """Other digits, which leave a text well-formed."""
    return bytes(random.choice(b"0123456789") if 48 <= v <= 57 and random.random() < 0.3 else v for v in data)


def _noise(data: bytes, _: bytes, random: Random) -> bytes:
    return random.randbytes(random.randrange(200))


def _own_bytes(data: bytes, other: bytes, random: Random) -> bytes:
    return bytes(random.choice(data + other) for _ in range(random.randrange(120)))


def _endless(data: bytes, _: bytes, random: Random) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + data[at : at + 1] * random.choice((300, 5_000)) + data[at:]


_DAMAGES: tuple[Callable[[bytes, bytes, Random], bytes], ...] = (
    _flips,
    _cut,
    _lost,
    _inserted,
    _doubled,
    _spliced,
    _digits,
    _noise,
    _own_bytes,
    _endless,
)
