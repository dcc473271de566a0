"""rfc2217:// lines against a server that is not ours: settings, every byte value, refusals, restarts, stops."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator

import pytest

from pumpd.config.model import LinkTimes
from pumpd.device import Line as LineSettings
from pumpd.device import Parity
from pumpd.links import Reason
from pumpd.links.server_port import ServerPort
from tests.links.ends import QUICK, PtyEnd, Watched
from tests.links.serial_server import PortOfServer, SerialServer

Watch = Callable[..., Watched]
BYTES = bytes(range(256)) + b"\xff\xff\xff\xfa\xff\xf0"
AGREED_AND_SET = bytes.fromhex(
    "ff fd 2c  ff fa 2c 65 00 00 4b 00 ff f0  ff fa 2c 66 08 ff f0  ff fa 2c 67 03 ff f0  ff fa 2c 68 01 ff f0"
)
GE = LineSettings(bauds=(19200,), parity=Parity.EVEN, rtscts=True)


@pytest.fixture
def serve(end: PtyEnd) -> Iterator[Callable[..., SerialServer]]:
    made: list[SerialServer] = []

    def make(**refuses: object) -> SerialServer:
        made.append(SerialServer(end.path, refuses))
        return made[-1]

    yield make
    for one in made:
        one.close()


def settings_of(server: SerialServer) -> PortOfServer:
    assert server.settings is not None
    return server.settings


async def test_every_byte_value_passes_both_ways_through_the_server(
    end: PtyEnd, serve: Callable[..., SerialServer], watch: Watch
) -> None:
    server = serve()
    line = watch(f"rfc2217://127.0.0.1:{server.port}")
    await line.until_up()
    assert line.line.write(BYTES)
    assert await end.read(len(BYTES)) == BYTES
    end.send(BYTES)
    await line.until(lambda: len(line.heard) == len(BYTES))
    assert line.heard == BYTES


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (GE, (19200, 8, "E", 1, True, True)),
        (LineSettings(bauds=(1200,), data_bits=7, parity=Parity.EVEN), (1200, 7, "E", 1, False, True)),
        (LineSettings(bauds=(9600,), parity=Parity.ODD, stop_bits=2, dtr=False), (9600, 8, "O", 2, False, False)),
    ],
)
async def test_the_servers_port_has_the_drivers_settings_before_the_line_is_up(
    serve: Callable[..., SerialServer], watch: Watch, settings: LineSettings, expected: tuple[object, ...]
) -> None:
    server = serve()
    line = watch(f"rfc2217://127.0.0.1:{server.port}", settings=settings)
    await line.until_up()
    port = settings_of(server)
    assert (port.baudrate, port.bytesize, port.parity, port.stopbits, port.rtscts, port.dtr) == expected
    assert not port.xonxoff


async def test_the_wards_speed_goes_before_the_drivers(serve: Callable[..., SerialServer], watch: Watch) -> None:
    server = serve()
    line = watch(f"rfc2217://127.0.0.1:{server.port}?baud=57600", settings=GE)
    await line.until_up()
    line.line.set_baud(9600)
    assert settings_of(server).baudrate == 57600


async def test_another_speed_is_in_force_before_the_next_frame_leaves(
    end: PtyEnd, serve: Callable[..., SerialServer], watch: Watch
) -> None:
    server = serve()
    line = watch(f"rfc2217://127.0.0.1:{server.port}", settings=GE)
    await line.until_up()
    line.line.set_baud(115200)
    line.line.write(b"enable")
    assert await end.read(6) == b"enable"
    assert settings_of(server).baudrate == 115200


@pytest.mark.parametrize(
    ("refuses", "words"),
    [
        ({"baudrate": 19200}, "the server set 1200 baud instead of 19200 baud"),
        ({"parity": "E"}, "the server set odd parity instead of even parity"),
        ({"bytesize": 8}, "the server set 5 data bits instead of 8 data bits"),
        ({"stopbits": 1}, "the server set 2 stop bits instead of 1 stop bit"),
    ],
)
async def test_a_refused_setting_is_told_in_words_and_the_line_never_comes_up(
    serve: Callable[..., SerialServer], watch: Watch, refuses: dict[str, object], words: str
) -> None:
    server = serve(**refuses)
    line = watch(f"rfc2217://127.0.0.1:{server.port}", settings=GE)
    trouble = await line.until_down()
    assert (trouble.reason, trouble.detail) == (Reason.NOT_SET, words)
    assert None not in line.states
    assert not line.line.write(b"x")


async def test_each_question_has_the_whole_time_for_its_answer(
    serve: Callable[..., SerialServer], watch: Watch
) -> None:
    line = watch(f"rfc2217://127.0.0.1:{serve().port}", settings=GE)
    await line.until_up()
    pipe = line.line._pipe
    assert isinstance(pipe, ServerPort)
    assert pipe._deadline is None
    asked_s = asyncio.get_running_loop().time()
    line.line.set_baud(9600)
    assert pipe._deadline is not None
    assert pipe._deadline.when() >= asked_s + QUICK.connect_timeout_ms / 1000


async def test_a_speed_that_is_refused_later_drops_the_line_with_words(
    serve: Callable[..., SerialServer], watch: Watch
) -> None:
    server = serve(baudrate=115200)
    line = watch(f"rfc2217://127.0.0.1:{server.port}", settings=GE)
    await line.until_up()
    line.line.set_baud(115200)
    await line.until(lambda: line.states[-1] is not None or line.states.count(None) > 1)
    assert "the server set 19200 baud instead of 115200 baud" in [state.detail for state in line.states if state]


async def test_a_server_that_restarts_is_set_up_anew(
    end: PtyEnd, serve: Callable[..., SerialServer], watch: Watch
) -> None:
    server = serve()
    line = watch(f"rfc2217://127.0.0.1:{server.port}", settings=GE)
    for times in (1, 2, 3):
        await line.until_up(times)
        assert settings_of(server).parity == "E"
        end.send(b"<%d>" % times)
        await line.until(lambda times=times: line.heard.endswith(b"<%d>" % times))
        server.hang_up()
    await line.until_up(4)
    assert {state.reason for state in line.states if state} <= {Reason.RESET, Reason.REFUSED}


async def raw_server() -> tuple[asyncio.Server, int, asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]:
    connections: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await connections.put((reader, writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1], connections


async def test_a_raw_port_that_answers_nothing_is_told_in_words(watch: Watch) -> None:
    server, port, connections = await raw_server()
    line = watch(f"rfc2217://127.0.0.1:{port}", LinkTimes(backoff_first_ms=1, connect_timeout_ms=30))
    trouble = await line.until_down()
    assert str(trouble) == (
        "serial port not set up: the server did not answer within 0.03 s: COM-PORT-OPTION (RFC 2217); "
        "a raw TCP port is socket://host:port"
    )
    await line.line.close()
    server.close()
    while not connections.empty():
        connections.get_nowait()[1].close()


async def test_the_devices_bytes_before_the_port_is_set_up_are_left_out(
    end: PtyEnd, serve: Callable[..., SerialServer], watch: Watch
) -> None:
    end.send(b"at a wrong speed")
    server = serve()
    line = watch(f"rfc2217://127.0.0.1:{server.port}", settings=GE)
    await line.until_up()
    assert settings_of(server).purged in ([], ["received", "to be sent"])  # the purge may still be on its way
    end.send(b"<good>")
    await line.until(lambda: line.heard.endswith(b"<good>"))


@pytest.mark.req("INT-02")
async def test_a_stop_leaves_although_the_server_has_suspended_what_is_sent(
    end: PtyEnd, serve: Callable[..., SerialServer], watch: Watch
) -> None:
    server = serve()
    line = watch(f"rfc2217://127.0.0.1:{server.port}", settings=GE)
    await line.until_up()
    server.notify(108)
    end.send(b"suspended")  # comes after the notice
    await line.until(lambda: line.heard == b"suspended")
    assert line.line.write(b"<poll>")
    assert line.line.write(b"<STOP>", urgent=True)
    assert line.line.write(b"<next>")
    assert await end.read(6) == b"<STOP>"
    server.notify(109)
    assert await end.read(6) == b"<next>"


@pytest.mark.req("INT-02")
async def test_a_stop_overtakes_a_blocked_queue_at_a_server_that_reads_nothing(watch: Watch) -> None:
    server, port, connections = await raw_server()
    line = watch(f"rfc2217://127.0.0.1:{port}", LinkTimes(write_buffer_bytes=4096), settings=GE)
    reader, writer = await connections.get()
    writer.write(AGREED_AND_SET)
    await line.until_up()
    while line.line._pipe is not None and not line.line._pipe.unsent():
        assert line.line.write(b"<" + b"p" * 2000 + b">")
    line.line.write(b"<waits>")
    assert line.line.write(b"<STOP>", urgent=True)
    got = b""
    while not got.endswith(b"<STOP>"):
        got += await reader.read(1 << 20)
    assert b"<waits>" not in got
    await line.line.close()
    writer.close()
    server.close()


async def test_what_a_server_says_before_it_hangs_up_is_told(watch: Watch) -> None:
    server, port, connections = await raw_server()
    line = watch(f"rfc2217://127.0.0.1:{port}")
    _, writer = await connections.get()
    writer.write(b"\xff\xfb\x03\xff\xfb\x01Port already in use\r\n")
    writer.close()
    assert str(await line.until_down()) == 'connection lost: the server said "Port already in use"'
    await line.line.close()
    server.close()
    while not connections.empty():
        connections.get_nowait()[1].close()


async def test_closing_a_line_that_is_being_set_up_leaves_nothing_behind(watch: Watch) -> None:
    server, port, connections = await raw_server()
    line = watch(f"rfc2217://127.0.0.1:{port}")
    _, writer = await connections.get()
    await line.line.close()
    assert line.states == []
    writer.close()
    server.close()


async def test_a_server_that_asks_without_end_and_reads_nothing_is_dropped(watch: Watch) -> None:
    server, port, connections = await raw_server()
    line = watch(f"rfc2217://127.0.0.1:{port}", LinkTimes(backoff_first_ms=60_000, connect_timeout_ms=60_000))
    _, writer = await connections.get()
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    question = b"\xff\xfd\x63" * 20_000  # DO 99: each is answered with WONT
    while not line.states:
        writer.write(question)
        await asyncio.sleep(0)
    assert str(await line.until_down()) == "failed: the serial server asks and does not read the answers"
    await line.line.close()
    writer.transport.abort()
    server.close()


async def test_a_megabyte_of_noise_from_a_server_is_no_bug_of_ours(watch: Watch) -> None:
    noise = random.Random(1)
    server, port, connections = await raw_server()
    line = watch(f"rfc2217://127.0.0.1:{port}", LinkTimes(backoff_first_ms=1, backoff_max_ms=1))
    for _ in range(16):
        _, writer = await connections.get()
        data = noise.randbytes(65_536)
        writer.write(AGREED_AND_SET + data.replace(b"\x2c", b"\xff\xfa\x2c") if noise.random() < 0.5 else data)
        writer.close()
        await line.until_down()
    assert Reason.FAILED not in [state.reason for state in line.states if state]
    await line.line.close()
    server.close()
    while not connections.empty():
        connections.get_nowait()[1].close()
