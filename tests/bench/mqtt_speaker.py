"""One end of the MQTT bench, a process of its own: `python -m tests.bench.mqtt_speaker ROLE PORT RATE QOS SECONDS`.

Roles: say_ours, hear_ours (the bus's own connection, pumpd.bus.wire) and say_raw, hear_raw (bare packets). A speaker
prints "ready", speaks for SECONDS once a line comes in, and prints one JSON line; a listener prints "ready", and its
line once SECONDS are over. Both on uvloop, as the daemon. Every message says when it was made.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable

import uvloop

from pumpd.bus.wire import Heard, connect
from pumpd.config.bus_settings import Broker
from tests.bench import mqtt_codec
from tests.bench.report import percentile

TICK_S = 0.005
WARMUP_S = 0.5
TAIL_S = 0.5
TOPIC = "pumpd/v1/st-elsewhere/bench/bed/b1/event"
PAYLOAD = 200
MOST_NUMBER = 65535

Say = Callable[[bytes], None]


class Counted:
    """Milliseconds from each message's making to its answer (or arrival); messages; CPU since the warm-up."""

    def __init__(self) -> None:
        self.waits_ms: list[float] = []
        self.sent = 0
        self._cpu_s = 0.0

    def begin(self) -> None:
        self.waits_ms.clear()
        self.sent, self._cpu_s = 0, cpu_s()

    def done(self, made_ns: int) -> None:
        self.waits_ms.append((time.monotonic_ns() - made_ns) / 1e6)

    def told(self, seconds: float) -> dict[str, float]:
        count = len(self.waits_ms)
        return {
            "count": count,
            "sent": self.sent,
            "per_s": count / seconds,
            "cpu_us": (cpu_s() - self._cpu_s) / max(1, count) * 1e6,
            "p50_ms": percentile(self.waits_ms, 0.5),
            "p99_ms": percentile(self.waits_ms, 0.99),
        }


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def message() -> bytes:
    return (b"%d " % time.monotonic_ns()).ljust(PAYLOAD, b"x")


def made_ns(payload: bytes) -> int:
    return int(payload.split(b" ", 1)[0])


async def paced(say: Say, rate: int, seconds: float, counted: Counted) -> None:
    """`rate` messages a second, as many in each tick as are due. The warm-up before does not count."""
    loop = asyncio.get_running_loop()
    began = due = loop.time()
    end, sent, warm = began + WARMUP_S + seconds, 0, False
    while (now := loop.time()) < end:
        if not warm and now >= began + WARMUP_S:
            counted.begin()
            warm = True
        for _ in range(int((now - began) * rate) - sent):
            say(message())
            sent += 1
            counted.sent += 1
        due += max(TICK_S, 1 / rate)
        await asyncio.sleep(max(0.0, due - loop.time()))


# --- speaking ------------------------------------------------------------------------------------------------


async def say_ours(port: int, qos: int, speak: Callable[[Say], Awaitable[None]], counted: Counted) -> None:
    loop, tasks = asyncio.get_running_loop(), set[asyncio.Task[None]]()
    async with connect(Broker("127.0.0.1", port), "say-ours") as link:

        async def one(payload: bytes) -> None:
            await link.publish(TOPIC, payload, qos=qos)
            counted.done(made_ns(payload))

        def say(payload: bytes) -> None:
            task = loop.create_task(one(payload))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        await speak(say)
        for task in tuple(tasks):
            task.cancel()


async def say_raw(port: int, qos: int, speak: Callable[[Say], Awaitable[None]], counted: Counted) -> None:
    waiting: dict[int, int] = {}
    number = 0

    def take(kind: int, body: bytes) -> None:
        if kind == mqtt_codec.PUBACK and (made := waiting.pop(int.from_bytes(body[:2], "big"), None)) is not None:
            counted.done(made)

    raw = await mqtt_codec.opened(port, "say-raw", take)

    def say(payload: bytes) -> None:
        nonlocal number
        number = number % MOST_NUMBER + 1 if qos else 0
        raw.transport.write(mqtt_codec.publish(TOPIC, payload, number=number))
        if qos:
            waiting[number] = made_ns(payload)
        else:
            counted.done(made_ns(payload))

    await speak(say)


# --- listening -----------------------------------------------------------------------------------------------


async def hear_ours(port: int, qos: int, listen: Callable[[], Awaitable[None]], counted: Counted) -> None:
    def hear(heard: Heard) -> None:
        counted.done(made_ns(heard.payload))

    async with connect(Broker("127.0.0.1", port), "hear-ours", hear=hear) as link:
        await link.subscribe([TOPIC], qos=qos)
        await listen()


async def hear_raw(port: int, qos: int, listen: Callable[[], Awaitable[None]], counted: Counted) -> None:
    def take(kind: int, body: bytes) -> None:
        _, number, payload = mqtt_codec.published(kind, body)
        if number:
            raw.transport.write(mqtt_codec.packet(mqtt_codec.PUBACK, number.to_bytes(2, "big")))
        counted.done(made_ns(payload))

    raw = await mqtt_codec.opened(port, "hear-raw", take)
    raw.transport.write(mqtt_codec.subscribe(TOPIC, qos))
    await raw.answered.wait()
    await listen()


async def main(role: str, port: int, rate: int, qos: int, seconds: float) -> None:
    counted = Counted()

    async def started() -> None:
        print("ready", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)

    async def speak(say: Say) -> None:
        await started()
        await paced(say, rate, seconds, counted)
        told = counted.told(seconds)
        await asyncio.sleep(TAIL_S)
        print(json.dumps(told), flush=True)

    async def listen() -> None:
        await started()
        await asyncio.sleep(WARMUP_S)
        counted.begin()
        await asyncio.sleep(seconds)
        print(json.dumps(counted.told(seconds)), flush=True)

    if role.startswith("say"):
        await (say_ours if role == "say_ours" else say_raw)(port, qos, speak, counted)
    else:
        await (hear_ours if role == "hear_ours" else hear_raw)(port, qos, listen, counted)
    os._exit(0)


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # the library complains of each message above ten in flight
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])))
