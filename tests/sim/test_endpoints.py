"""Real ptys and real TCP ports: bytes both ways, unplugged and plugged in again."""

import asyncio
import errno
import os
import termios
import tty

import pytest
import serial

from pumpd.registry import drivers
from pumpd.sim import (
    CATALOG,
    AsenaSim,
    CapnostreamSim,
    DeviceLine,
    PtyEndpoint,
    SerialEndpoint,
    SimClock,
    SimPatient,
    TcpEndpoint,
)
from pumpd.sim.asena_frame import frame
from pumpd.sim.capno_frame import encode
from pumpd.sim.endpoint_tty import framed

ASK, ANSWER = frame("INST_SERIALNO"), frame("INST_SERIALNO^8002-51740")


@pytest.fixture
async def pty_line(tmp_path):
    line = DeviceLine(AsenaSim(), PtyEndpoint(tmp_path / "the pump"), SimClock())
    line.open()
    yield line
    line.close()


@pytest.fixture
async def tcp_line():
    line = DeviceLine(AsenaSim(), TcpEndpoint(), SimClock())
    line.open()
    yield line
    line.close()


async def _readable(fd: int) -> None:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)


async def _read(fd: int, length: int) -> bytes:
    data = b""
    while len(data) < length:
        await _readable(fd)
        data += os.read(fd, length - len(data))
    return data


def _open(path) -> int:
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(fd)
    return fd


async def test_a_pump_answers_on_a_pty_behind_a_path_with_a_space(pty_line):
    fd = _open(pty_line.endpoint.path)
    os.write(fd, ASK)
    assert await _read(fd, len(ANSWER)) == ANSWER
    os.close(fd)


async def test_the_url_names_the_symlink_as_it_is_written(pty_line):
    assert pty_line.endpoint.url == f"serial://{pty_line.endpoint.path}"


async def test_hosts_may_come_and_go_on_the_same_plug_in(pty_line):
    for _ in range(3):
        fd = _open(pty_line.endpoint.path)
        os.write(fd, ASK)
        assert await _read(fd, len(ANSWER)) == ANSWER
        os.close(fd)


async def test_unplugging_hangs_up_and_removes_the_device_and_replugging_makes_a_fresh_one(pty_line):
    endpoint = pty_line.endpoint
    fd = _open(endpoint.path)
    endpoint.unplug()
    endpoint.unplug()
    await _readable(fd)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        os.write(fd, ASK)
    assert not endpoint.path.is_symlink()
    endpoint.replug()
    endpoint.replug()
    again = _open(endpoint.path)
    os.write(again, ASK)
    assert await _read(again, len(ANSWER)) == ANSWER
    os.close(fd)
    os.close(again)


async def test_a_talker_that_nobody_reads_never_blocks_and_a_late_reader_hears_the_present(pty_line):
    for number in range(20_000):
        pty_line.endpoint.write(b"%07d\n" % number)
    fd = _open(pty_line.endpoint.path)
    heard = b""
    while b"the present" not in heard:  # what is written while the kernel still drops what is old may go with it
        pty_line.endpoint.write(b"the present\n")
        await _readable(fd)
        heard += os.read(fd, 100_000)
    assert b"0000000\n" not in heard
    os.close(fd)


class _Watched(CapnostreamSim):
    """Says when bytes have come."""

    def __init__(self, **options) -> None:
        super().__init__(SimPatient(), **options)
        self.touched = asyncio.Event()

    def receive(self, data: bytes, now_ms: int) -> bytes:
        self.touched.set()
        return super().receive(data, now_ms)


@pytest.mark.parametrize("baud", [9600, 115200])
async def test_a_monitor_on_a_pty_understands_only_its_own_speed(tmp_path, baud):
    monitor = _Watched(baud=9600)
    line = DeviceLine(monitor, PtyEndpoint(tmp_path / "monitor"), SimClock())
    line.open()
    with serial.Serial(str(tmp_path / "monitor"), baud, timeout=0) as port:
        port.write(encode(1))
        await monitor.touched.wait()
    assert sum(monitor.heard.values()) == (baud == 9600)
    line.close()


async def test_a_pump_answers_every_client_on_tcp(tcp_line):
    port = tcp_line.endpoint.port
    first, second = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
    for _, writer in (first, second):
        writer.write(ASK)
    for reader, writer in (first, second):
        assert await reader.readexactly(len(ANSWER)) == ANSWER
        writer.close()


async def test_an_unplugged_tcp_device_closes_and_refuses_and_comes_back_on_its_port(tcp_line):
    endpoint = tcp_line.endpoint
    reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
    writer.write(ASK)
    await reader.readexactly(len(ANSWER))
    endpoint.unplug()
    assert await reader.read() == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", endpoint.port)
    endpoint.replug()
    reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
    writer.write(ASK)
    assert await reader.readexactly(len(ANSWER)) == ANSWER
    writer.close()


async def test_a_half_open_connection_takes_bytes_and_never_answers_nor_ends(tcp_line):
    endpoint, pump = tcp_line.endpoint, tcp_line.device
    reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
    writer.write(ASK)
    await reader.readexactly(len(ANSWER))
    endpoint.half_open()
    writer.write(ASK)
    await writer.drain()
    endpoint.write(b"unheard")
    endpoint.replug()
    with pytest.raises(ConnectionResetError):
        await reader.read()
    assert pump.heard["INST_SERIALNO"] == 1
    writer.close()


async def test_late_bytes_arrive_without_anything_from_the_host(tcp_line):
    pump = tcp_line.device
    pump.faults.late_ack_ms = 20
    reader, writer = await asyncio.open_connection("127.0.0.1", tcp_line.endpoint.port)
    writer.write(frame("REMOTE_CTRL^ENABLED^3CC1") + frame("INF_STOP"))
    await reader.readuntil(b"\r")
    assert await reader.readuntil(b"\r") == frame("INF_STOP")
    writer.close()


async def test_a_device_may_sit_at_the_far_end_of_a_real_port():
    near, far = os.openpty()
    os.set_blocking(near, False)
    line = DeviceLine(AsenaSim(), SerialEndpoint(os.ttyname(far), 38400), SimClock())
    line.open()
    os.write(near, ASK)
    assert await _read(near, len(ANSWER)) == ANSWER
    line.close()
    os.close(near)
    os.close(far)


async def test_a_file_that_is_no_link_is_never_replaced(tmp_path):
    precious = tmp_path / "notes.txt"
    precious.write_text("keep")
    endpoint = PtyEndpoint(precious)
    with pytest.raises(FileExistsError):
        endpoint.open(lambda data: None)
    assert precious.read_text() == "keep"
    assert not endpoint.plugged


@pytest.mark.parametrize("frame", ["8N", "8E", "7E", "7O"])
def test_a_serial_port_gets_the_data_bits_and_the_parity_of_the_device(frame):
    before = termios.CS8 | termios.PARODD | termios.CREAD
    after = framed(before, frame)
    assert after & termios.CSIZE == {"7": termios.CS7, "8": termios.CS8}[frame[0]]
    assert bool(after & termios.PARENB) == (frame[1] != "N")
    assert bool(after & termios.PARODD) == (frame[1] == "O")
    assert after & termios.CREAD


def test_every_simulator_stands_on_the_line_that_its_driver_declares():
    for name, driver in drivers().items():
        line = driver.info.line
        assert CATALOG[name].baud in line.bauds, name
        assert CATALOG[name].frame == f"{line.data_bits}{line.parity.value}", name
