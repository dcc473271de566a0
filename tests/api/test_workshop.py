"""What a biomedical engineer reads of lines, drivers, captures and files; and what of a patient never leaves by it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import httpx
import pytest

from pumpd.access.always import DEMO, AlwaysSignedIn
from pumpd.access.audit import What
from pumpd.access.principal import Principal
from pumpd.access.roles import Identity
from pumpd.api.app import create_app
from pumpd.device import Garbled, Quality, Reading, Vitals, Waveform
from pumpd.live.port import DeviceDetail
from pumpd.live.workshop import CapturesShape, CheckShape, ConfigurationShape, DriverShape, Piece
from pumpd.safety.events import Patient, Sex
from tests.api.ward import MemoryWard, config
from tests.live.fakes import value
from tests.security.face import MemoryAudit

PATIENT = Patient("MRN-887-231", "Zwettl", "Quirina", "1949-07-23", Sex.FEMALE, 61_000)
DETAIL = DeviceDetail(
    id="b1-m1", driver="masimo_ascii1", vendor="Masimo", model="Rad-8", kind="monitor", quality="simulated",
    integrity="none", line="9600 8N1", link="serial:///dev/ttyUSB0", signals=("spo2",), sources=("manual",), frames=12,
    waves=0, unmapped=(("NAME", 3, "ZWETTL"),), unmapped_more=0, poll_ms=1000,
)  # fmt: skip


class Shop:
    """Implements Workshop; what it tells is set by the test."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []

    def recent(self, device: str) -> Sequence[Piece] | None:
        return self.pieces if device == "b1-m1" else None

    def version(self, driver: str) -> str:
        return "1.2.3"

    def drivers(self) -> list[DriverShape]:
        return [DriverShape("broken", "", "", "ImportError: no")]

    async def captures(self) -> CapturesShape:
        return CapturesShape(True, "var/capture", 1, 1, [])

    async def capture(self, device: str, name: str) -> AsyncIterator[bytes] | None:
        async def blocks() -> AsyncIterator[bytes]:
            yield b"0 < 21\n"

        return blocks() if (device, name) == ("b1-m1", "000001-x.capture.txt") else None

    async def configuration(self) -> ConfigurationShape:
        return ConfigurationShape("1", "3", "w", "UTC", "ward.toml", "ab", "lib", "sqlite://", [])

    async def check(self) -> CheckShape:
        return CheckShape(0, "good", 5)


@pytest.fixture
def ward() -> MemoryWard:
    ward = MemoryWard()
    ward.details = (DETAIL,)
    return ward


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


def web(ward: MemoryWard, shop: Shop, audit: MemoryAudit, who: Principal = DEMO) -> httpx.AsyncClient:
    app = create_app(ward.hub, ward, config(), "b", access=AlwaysSignedIn(who), audit=audit, workshop=shop)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8080/api/v1/")


async def test_the_ages_of_byte_frame_and_reading_are_told_apart(
    ward: MemoryWard, shop: Shop, audit: MemoryAudit
) -> None:
    now = ward.hub.now_ms()
    wave, noise = Waveform("co2", 50, (1,)), Garbled("crc", b"x", 1)
    shop.pieces = [
        Piece(now - 9_000, b"a", [Vitals((Reading("spo2", None, Quality.INVALID),))]),
        Piece(now - 4_000, b"b", [wave]),
        Piece(now - 500, b"c", [noise]),
        Piece(now, b"question", None),
    ]
    ward.views["b1"] = replace(ward.views["b1"], values={"spo2": replace(value(97_000, now - 20_000), source="b1-m1")})
    ward.hub.mark("b1")
    ward.hub.tick()
    async with web(ward, shop, audit) as client:
        told = (await client.get("devices")).json()["beds"][0]["devices"][0]
    byte, frame, reading = (told[f"{kind}_age_ms"] for kind in ("byte", "frame", "reading"))
    assert (byte >= 500, frame - byte, reading - byte) == (True, 3_500, 19_500)
    assert told["version"] == "1.2.3"


async def test_last_bytes_are_shown_with_what_the_driver_said_of_them_the_newest_first(
    ward: MemoryWard, shop: Shop, audit: MemoryAudit
) -> None:
    shop.pieces = [
        Piece(5, b"\x21\x0d", [Vitals((Reading("spo2", 97_000),))]),
        Piece(5, b"?", None),
        Piece(9, b"\x00" * 600, [Garbled("bad checksum", b"\x00" * 64, 600)]),
    ]
    async with web(ward, shop, audit) as client:
        told = (await client.get("devices/b1-m1/frames")).json()["pieces"]
        assert (await client.get("devices/nobody/frames")).status_code == 404
    assert [(one["sent"], one["hex"][:5], one["more"]) for one in told] == [
        (False, "00 00", 88), (True, "3f", 0), (False, "21 0d", 0),
    ]  # fmt: skip
    assert told[2]["facts"] == [{"type": "Vitals", "text": "SpO2 97 %"}]
    assert told[0]["facts"] == [{"type": "Garbled", "text": "bad checksum, 600 bytes"}]


async def test_a_patients_name_on_the_line_is_withheld_even_from_who_may_know_it(
    ward: MemoryWard, shop: Shop, audit: MemoryAudit
) -> None:
    ward.views["b2"] = replace(ward.views["b2"], patient=PATIENT)
    ward.hub.mark("b2")
    ward.hub.tick()
    shop.pieces = [Piece(1, b"ID=mrn-8", []), Piece(2, b"87-231;", []), Piece(3, "Quirina".encode("utf-16-be"), [])]
    async with web(ward, shop, audit) as client:
        hexes = [one["hex"] for one in (await client.get("devices/b1-m1/frames")).json()["pieces"]]
        devices = (await client.get("devices")).text + (await client.get("beds/b1/devices")).text
    assert hexes == [" ".join(["··"] * 14), "·· ·· ·· ·· ·· ·· 3b", "49 44 3d ·· ·· ·· ·· ··"]
    assert "zwettl" not in devices.lower()
    assert "(withheld)" in devices


async def test_a_capture_is_for_who_may_know_the_patients_and_each_one_is_noted(
    ward: MemoryWard, shop: Shop, audit: MemoryAudit
) -> None:
    at = "captures/b1-m1/000001-x.capture.txt"
    async with web(ward, shop, audit) as client:
        good = await client.get(at)
        assert (await client.get("captures")).json()["readable"]
        assert (await client.get("captures/b1-m1/other.capture.txt")).status_code == 404
    async with web(ward, shop, audit, replace(DEMO, identity=Identity.NONE)) as client:
        refused = await client.get(at)
        assert not (await client.get("captures")).json()["readable"]
    assert (good.text, refused.status_code) == ("0 < 21\n", 403)
    assert "names" in refused.json()["error"]["reasons"][0]
    noted = [(one.what, one.outcome) for one in audit.entries if one.subject.endswith("x.capture.txt")]
    assert noted == [(What.EXPORT, "ok"), (What.EXPORT, "not_permitted")]


async def test_drivers_that_cannot_be_loaded_the_files_and_the_check_are_told(
    ward: MemoryWard, shop: Shop, audit: MemoryAudit
) -> None:
    async with web(ward, shop, audit) as client:
        assert (await client.get("drivers")).json()["drivers"][0]["broken"] == "ImportError: no"
        assert (await client.get("configuration")).json()["sha256"] == "ab"
        assert (await client.get("configuration/check")).json() == {"code": 0, "text": "good", "took_ms": 5}
