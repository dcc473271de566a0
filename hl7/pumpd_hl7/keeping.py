"""Messages that are done with do not stay for ever: once an hour the old ones go, as the ward file says."""

from __future__ import annotations

import asyncio

import structlog

from pumpd.gateways import Before, GatewayPort, KeepSettings
from pumpd.journal import JournalUnavailable

log = structlog.get_logger(__name__)
EVERY_S = 3600.0
US_PER_DAY = 86_400_000_000


def before(keep: KeepSettings, now_us: int) -> Before:
    """From when on back; 0 days: nothing is old."""
    days = (keep.received_days, keep.sent_days, keep.settled_days)
    return Before(*(now_us - count * US_PER_DAY if count else 0 for count in days))


async def keeping(keep: KeepSettings, port: GatewayPort) -> None:
    """For ever. The message that began an alarm which stands is not old."""
    while True:
        standing = {alarm.id for alarm in port.alarms()}
        try:
            gone = await port.store.expire(before(keep, port.wall_us()), standing)
        except JournalUnavailable as error:
            log.warning("hl7_old_messages_stay", why=str(error))
        else:
            if gone:
                log.info("hl7_old_messages_removed", count=gone)
        await asyncio.sleep(EVERY_S)
