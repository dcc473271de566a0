"""B. Braun Space and compactplus over BCC: frames, parameters and what they mean. Pure.

Frame: SOH LEN5 STX bed/1/1>info (ETX|ETB) CHK5 EOT. LEN is the number of bytes from SOH to EOT, CHK the sum of all
bytes from SOH to ETX or ETB modulo 256, both five decimal digits. Some installations stuff characters after that:
D is sent as EX, E as EE, d as ex, e as ee. LEN tells which is the case, for it counts the bytes before stuffing.

Facts are from mindleaving/patient-monitor-datalogger (MIT: BBraun/**, its tests), icu_devices (MIT: bcc.cpp,
bbraun_const.h) and the vendor's Technical Interface Specification BCC I0022_000030 4.0, of which only facts are used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pumpd.device import DriverInfo, Integrity, Kind, Line, PumpCapabilities
from pumpd.device.checksums import sum8
from pumpd.device.options import DriverOption

SOH, EOT, ACK, NAK = b"\x01", b"\x04", b"\x06", b"\x15"
STX, ETX, ETB = 0x02, 0x03, 0x17
_RS = "\x1e"
ANY_BED = b"1/1/1"  # asked with until the rack has told its own
ALIVE, GET = "ADMIN:ALIVE", "MEM:GET"
LIMIT = 4096  # bytes of one block; 1152 is the longest one on record
_SHORTEST = 5 + 1 + 1 + 1 + 5  # LEN STX > ETX CHK

_PLAIN = re.compile(rb"[^DEde]*")
_STUFFED = re.compile(rb"[^DEde]*+(?:(?:E[EX]|e[ex])[^DEde]*+)*+")


def request(bed: bytes, command: str, stuffed: bool) -> bytes:
    """The whole frame of a request such as MEM:GET."""
    core = b"%c%b>%b%c" % (STX, bed, command.encode("ascii"), ETX)
    head = b"%b%05d%b" % (SOH, len(core) + 12, core)
    frame = b"%b%05d%b" % (head, sum8(head), EOT)
    return _stuff(frame) if stuffed else frame


def _stuff(frame: bytes) -> bytes:
    frame = frame.replace(b"E", b"EE").replace(b"e", b"ee")
    return frame.replace(b"D", b"EX").replace(b"d", b"ex")


SLOT = DriverOption(
    "slot",
    r"(?:[1-3][1-9A-O][0-9A-O]?)?",
    "",
    "which pump of the rack: pillar and slot, such as 13; empty: its only one",
)
INFO = DriverInfo(
    name="bbraun_space_bcc",
    vendor="B. Braun",
    model="Space / compactplus (BCC)",
    kind=Kind.PUMP,
    line=Line(bauds=(9600,)),
    integrity=Integrity.SUM8,
    poll_ms=5000,
    quiet_ms=10_000,
    pump=PumpCapabilities(can_read_back=True, rate_step_ul_h=10, counter_step_nl=100_000),
    needs_asking=True,
    probe_bytes=(request(ANY_BED, ALIVE, stuffed=False), request(ANY_BED, ALIVE, stuffed=True)),
    options=(SLOT,),
    sources=(
        "vendor Technical Interface Specification BCC I0022_000030 4.0 (facts)",
        "mindleaving/patient-monitor-datalogger BBraun/**",
        "KaiWU17TUM/icu_devices bcc.cpp, bbraun_const.h",
    ),
)


@dataclass(frozen=True, slots=True)
class Block:
    """One believed frame. stuffed None: it holds nothing that stuffing would change. last: no block follows."""

    bed: bytes
    body: str
    stuffed: bool | None
    last: bool


def block_of(inside: bytes) -> Block | None:
    """What stands between SOH and EOT, as it is or with its stuffing undone; None where LEN and CHK fit neither."""
    if _is_right(inside):
        return _block(inside, None if _PLAIN.fullmatch(inside) else False)
    if not _STUFFED.fullmatch(inside):
        return None
    plain = inside
    for double, other, capital, letter in ((b"EE", b"EX", b"E", b"D"), (b"ee", b"ex", b"e", b"d")):
        # EOT stands for what was doubled meanwhile: it occurs in no block
        plain = plain.replace(double, EOT).replace(other, letter).replace(EOT, capital)
    return _block(plain, True) if _is_right(plain) else None


def _is_right(inside: bytes) -> bool:
    return (
        len(inside) >= _SHORTEST
        and inside[5] == STX
        and inside[-6] in (ETX, ETB)
        and inside[:5] == b"%05d" % (len(inside) + 2)
        and inside[-5:] == b"%05d" % (sum8(SOH + inside[:-5]))
    )


def _block(plain: bytes, stuffed: bool | None) -> Block | None:
    bed, mark, body = plain[6:-6].partition(b">")
    if not mark or not 0 < len(bed) <= 64:
        return None
    return Block(bed, body.decode("utf-8", "replace"), stuffed, plain[-6] == ETX)


Quads = dict[str, dict[str, str]]
"""Parameters and values of each address of a reply."""

MOST_ADDRESSES = 73  # three pillars with slots 1 to 9 and A to O, and the rack itself
MOST_PARAMETERS = 300  # of one address; about 110 are on record
_REQUEST = re.compile(r"[A-Z]{1,8}:[A-Z]{1,16}(?:#[0-9A-Z]{2,3})?")
RACK = "50100"
_QUAD = re.compile(r"(?:\A|\x1e)[0-9]{1,10},(501[0-9A-Z]{2,3}),([^,\x1e]+)(?:,([^\x1e]*))?")


def add_quads(body: str, quads: Quads) -> str | None:
    """Adds the block's `time,address,parameter,value` to the reply; why it cannot be read, or None."""
    found = _QUAD.findall(body)
    if len(found) != body.count(_RS) + 1:
        return "not time, address, parameter and value"
    values: dict[str, str] = {}
    last = None
    for address, name, value in found:
        if address != last:
            last, values = address, quads.setdefault(address, {})
        values[name] = value
    if len(quads) > MOST_ADDRESSES or any(len(values) > MOST_PARAMETERS for values in quads.values()):
        return "more than a rack of pumps can tell"
    return None


def is_request(body: str) -> bool:
    """What a host asks, overheard on a tap or echoed by the line."""
    return _REQUEST.fullmatch(body) is not None


def slots(quads: Quads) -> list[str]:
    """Where in the rack pumps are, as pillar and slot: those addresses that tell a rate."""
    return sorted(address[3:] for address, values in quads.items() if "INRT" in values)
