"""The Asena's messages on the wire, and how it writes and reads amounts in them. Pure.

Frame: `!` message `|` CRC-16/CCITT-FALSE of the message as four hex digits, CR.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from pumpd.device.checksums import crc16_ccitt_false

MIN_RATE_UL_H, MAX_RATE_UL_H = 100, 1_200_000  # 0.1 to 1200 mL/h


def frame(message: str) -> bytes:
    """The message as it stands on the wire."""
    body = message.encode("ascii")
    return b"!%b|%04X\r" % (body, crc16_ccitt_false(body))


def control_key(serial: str) -> str:
    """What the pump wants to hear before it gives up control: the CRC of its serial number."""
    return f"{crc16_ccitt_false(serial.encode('ascii')):04X}"


def checked(line: bytes) -> str | None:
    """The message between `!` and `|CRC`, or None when the frame or its CRC is wrong."""
    body, bar, crc = line[line.rfind(b"!") + 1 :].rpartition(b"|")
    if b"!" not in line or not bar or not body.isascii():
        return None
    return body.decode("ascii") if crc == b"%04X" % crc16_ccitt_false(body) else None


def ml_text(value_ul: int, decimals: int) -> str:
    """Microlitres (or per hour) in millilitres."""
    return f"{Decimal(value_ul).scaleb(-3):.{decimals}f}"


def time_left_text(seconds: int | None) -> str:
    """`hh:mm:ss`, or `24+` for a day and more and where it never ends."""
    if seconds is None or seconds >= 24 * 3600:
        return "24+"
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _ul(text: str) -> int | None:
    """Millilitre text as whole microlitres; None for words, NaN, infinities and lost digits."""
    try:
        value = Decimal(text) * 1000
    except InvalidOperation:
        return None
    return int(value) if value.is_finite() and value == int(value) else None


def rate_in(fields: list[str]) -> int | None:
    """`3.50^ml/h` in microlitres per hour; None outside the pump's range or its steps of 0.01 mL/h."""
    rate = _ul(fields[0]) if len(fields) == 2 and fields[1] == "ml/h" else None
    return rate if rate is not None and MIN_RATE_UL_H <= rate <= MAX_RATE_UL_H and rate % 10 == 0 else None


def volume_in(fields: list[str]) -> int | None:
    """`ACTIV^11.000^ml^STOP` in microlitres; None for anything else and outside what a syringe holds."""
    if len(fields) != 4 or (fields[0], fields[2], fields[3]) != ("ACTIV", "ml", "STOP"):
        return None
    volume = _ul(fields[1])
    return volume if volume is not None and 0 < volume <= 50_000 else None
