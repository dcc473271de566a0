"""A farm of pumps and monitors for the bench: one epoll loop over many pty masters, own bytes, own clock.

It is not the simulator: it does the least that the protocols need, so that the bench measures the
daemon and not the farm. Pumps answer polls; a `cycling` pump reports an over-ceiling rate, is stopped,
holds for HOLD_S, and starts again at its panel, so that every status frame -> stop bytes is one sample.
"""

from __future__ import annotations

import binascii
import heapq
import os
import pty
import select
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

STOP = b"!INF_STOP|CD57\r"
HOLD_S = 0.4  # longer than the reads that verify a stop, shorter than a poll: about one trip a second and pump


def asena(message: str) -> bytes:
    """A frame of the Asena protocol: `!MSG|CRC4` CR, CRC-16/CCITT-FALSE over MSG."""
    raw = message.encode("ascii")
    return b"!%s|%04X\r" % (raw, binascii.crc_hqx(raw, 0xFFFF))


def capnostream(code: int, data: bytes = b"") -> bytes:
    """A frame of the Capnostream protocol: 85 LEN body CHK, 80 and 85 escaped after the header."""
    body = bytes([1 + len(data), code]) + data
    check = 0
    for byte in body:
        check ^= byte
    out = bytearray(b"\x85")
    for byte in body + bytes([check]):
        out += bytes([0x80, byte - 0x80]) if byte in (0x80, 0x85) else bytes([byte])
    return bytes(out)


CALM = bytes.fromhex("57a3c00026000e614800ffffff0000003c0f1e050864588c320100")
NUMERICS = capnostream(1, CALM)
RR_AT, SPO2_AT, ALARMS_AT, NO_BREATH = 6, 7, 13, 0x01  # in CALM: rate, saturation, the CO2 side's alarm bits


def numerics(changed: dict[int, int]) -> bytes:
    """Calm numerics but for the bytes at these places: numerics({SPO2_AT: 84})."""
    data = bytearray(CALM)
    for place, value in changed.items():
        data[place] = value
    return capnostream(1, bytes(data))


DEVICE_ID = capnostream(4, b"V05.00 01/01/2020 BENCH0000001"[:30].ljust(30))


class Port:
    """One pty: `path` is the slave (kept open so that the master never sees EIO), `fd` the master."""

    def __init__(self, folder: Path, name: str) -> None:
        self.fd, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self.fd, False)
        self.path = folder / name
        self.path.symlink_to(os.ttyname(self._slave))

    def close(self) -> None:
        os.close(self.fd)
        os.close(self._slave)
        self.path.unlink(missing_ok=True)


@dataclass
class Pump:
    """rate_ml_h while infusing; cycling pumps start again once the host has read that they hold."""

    port: Port
    serial: str
    rate_ml_h: str
    cycling: bool = False
    infusing: bool = True
    buffer: bytes = b""
    sent_at: int = 0
    held_at: float = 0.0
    mute: bool = False
    last_sent: float = 0.0
    statuses: int = 0
    written: int = 0
    samples_us: list[float] = field(default_factory=list)

    def status(self) -> bytes:
        mode, rate = ("SET", self.rate_ml_h) if self.infusing else ("HLD", "0.00")
        return asena(f"INF^{self.serial}^-^{mode}^{rate}^ml/h^^1.000^ml^17.91^mmHg^24+^EVENT^1")

    def heard(self, data: bytes) -> None:
        now = time.perf_counter_ns()
        if self.mute:
            return
        self.buffer += data
        *frames, self.buffer = self.buffer.split(b"\r")
        for frame in frames:
            self.answer(frame, now)

    def answer(self, frame: bytes, now: int) -> None:
        name = frame[1:].split(b"|", 1)[0].decode("ascii", "replace")
        if name == "INF":
            self.answer_status()
        elif name == "INF_STOP":
            if self.infusing and self.sent_at:
                self.samples_us.append((now - self.sent_at) / 1000)
            if self.infusing:
                self.infusing, self.sent_at, self.held_at = False, 0, time.monotonic()
            self.write(asena("INF_STOP"))
        else:
            self.write(asena(_plain_answer(name, self.serial)))

    def answer_status(self) -> None:
        if self.cycling and not self.infusing:
            self.infusing = time.monotonic() - self.held_at > HOLD_S
        self.statuses += 1
        data = self.status()
        if self.infusing and self.cycling and not self.sent_at:
            self.sent_at = time.perf_counter_ns()
        self.write(data)

    def push(self) -> None:
        """An unasked over-ceiling status, for the control: whatever answers it is one sample."""
        self.infusing, self.sent_at = True, time.perf_counter_ns()
        self.write(self.status())

    def write(self, data: bytes) -> None:
        try:
            os.write(self.port.fd, data)
            self.last_sent = time.monotonic()
            self.written += 1
        except BlockingIOError:
            return


