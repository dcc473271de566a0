"""Two devices that somebody else has built: the least that the published protocols ask for, and odd but legal habits.

Written from the protocol descriptions alone; shares no code with pumpd, its drivers or its simulators.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Say = Callable[[bytes], None]


# --- an Asena-like syringe pump


def crc4(text: bytes) -> bytes:
    """CRC-16/CCITT-FALSE as four upper-case hex digits."""
    crc = 0xFFFF
    for byte in text:
        for bit in range(7, -1, -1):
            carry = (crc >> 15) ^ (byte >> bit & 1)
            crc = (crc << 1 & 0xFFFF) ^ (0x1021 if carry else 0)
    return b"%04X" % crc


def asena_frame(text: str) -> bytes:
    raw = text.encode()
    return b"!" + raw + b"|" + crc4(raw) + b"\r"


@dataclass
class Pump:
    """serial, rate and so on as the wire shows them. mute: commands that are never answered."""

    serial: str = "8002-51740"
    rate: str = "10.8"
    mode: str = "SET"
    drug: str = ""
    mute: tuple[str, ...] = ()
    permits: bool = True
    heard: list[str] = field(default_factory=list)
    _rest: bytes = b""

    def on_bytes(self, data: bytes, say: Say) -> None:
        *whole, self._rest = (self._rest + data).split(b"\r")
        for raw in whole:
            text, _, crc = raw[raw.rfind(b"!") + 1 :].partition(b"|")
            if crc == crc4(text):
                answer = self.answer(text.decode())
                if answer is not None:
                    say(asena_frame(answer))

    def answer(self, text: str) -> str | None:
        self.heard.append(text)
        name = text.split("^", maxsplit=1)[0]
        if name in self.mute:
            return None
        if name == "REMOTE_CTRL":
            return self._control(text)
        if text == "INF_STOP" and self.permits:
            self.mode, self.rate = "HLD", "0.00"
        return {
            "INF": f"INF^{self.serial}^-^{self.mode}^{self.rate}^ml/h^{self.drug}^1.234^ml^-5.00^mmHg^24+^EVENT^127904",
            "ALARM": "ALARM^AL_NOALM^ ^ ",
            "INST_SERIALNO": f"INST_SERIALNO^{self.serial}",
            "COMMS_PROTOCOL": "COMMS_PROTOCOL^Asena Rev 2.1.5",
            "COMMS_RESPONSE_MAX": "COMMS_RESPONSE_MAX^4000^ms",
            "INF_STOP": "INF_STOP" if self.permits else "INF_STOP^DENIED",
        }.get(name)

    def _control(self, text: str) -> str:
        state = text.split("^")[1]
        if not self.permits:
            return f"REMOTE_CTRL^{state}^****^REJECT^0^ms"
        key_wrong = state == "ENABLED" and text.split("^")[2].encode() != crc4(self.serial.encode())
        return f"REMOTE_CTRL^{state}^****^{'REJECT' if key_wrong else 'PERMIT'}^0^ms"


# --- a Capnostream-like monitor


def capno_frame(body: bytes) -> bytes:
    chk = len(body)
    for byte in body:
        chk ^= byte
    plain = bytes([len(body)]) + body + bytes([chk])
    return b"\x85" + plain.replace(b"\x80", b"\x80\x00").replace(b"\x85", b"\x80\x05")


MMHG, KPA = 1, 2


@dataclass
class Monitor:
    """Streams numerics each second once started (or from the beginning: `unasked`)."""

    rr: int = 14
    spo2: int = 97
    pulse: int = 72
    etco2: int = 38
    fico2: int = 0
    unit: int = MMHG
    waves: bool = True
    says_id: bool = True
    unasked: bool = False
    every_s: float = 1.0
    heard: list[int] = field(default_factory=list)
    streaming: bool = False

    def on_bytes(self, data: bytes, say: Say) -> None:
        for command in data.split(b"\x85")[1:]:
            code = command[1] if len(command) > 1 else None
            if code is None:
                continue
            self.heard.append(code)
            if code == 1 and self.says_id:
                say(capno_frame(b"\x04" + b"V05.01 01/15/2010 B812345678  "))
            elif code == 4:
                self.streaming = True
            elif code == 5:
                self.streaming = False

    def numerics(self) -> bytes:
        limits = (60, 15, 30, 5, 8, 100, 88, 140, 50)
        values = (self.etco2, self.fico2, self.rr, self.spo2, self.pulse)
        body = (1, 0x57, 0xA3, 0xC0, 0x00, *values, 0, 255, 255, 255, 0, 0, 0, *limits, self.unit, 0)
        return capno_frame(bytes(body))

    async def run(self, say: Say) -> None:
        count = 0
        while True:
            if self.streaming or self.unasked:
                if self.waves:
                    say(capno_frame(bytes([0, count & 0xFF, 20, 128, 0])))
                say(self.numerics())
            count += 1
            await asyncio.sleep(self.every_s)  # the device's own pace


Device = Pump | Monitor


# --- lines


@dataclass
class Habits:
    """How bytes leave: late, one at a time, with noise before each frame."""

    late_s: float = 0.0
    one_by_one: bool = False
    noise: bytes = b""


def _saying(write: Say, habits: Habits) -> Say:
    loop = asyncio.get_running_loop()

    def put(data: bytes) -> None:
        for chunk in [data[i : i + 1] for i in range(len(data))] if habits.one_by_one else [data]:
            write(chunk)

    def say(data: bytes) -> None:
        if habits.late_s:
            loop.call_later(habits.late_s, put, habits.noise + data)
        else:
            put(habits.noise + data)

    return say


@asynccontextmanager
async def on_pty(device: Device, habits: Habits | None = None, cooked: bool = False) -> AsyncIterator[str]:
    """The device behind a pty; the link's URL. cooked: the pty is left as the system made it, and nobody holds it."""
    master, slave = os.openpty()
    url = f"serial://{os.ttyname(slave)}"
    if not cooked:
        tty.setraw(slave)
    os.set_blocking(master, False)

    def write(data: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(master, data)

    say = _saying(write, habits or Habits())

    def readable() -> None:
        with contextlib.suppress(OSError):
            device.on_bytes(os.read(master, 4096), say)

    loop = asyncio.get_running_loop()
    loop.add_reader(master, readable)
    own = asyncio.create_task(device.run(say)) if isinstance(device, Monitor) else None
    try:
        yield url
    finally:
        if own is not None:
            own.cancel()
        loop.remove_reader(master)
        os.close(master)
        os.close(slave)


@asynccontextmanager
async def on_tcp(device: Device, habits: Habits | None = None) -> AsyncIterator[str]:
    """The device behind a TCP port; the link's URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        say = _saying(writer.write, habits or Habits())
        own = asyncio.create_task(device.run(say)) if isinstance(device, Monitor) else None
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                device.on_bytes(data, say)
        if own is not None:
            own.cancel()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"socket://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
