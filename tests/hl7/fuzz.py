"""Broken messages, made with their structure in mind, through everything that reads: nothing fails, nothing is false.

`Fuzz(random).run()` is one message; it raises when something went wrong. The same seed makes the same messages.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random

from pumpd_hl7.acks import Mode, answer, answer_code, mode_of, read_answer
from pumpd_hl7.checks import header_problems, key_of, kind_text, of_unreadable
from pumpd_hl7.message import Message, Unreadable, read_message
from pumpd_hl7.mllp import LIMIT_BYTES, Fault, MllpFramer, frame
from pumpd_hl7.observations import Observation, _seen, observations
from pumpd_hl7.peers import sender_of
from pumpd_hl7.profiles.adt import read_adt
from pumpd_hl7.profiles.binding import Places, events_of
from pumpd_hl7.profiles.devices import Fresh
from pumpd_hl7.profiles.orders import read_orders
from pumpd_hl7.profiles.outgoing import Sender
from pumpd_hl7.profiles.pcd01 import read_pcd01
from pumpd_hl7.profiles.pcd03 import read_pcd03, reply
from pumpd_hl7.profiles.pcd04 import read_pcd04
from pumpd_hl7.profiles.pcd05 import read_pcd05
from pumpd_hl7.profiles.pcd10 import read_pcd10
from pumpd_hl7.profiles.people import Refused
from pumpd_hl7.profiles.ras import read_ras
from pumpd_hl7.rules import check

from pumpd.clinical.mme_tables import OpioidTables
from pumpd.gateways import PeerSettings
from pumpd.safety.events import Patient, Sex

FIXTURES = Path(__file__).parent / "fixtures"
NOW_US = 1_768_472_130_000_000
FRESH = Fresh(NOW_US)
SOURCES = ("P0001", "MON7", "0011223344550001")
PEER = PeerSettings("all", "PUMPD", may=("ADT", "ORU", "ORA", "RGV", "RAS", "RDE", "OMP", "ORM"))
SENDER = Sender("PUMPD", "HOSP", "EHR", "HOSP")
PATIENT = Patient("100042", "Test", "Ada", "1970-01-01", Sex.FEMALE, 70_000)
LONGEST_S = 5.0
"""Of processor time for one message of 200 kB at most, everything together; a thousand times what it takes."""

_HEAD = "MSH|^~\\&|EHR|H|PUMPD|H|20260115101530+0000||{}|7|P|2.6\rPID|||100042^^^HOSP^MR||Test^Ada||19700101|F\r"
_MORE = (
    _HEAD.format("ADT^A40^ADT_A39") + "MRG|2^^^H^MR",
    _HEAD.format("RGV^O15^RGV_O15") + "ORC|RE|RX1||||||O1|20260115101530+0000||||||||||42^Nurse\r"
    "RXG|1|||1234^Ketamine|50||263762^mL^MDC||||||||3.5|265266^mL/h^MDC|2|264306^mg^MDC||||1|263762^mL^MDC\rRXR|IV\r"
    "OBX|1||70054^MDC_DEV_PUMP_INFUS_SYRINGE_VMD^MDC|1.1.0.0|||||||X|||||||P0001^^1^EUI-64\r"
    "OBX|2|NM|68063^MDC_ATTR_PT_WEIGHT^MDC|1.1.2.1|70|263875^kg^MDC|||||R",
    _HEAD.format("RDE^O11")
    + "ORC|NW|1|2|||||||||N0007\rRXE|^^^20260115|1234^Ketamine|3.5||mL/h||||||||||||||||||3.5|mL/h\rRXR|IV",
    _HEAD.format("OMP^O09") + "ORC|NW|1|2\rRXO|1234^Morphine|5||mg\rRXR|PO",
    _HEAD.format("RAS^O17")
    + "ORC|RE|1|2\rRXA|0|1|20260115101000+0000|20260115101000+0000|^Morphine|5|mg||||||||||||||CP|A\rRXR|PO",
)
_ODD = (
    *(
        "",
        '""',
        "^",
        "~",
        "&",
        "\\",
        "\\F\\",
        "\\X0B\\",
        "\\X\\",
        "\\.br\\",
        "^^^^^^^^",
        "~~~~~",
        "-1",
        "+",
        ".",
        "0",
        "NaN",
    ),
    *("1e999", "9" * 13, "9" * 400, "0.1", "١٢", "Infinity", "A" * 5000, "20260115", "20261399", "20260115101530+9999"),
    *("\x00", "\x1b", "ü", "\u2028", "\ud7ff", "196616^MDC_EVT_ALARM^MDC", "265266^MDC_DIM_MILLI_L_PER_HR^MDC"),
    *("1.1.1.1", "1.1.1.1.1.1.1.1", "1." * 3000, "P0001^^0011223344550001^EUI-64", "INV~QUES~TEST", "X", "Y"),
)
_VALUES = ("NaN", "INF", "-INF", "1e3", "1_000", " 5", "0x10", "3,5", "٣", "", '""', "-0.0", ".5", "5.", "9" * 13, "<5")
_FLAGS = ("INV", "NAV", "BUSY", "QUES", "TEST", "INV~QUES", "H", "OFF~L", "")


@dataclass
class Tally:
    """What was run. read: messages that could be read; values: numbers that came out."""

    runs: int = 0
    read: int = 0
    values: int = 0
    slowest_s: float = 0.0
    refused: dict[str, int] = field(default_factory=dict)


class Fuzz:
    """All that reads, under messages that are broken at random."""

    def __init__(self, opioids: OpioidTables) -> None:
        self.tally = Tally()
        self._originals = [path.read_text(encoding="utf-8") for path in sorted(FIXTURES.glob("*.hl7"))]
        self._originals = ["\r".join(text.splitlines()) for text in self._originals] + list(_MORE)
        self._opioids = opioids

    def run(self, random: Random) -> None:
        """One message, or what a line makes of its bytes."""
        raw = self.broken(random)
        began = time.process_time()
        for part in _framed(raw, random):
            self._one(part, random.choice(("ascii", "utf-8", "iso8859-1")))
        took_s = time.process_time() - began
        self.tally.runs += 1
        self.tally.slowest_s = max(self.tally.slowest_s, took_s)
        assert took_s < LONGEST_S, f"{took_s:.1f} s for {len(raw)} bytes"

    def _one(self, raw: bytes, blank: str) -> None:
        sender_of(raw)
        message = read_message(raw, blank)
        if isinstance(message, Unreadable):
            _answered(*of_unreadable(raw, message))
        else:
            self._read(message)

    def broken(self, random: Random) -> bytes:
        lines = random.choice(self._originals).split("\r")
        for _ in range(random.choice((0, 1, 1, 1, 2, 3, 8))):
            random.choice(_CHANGES)(lines, random, self._originals)
        raw = random.choice(("\r", "\r", "\r", "\n", "\r\n")).join(lines).encode("utf-8", "replace")
        for _ in range(random.choice((0, 0, 0, 1, 2, 20))):
            raw = random.choice(_BYTES)(raw, random)
        return raw[:200_000]

    def _read(self, message: Message) -> None:
        self.tally.read += 1
        key_of(message), kind_text(message), mode_of(message.msh)
        _answered(message.msh, header_problems(message, PEER, "real"))
        self._observed(message)
        for finding in check(message):
            assert finding.segment, finding
        places = Places({"b1": PATIENT, "b2": None}, {"PACU^Bay 3^1": "b1"})
        said = read_adt(message)
        if not isinstance(said, Refused):
            events_of(said, places, "ADT")
        request = read_pcd03(message)
        if isinstance(request, Refused):
            reply(SENDER, message, request.problems, "9", NOW_US)
        for name, reader in self._readers().items():
            if isinstance(found := reader(message), Refused):
                assert found.problems, name
                self.tally.refused[name] = self.tally.refused.get(name, 0) + 1

    def _readers(self) -> dict[str, Callable[[Message], object]]:
        return {
            "PCD-01": lambda message: read_pcd01(message, SOURCES, FRESH),
            "PCD-04": lambda message: read_pcd04(message, SOURCES),
            "PCD-05": read_pcd05,
            "PCD-10": lambda message: read_pcd10(message, SOURCES, FRESH),
            "orders": read_orders,
            "RAS": lambda message: read_ras(message, self._opioids),
        }

    def _observed(self, message: Message) -> None:
        """What is remembered of rows changes nothing, and a number is what stands in the message."""
        warm = observations(message)
        _seen(message.delimiters).clear()
        assert observations(message) == warm
        assert [message.lines[one.index] for one in warm] == [one.line for one in warm]
        for one in warm:
            _number(one)
            self.tally.values += one.number is not None


def _number(one: Observation) -> None:
    if one.number is None:
        return
    assert one.kind in ("NM", "SN"), one
    assert not one.missing, one
    assert Decimal(one.value) == one.number, one
    assert one.number.is_finite(), one
    assert not {"INV", "NAV", "BUSY"} & set(one.flags), one


def _framed(raw: bytes, random: Random) -> list[bytes]:
    """The same messages however they are cut; a frame of ours is one message; nothing is kept for ever."""
    stream = b"\x0b" + raw + b"\x1c\r\x0bMSH|next\x1c\r"
    whole, pieces = MllpFramer(), MllpFramer()
    expected = whole.feed(stream) + whole.finish()
    found: list[bytes | Fault] = []
    at = 0
    while at < len(stream):
        size = random.choice((1, 2, 7, 100, 4096)) if len(stream) - at < 20_000 else 8192
        found += pieces.feed(stream[at : at + size])
        at += size
    found += pieces.finish()
    messages = [item for item in expected if isinstance(item, bytes)]
    assert [item for item in found if isinstance(item, bytes)] == messages
    assert b"MSH|next" in found
    if b"\x0b" not in raw and b"\x1c" not in raw and 0 < len(raw) <= LIMIT_BYTES:
        assert expected[0] == raw
        assert frame(raw) == b"\x0b" + raw + b"\x1c\r"
    return messages


def _answered(header, problems) -> None:  # type: ignore[no-untyped-def]
    """An answer can be read again, and is positive only where nothing stood against the message."""
    code = answer_code(header, problems)
    if code is None:
        assert mode_of(header) is Mode.ENHANCED
        return
    written = answer(header, code, problems, "A1", NOW_US)
    frame(written)
    found = read_answer(written)
    if header.get(10).strip() and header.get(10).isprintable():
        assert found is not None, written
        assert found.positive == (not problems), written


# --- what is done to a message: to its lines, and to its bytes ---


def _fields(lines: list[str], random: Random) -> tuple[int, list[str]]:
    at = random.randrange(len(lines)) if lines else 0
    return at, (lines[at] if lines else "").split("|")


def _replace(lines: list[str], random: Random, _: list[str]) -> None:
    at, fields = _fields(lines, random)
    fields[random.randrange(len(fields))] = random.choice(_ODD)
    lines[at : at + 1] = ["|".join(fields)]


def _swap(lines: list[str], random: Random, _: list[str]) -> None:
    at, fields = _fields(lines, random)
    one, two = random.randrange(len(fields)), random.randrange(len(fields))
    fields[one], fields[two] = fields[two], fields[one]
    lines[at : at + 1] = ["|".join(fields)]


def _component(lines: list[str], random: Random, _: list[str]) -> None:
    at, fields = _fields(lines, random)
    number = random.randrange(len(fields))
    mark = random.choice("^~&")
    parts = fields[number].split(mark)
    parts[random.randrange(len(parts))] = random.choice(_ODD)
    fields[number] = mark.join(parts)
    lines[at : at + 1] = ["|".join(fields)]


def _row(lines: list[str], random: Random, _: list[str]) -> None:
    """A field that says what an observation is worth."""
    rows = [at for at, line in enumerate(lines) if line.startswith("OBX") and line.count("|") >= 11]
    if rows:
        at = random.choice(rows)
        fields = lines[at].split("|")
        number = random.choice((2, 3, 4, 5, 5, 5, 6, 8, 8, 11))
        fields[number] = random.choice({8: _FLAGS, 5: _VALUES}.get(number, _ODD))
        lines[at] = "|".join(fields)


def _shift(lines: list[str], random: Random, _: list[str]) -> None:
    at, fields = _fields(lines, random)
    fields.insert(random.randrange(len(fields)), "")
    lines[at : at + 1] = ["|".join(fields)]


def _cut(lines: list[str], random: Random, _: list[str]) -> None:
    at, fields = _fields(lines, random)
    lines[at : at + 1] = ["|".join(fields[: random.randrange(len(fields))])]


def _drop(lines: list[str], random: Random, _: list[str]) -> None:
    if lines:
        del lines[random.randrange(len(lines))]


def _twice(lines: list[str], random: Random, _: list[str]) -> None:
    if lines:
        at = random.randrange(len(lines))
        lines[at:at] = [lines[at]] * random.choice((1, 1, 1, 100))


def _shuffle(lines: list[str], random: Random, _: list[str]) -> None:
    rest = lines[1:]
    random.shuffle(rest)
    lines[1:] = rest


def _splice(lines: list[str], random: Random, originals: list[str]) -> None:
    """A segment of another message."""
    lines.insert(random.randrange(len(lines) + 1), random.choice(random.choice(originals).split("\r")))


def _delimiters(lines: list[str], random: Random, _: list[str]) -> None:
    """The whole message in other delimiters, or only its MSH-2."""
    others = str.maketrans(dict(zip("|^~\\&", random.sample("|^~\\&#!$%@;", 5), strict=True)))
    lines[:] = [line.translate(others) if random.random() < 0.95 else line for line in lines]


_CHANGES = (
    *(
        _row,
        _row,
        _row,
        _row,
        _replace,
        _replace,
        _replace,
        _replace,
        _component,
        _component,
        _component,
        _swap,
        _shift,
        _cut,
    ),
    *(_drop, _twice, _shuffle, _splice, _delimiters),
)


def _flip(raw: bytes, random: Random) -> bytes:
    if not raw:
        return raw
    at = random.randrange(len(raw))
    return raw[:at] + bytes((raw[at] ^ (1 << random.randrange(8)),)) + raw[at + 1 :]


def _insert(raw: bytes, random: Random) -> bytes:
    at = random.randrange(len(raw) + 1)
    return (
        raw[:at]
        + random.choice((b"\x0b", b"\x1c", b"\x1c\r", b"\0", b"\r", b"\n", b"\xff", b"\xef\xbb\xbf"))
        + raw[at:]
    )


def _truncate(raw: bytes, random: Random) -> bytes:
    return raw[: random.randrange(len(raw) + 1)]


_BYTES: tuple[Callable[[bytes, Random], bytes], ...] = (_flip, _flip, _flip, _insert, _truncate)
