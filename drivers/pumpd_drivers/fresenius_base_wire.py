"""Fresenius Vial Base Primea, Orchestra and their syringe modules: frames, variables and errors, as tables. Pure.

Frame: STX text CHK ETX. The text begins with the address of a module (0: the base, 1 to 5: a module, nothing: a syringe
pump that stands alone); CHK is FFh less the sum of its characters modulo 256, two upper-case hex digits. Each side
acknowledges a frame with ACK or refuses it with NAK and one character; ENQ is answered with DC4. These may stand
anywhere, inside a frame too.

Facts are from infupy (ISC, backends/fresenius.py: "these settings come from Fresenius documentation"). It shows no
arguments for setting a rate, so there is no such message here; nor one that starts anything.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pumpd.device import AlarmCode, DriverInfo, Integrity, Kind, Line, Parity, PumpCapabilities
from pumpd.device.checksums import sum8
from pumpd.device.framers import Scanner
from pumpd.device.options import DriverOption

ENQ, DC4, ACK, NAK, STX, ETX = b"\x05", b"\x14", b"\x06", b"\x15", b"\x02", b"\x03"
BASE, ALONE = "0", "alone"
CHECKSUM_WRONG = b"2"
LONGEST = 128  # of a frame; the pump's own limit is a text of 80 characters

MODULE = DriverOption(
    "module", rf"(?:[1-5]|{ALONE})?", "", f"which module of the base, 1 to 5; {ALONE}: no base; empty: its only module"
)


@lru_cache(maxsize=64)
def frame(text: str) -> bytes:
    """The text as it stands on the wire."""
    data = text.encode("ascii")
    return b"\x02%b%02X\x03" % (data, 0xFF - sum8(data))


def text_of(whole: bytes) -> str | None:
    """The text between STX and checksum, where that is right and the text is printable."""
    data = whole[1:-3]
    if whole[-3:-1] != b"%02X" % (0xFF - sum8(data)):
        return None
    text = data.decode("latin-1")
    return text if text.isascii() and text.isprintable() else None


class Frames(Scanner):
    """STX ... ETX whatever its checksum, and NAK with its reason. ENQ and ACK have been taken out before."""

    def __init__(self) -> None:
        super().__init__(STX + NAK, LONGEST)

    def look(self, data: bytes, at: int) -> int:
        if data[at] == NAK[0]:
            return 0 if at + 1 == len(data) else 2 if data[at + 1 : at + 2] in LINK_ERRORS else -1
        end = data.find(ETX, at + 1)
        stop = len(data) if end < 0 else end
        if data.find(STX, at + 1, stop) >= 0 or stop - at >= LONGEST:
            return -1
        return 0 if end < 0 else end + 1 - at


INFO = DriverInfo(
    name="fresenius_base",
    vendor="Fresenius Vial",
    model="Base Primea / Orchestra",
    kind=Kind.PUMP,
    line=Line(bauds=(19200,), data_bits=7, parity=Parity.EVEN),
    integrity=Integrity.SUM8,
    poll_ms=1000,
    quiet_ms=2000,
    pump=PumpCapabilities(can_stop=True, can_read_back=True, lease=True, rate_step_ul_h=100),
    sources=("infupy backends/fresenius.py",),
    tells_serial=False,
    needs_asking=True,
    probe_bytes=(frame("0DC"), ACK, DC4, frame("0LE;b"), frame("0FC")),
    options=(MODULE,),
)

LINK_ERRORS = {
    b"1": "character not received",
    b"2": "checksum wrong",
    b"4": "address wrong",
    b"5": "no ACK in time",
    b"6": "not ready",
    b"7": "frame of a wrong length",
    b"8": "control character in the text",
}
SENT_AGAIN = (b"1", b"2", b"5", b"6")  # once: what was asked cannot have been carried out

ERRORS = {
    "01": "unknown command",
    "02": "not in this mode",
    "03": "not in this state",
    "04": "syntax error",
    "05": "operating mode not authorised",
    "06": "operating mode already active",
    "07": "no new operating mode in this mode",
    "08": "parameter out of limits",
    "09": "no new operating mode in this state",
    "0A": "identifier not used",
    "0B": "identifier wrong",
    "0C": "message too long",
    "0D": "session with the base not open",
    "0E": "module cannot be reached",
    "12": "an alarm is present",
    "14": "no rate selected",
    "15": "volume too small for a bolus",
    "16": "empty-syringe mode not possible",
    "1A": "event number wrong",
    "1E": "session with the module not open",
    "1F": "a module is not in manual mode",
    "20": "not allowed at this port",
    "22": "new mode not authorised",
    "24": "connection mode wrong",
    "25": "drug number wrong",
}
ALREADY_ACTIVE, BASE_CLOSED, MODULE_CLOSED = "06", "0D", "1E"

REPLY = re.compile(r"([0-5]?)([CIEM])(?:;(.*))?")
_VARIABLE = re.compile(r"([a-z])([0-9A-F]{1,8})")
# rate, volume, alarm, error, mode; known too: bolus rate and volume, number of modules, modules
KNOWN = frozenset("draemksib")


def variables_of(data: str) -> dict[str, int] | None:
    """Values by the letter of their variable; None where something else stands there."""
    values: dict[str, int] = {}
    for text in data.split(";"):
        match = _VARIABLE.fullmatch(text)
        if match is None:
            return None
        values[match[1]] = int(match[2], 16)
    return values


def rate_ul_h(value: int) -> int:
    """The rate is told in tenths of a mL/h."""
    return value * 100


def modules_of(bitmap: int) -> list[str]:
    """Addresses of the modules that stand on the base: bit i is module i + 1."""
    return [str(bit + 1) for bit in range(5) if bitmap >> bit & 1]


def refusal_of(code: str) -> str:
    """What an error means, with the code."""
    return f"I;{code[:8]} {ERRORS.get(code, 'unknown error')}"


def alarms_of(values: dict[str, int]) -> list[AlarmCode]:
    """The variables a and e: what their values mean is not on record, so they are passed on as they are."""
    if not values.get("a") and not values.get("e"):
        return []
    names = (("a", "alarm"), ("e", "error"))
    told = [(name, text, values.get(name, 0)) for name, text in names]
    return [AlarmCode(f"{name}{value:04X}", f"{text} {value:04X}", known=False) for name, text, value in told if value]
