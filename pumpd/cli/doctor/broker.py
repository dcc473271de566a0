"""The ward's MQTT broker: whether it lets us in, what we may write there, and its certificate's last day.

What is written to find out is empty, not kept, and of nothing that exists: readers make nothing of it.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Iterator

from pumpd.bus.topics import Topics
from pumpd.bus.wire import LinkLost, connect, presented
from pumpd.cli.doctor.certificates import DAY_S, SOON_DAYS
from pumpd.cli.doctor.finding import Finding, fail, ok, warn
from pumpd.config.bus_settings import Broker, BusSettings

BROKER_S = 10.0
NOTHING = "doctor"


def broker(settings: BusSettings, bed: str) -> Iterator[Finding]:
    """Signs in there under a name of its own, asks, and leaves. bed: one of the ward's."""
    at = settings.broker
    place = f"{at.host}:{at.port}"
    try:
        own, others = asyncio.run(_asked(settings, bed))
    except (LinkLost, OSError, TimeoutError, ValueError) as error:
        why = str(error) or "no answer"
        yield warn("broker", f"{place}: {why}", "the ward works without; its address, name, password, certificate?")
        return
    if at.tls is None and at.host not in ("127.0.0.1", "localhost", "::1"):
        yield warn("broker", f"{place} answers, and is not encrypted", "mqtts:// with [mqtt.tls]")
    else:
        yield ok("broker", f"{place} lets us in")
    yield from _rights(settings, own, others)
    if at.tls is not None:
        yield from _certificate(at, place)


async def _asked(settings: BusSettings, bed: str) -> tuple[list[str], bool]:
    """What of our own we may not write; whether we may write for another ward."""
    topics, other = Topics(settings.site, settings.ward), Topics(settings.site, f"{settings.ward}-{NOTHING}")
    wanted = (
        topics.state,
        topics.birth,
        topics.health,
        topics.frame(bed),
        topics.device(NOTHING),
        topics.alarm(bed, NOTHING),
        topics.event(bed),
        topics.event(bed, historical=True),
    )
    name = f"pumpd-{NOTHING}-{os.getpid()}"
    async with asyncio.timeout(BROKER_S), connect(settings.broker, name) as link:
        refused = [topic for topic in wanted if not await link.may_publish(topic)]
        return refused, await link.may_publish(other.health)


def _rights(settings: BusSettings, refused: list[str], others: bool) -> Iterator[Finding]:
    base = Topics(settings.site, settings.ward).base
    if refused:
        todo = f"in its access list: write {base}/# (deploy/mosquitto)"
        yield fail("broker", f"we may not write {', '.join(refused)}: the hospital would not see us", todo)
    else:
        yield ok("broker", f"we may write {base}/#")
    if others:
        todo = "an identity and an access list for each ward (deploy/mosquitto): anybody could speak for any ward"
        yield warn("broker", "we may write for other wards, too", todo)


def _certificate(at: Broker, place: str) -> Iterator[Finding]:
    try:
        left_days = (ssl.cert_time_to_seconds(str(presented(at)["notAfter"])) - time.time()) / DAY_S
    except (OSError, ValueError, KeyError) as error:
        yield warn("broker", f"{place}: its certificate is not seen: {error}", "ask who runs it")
        return
    said = f"{place}: its certificate is good for {left_days:.0f} days"
    yield ok("broker", said) if left_days >= SOON_DAYS else warn("broker", said, "tell who runs it: renew it")
