"""Checksums of the wire protocols. Pure."""

from __future__ import annotations

import binascii


def crc16_ccitt_false(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 1021, initial FFFF, not reflected, no final xor."""
    return binascii.crc_hqx(data, 0xFFFF)


def xor8(data: bytes) -> int:
    """XOR of all bytes, by halving a big integer (C speed instead of a Python loop per byte)."""
    value = int.from_bytes(data, "big")
    if len(data) <= 32:  # vital signs each second: the same without the loop
        value ^= value >> 128
        value ^= value >> 64
        value ^= value >> 32
        value ^= value >> 16
        return (value ^ value >> 8) & 0xFF
    bits = 4 << max(0, len(data) - 1).bit_length()  # half of the next power of two
    while bits >= 8:
        value ^= value >> bits  # only the lower half counts from here on; what stands above it never comes down
        bits >>= 1
    return value & 0xFF
