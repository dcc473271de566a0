"""Checksums against slow, plain reference computations."""

from __future__ import annotations

from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.device.checksums import crc16_ccitt_false, crc16_kermit, crc16_x25, sum8, xor8


@given(st.binary(max_size=300))
def test_xor8_is_the_xor_of_all_bytes(data: bytes) -> None:
    assert xor8(data) == reduce(xor, data, 0)


@given(st.binary(max_size=80))
def test_crc16_is_the_bitwise_ccitt_false(data: bytes) -> None:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    assert crc16_ccitt_false(data) == crc


@pytest.mark.parametrize(("data", "crc"), [(b"123456789", 0x29B1), (b"INF", 0x4961), (b"", 0xFFFF)])
def test_crc16_has_its_catalogued_check_values(data: bytes, crc: int) -> None:
    assert crc16_ccitt_false(data) == crc


@given(st.binary(max_size=80))
def test_kermit_is_the_bitwise_reflected_crc(data: bytes) -> None:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    assert crc16_kermit(data) == crc


@pytest.mark.parametrize(("data", "crc"), [(b"123456789", 0x2189), (b"T@0;ISTA;", 0x2FAD), (b"", 0)])
def test_kermit_has_its_catalogued_check_values(data: bytes, crc: int) -> None:
    assert crc16_kermit(data) == crc


@given(st.binary(max_size=1500))
def test_sum8_is_the_sum_of_all_bytes(data: bytes) -> None:
    assert sum8(data) == sum(data) & 0xFF


def test_sum8_is_exact_for_the_largest_bytes() -> None:
    assert sum8(b"\xff" * 100_000) == 100_000 * 255 & 0xFF


@given(st.binary(max_size=80))
def test_x25_is_the_bitwise_fcs_of_ppp(data: bytes) -> None:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    assert crc16_x25(data) == crc ^ 0xFFFF


@pytest.mark.parametrize(
    ("data", "crc"),
    [(b"123456789", 0x906E), (b"", 0), (bytes.fromhex("3a71"), 0x269B), (bytes.fromhex("3a91"), 0xC195)],
)
def test_x25_has_its_catalogued_check_values(data: bytes, crc: int) -> None:
    assert crc16_x25(data) == crc
