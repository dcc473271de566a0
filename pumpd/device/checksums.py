"""Checksums of the wire protocols. Pure."""

from __future__ import annotations

import binascii
import zlib

_number = int.from_bytes
_MIRRORED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
_ADLER_EXACT = 256  # that many bytes sum to less than Adler's modulus of 65521


def crc16_ccitt_false(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 1021, initial FFFF, not reflected, no final xor."""
    return binascii.crc_hqx(data, 0xFFFF)


def crc16_xmodem(data: bytes) -> int:
    """CRC-16/XMODEM: polynomial 1021, initial 0, not reflected, no final xor."""
    return binascii.crc_hqx(data, 0)


def xor8(data: bytes) -> int:
    """XOR of all bytes, by halving a big integer (C speed instead of a Python loop per byte)."""
    value = _number(data, "big")
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


def crc16_kermit(data: bytes) -> int:
    """CRC-16/KERMIT: polynomial 1021 reflected, initial 0, no final xor (the mirror image of CRC-16/XMODEM)."""
    crc = binascii.crc_hqx(data.translate(_MIRRORED), 0)
    return _MIRRORED[crc & 0xFF] << 8 | _MIRRORED[crc >> 8]


def crc16_x25(data: bytes) -> int:
    """CRC-16/X-25, the FCS-16 of PPP (RFC 1662): polynomial 1021 reflected, initial FFFF, ones' complement."""
    crc = binascii.crc_hqx(data.translate(_MIRRORED), 0xFFFF)
    return (_MIRRORED[crc & 0xFF] << 8 | _MIRRORED[crc >> 8]) ^ 0xFFFF


def sum8(data: bytes) -> int:
    """Sum of all bytes modulo 256: the low half of Adler-32 less one, which takes a quarter of the time of sum()."""
    if len(data) <= _ADLER_EXACT:  # most frames: the same without the loop
        return (zlib.adler32(data) - 1) & 0xFF
    total = 0
    for at in range(0, len(data), _ADLER_EXACT):
        total += (zlib.adler32(data[at : at + _ADLER_EXACT]) & 0xFFFF) - 1
    return total & 0xFF
