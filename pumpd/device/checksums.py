"""Checksums of the wire protocols. Pure."""

from __future__ import annotations

import binascii


def crc16_ccitt_false(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 1021, initial FFFF, not reflected, no final xor."""
    return binascii.crc_hqx(data, 0xFFFF)


def xor8(data: bytes) -> int:
    """XOR of all bytes, by halving a big integer (C speed instead of a Python loop per byte)."""
    value = int.from_bytes(data, "big")
    width = 1
    while width < len(data):
        width *= 2
    bits = width * 8
    while bits > 8:
        bits //= 2
        value = (value >> bits) ^ (value & ((1 << bits) - 1))
    return value