def _plain_answer(name: str, serial: str) -> str:
    fixed = {
        "INST_SERIALNO": f"INST_SERIALNO^{serial}",
        "COMMS_PROTOCOL": "COMMS_PROTOCOL^Asena Rev 2.1.5",
        "COMMS_RESPONSE_MAX": "COMMS_RESPONSE_MAX^4000^ms",
        "ALARM": "ALARM^AL_NOALM^ ^ ",
        "REMQUERY^DEACT": "REMQUERY^DEACT^^^^",
    }
    if name.startswith("REMOTE_CTRL^ENABLED"):
        return "REMOTE_CTRL^ENABLED^****^PERMIT^0^ms"
    return fixed.get(name, name)


@dataclass
class Monitor:
    """Answers enable with its id, then sends numerics once a second: those of `script`, the last of them for ever.

    first_sent: when each of them was first sent (CLOCK_MONOTONIC).
    """

    port: Port
    enabled: bool = False
    sent: int = 0
    mute: bool = False
    last_sent: float = 0.0
    script: list[bytes] = field(default_factory=lambda: [NUMERICS])
    first_sent: dict[bytes, float] = field(default_factory=dict)

    def heard(self, data: bytes) -> None:
        if b"\x85\x01\x01\x00" in data:
            self.enabled = True
            os.write(self.port.fd, DEVICE_ID)

    def beat(self) -> None:
        if not self.enabled or self.mute:
            return
        frame = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        self.first_sent.setdefault(frame, time.monotonic())
        try:
            os.write(self.port.fd, frame)
            self.sent += 1
            self.last_sent = time.monotonic()
        except BlockingIOError:
            return


def evenly(number: int, chosen: int) -> list[bool]:
    """For each of `number`, whether it is one of the `chosen`, which are spread evenly."""
    return [i * chosen // number != (i - 1) * chosen // number for i in range(number)]


class Farm:
    """All devices on one epoll; `run` serves them until the deadline or until `until()` is true."""

    def __init__(self, folder: Path, pumps: int, monitors: int, cycling: int, every_s: float = 1.0) -> None:
        """every_s: how often each device speaks; the devices' turns are spread evenly over it, as no ward's devices
        speak at the same moment. The daemon asks bed after bed, so that pumps that trip are spread over the beds."""
        self.pumps = [
            Pump(Port(folder, f"p{i}"), f"8002-{i:05d}", "700.00" if trips else "7.00", cycling=trips)
            for i, trips in enumerate(evenly(pumps, cycling))
        ]
        self.monitors = [Monitor(Port(folder, f"m{i}")) for i in range(monitors)]
        self._poll = select.epoll()
        self._heard: dict[int, Callable[[bytes], None]] = {}
        for device in self.devices():
            self._poll.register(device.port.fd, select.EPOLLIN)
            self._heard[device.port.fd] = device.heard
        start = time.monotonic()
        self._agenda = [(start + every_s * i / max(1, monitors), i, -1) for i in range(monitors)]
        self._agenda += [(start + every_s * (i + 0.5) / max(1, pumps), -1, i) for i in range(pumps)]
        heapq.heapify(self._agenda)
        self.push_s: float | None = None  # the control's echo does not poll: statuses are pushed that often
        self.beat_s = every_s
        self._paused_at = start

    def devices(self) -> list[Pump | Monitor]:
        return [*self.pumps, *self.monitors]

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end and not until():
            self.answer(self.beats(now))

    def pause(self) -> None:
        """Say nothing of one's own from now on: `answer` goes on."""
        self._paused_at = time.monotonic()

    def resume(self) -> None:
        """Go on where `pause` left off; nothing that was due meanwhile is said at once."""
        late_s = time.monotonic() - self._paused_at
        self._agenda = [(due + late_s, monitor, pump) for due, monitor, pump in self._agenda]

    def answer(self, wait_s: float = 0.0) -> None:
        """What was asked is answered."""
        for fd, _ in self._poll.poll(wait_s):
            try:
                data = os.read(fd, 4096)
            except OSError:
                continue
            self._heard[fd](data)

    def beats(self, now: float) -> float:
        """What is due is sent; seconds until the next, at most 0.05."""
        while self._agenda[0][0] <= now:
            due, monitor, pump = heapq.heappop(self._agenda)
            if monitor >= 0:
                self.monitors[monitor].beat()
                heapq.heappush(self._agenda, (due + self.beat_s, monitor, pump))
            else:
                if self.push_s is not None:
                    self.pumps[pump].push()
                heapq.heappush(self._agenda, (due + (self.push_s or 1.0), monitor, pump))
        return min(0.05, self._agenda[0][0] - now)

    def silence(self) -> None:
        """Nothing is sent any more, so that what was sent can be compared with what was heard."""
        for device in self.devices():
            device.mute = True

    def written(self) -> int:
        """Frames that all devices have sent."""
        return sum(pump.written for pump in self.pumps) + sum(monitor.sent for monitor in self.monitors)

    def samples_us(self) -> list[float]:
        return [s for pump in self.pumps for s in pump.samples_us]

    def forget_samples(self) -> None:
        for pump in self.pumps:
            pump.samples_us.clear()
            pump.sent_at = 0

    def close(self) -> None:
        self._poll.close()
        for device in self.devices():
            device.port.close()
