"""The hospital's end of HL7 at a real daemon: its messages, its connection, and what it made of a bed."""

from __future__ import annotations

import asyncio
import time

from pumpd_hl7.gateway import Hl7Gateway
from pumpd_hl7.mllp import MllpFramer, frame
from pumpd_hl7.times import time_text

from tests.daemon.house import House

HL7 = """
[hl7]
application = "PUMPD"

[hl7.listen]
port = 0

[[hl7.peer]]
id = "his"
application = "HIS"
may = ["ADT", "ORU"]

[hl7.locations]
"PALL^01^1" = "demo-01"
"PALL^02^1" = "demo-02"
"""


def adt(
    trigger: str,
    control_id: str,
    mrn: str,
    name: str,
    place: str = "",
    prior: str = "",
    ago_s: int = 0,
    weight: str = "60",
) -> bytes:
    """ago_s: how long ago it was recorded there; weight "": none is said."""
    now, then = (time_text((int(time.time()) - ago) * 1_000_000) for ago in (0, ago_s))
    rows = (
        f"MSH|^~\\&|HIS|HOSP|PUMPD|HOSP|{now}||ADT^{trigger}|{control_id}|P|2.6",
        f"EVN||{then}",
        f"PID|||{mrn}^^^HOSP^MR||{name}||19560203|F",
        f"PV1||I|{place}|||{prior}",
        *([f"OBX|1|NM|29463-7^Body weight^LN||{weight}|kg^kilogram^UCUM"] if weight else []),
    )
    return "".join(f"{row}\r" for row in rows).encode()


class Ehr:
    """The other end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer, self._framer = reader, writer, MllpFramer()

    async def send(self, message: bytes) -> str:
        """The answer's MSA segment."""
        self._writer.write(frame(message))
        while True:
            for answer in self._framer.feed(await self._reader.read(65536)):
                assert isinstance(answer, bytes)
                return next(row for row in answer.decode().split("\r") if row.startswith("MSA"))

    def close(self) -> None:
        self._writer.close()


async def listening(house: House) -> int:
    run = house.daemon.gateway
    assert run is not None
    await house.until(lambda: isinstance(run.gateway, Hl7Gateway) and run.gateway.port)
    assert isinstance(run.gateway, Hl7Gateway)
    assert run.gateway.port is not None
    return run.gateway.port


async def ehr_of(house: House) -> Ehr:
    return Ehr(*await asyncio.open_connection("127.0.0.1", await listening(house)))


def patient(house: House, bed: str) -> str | None:
    found = house.daemon.beds[bed].view().patient
    return None if found is None else found.mrn
