"""Looking at one device line: the daemon's own session with control off, and the raw line below it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from pumpd.cli.common import could_not_run
from pumpd.config.problems import did_you_mean
from pumpd.registry import broken, drivers

if TYPE_CHECKING:
    from pumpd.bedside.session import DeviceSession
    from pumpd.config.link_url import LinkSpec
    from pumpd.device import Driver, Unmapped, Waveform
    from pumpd.links import Ear
    from pumpd.safety.events import Event

DEVICE_ID = "device"


def link_of(port: str, receive_only: bool = False) -> str:
    """A link URL from what a person types: /dev/ttyUSB0, host:port, or a link. receive_only: nothing is ever sent."""
    link = port
    if "://" not in port:
        link = f"serial://{port}" if port.startswith("/") else f"socket://{port}"
    if not receive_only or "receive_only=1" in link:
        return link
    link = link.replace("?receive_only=0&", "?").replace("&receive_only=0", "").replace("?receive_only=0", "")
    return f"{link}{'&' if '?' in link else '?'}receive_only=1"


def driver_or_leave(name: str) -> type[Driver]:
    """The driver, or exit code 2 with the nearest name."""
    found = drivers().get(name)
    if found is not None:
        return found
    reason = next((one.reason for one in broken() if one.name == name), None)
    if reason is not None:
        could_not_run(f'driver "{name}" cannot be loaded: {reason}')
    could_not_run(f'unknown driver "{name}"{did_you_mean(name, drivers())}')


def link_or_leave(link: str) -> LinkSpec:
    """What the link says, or exit code 2 with what was expected."""
    from pumpd.config.link_url import LinkError, parse_link

    spec = parse_link(link)
    if isinstance(spec, LinkError):
        could_not_run(spec.message)
    return spec


def open_session(
    link: str,
    driver: type[Driver],
    post: Callable[[Event], object],
    aside: Callable[[Unmapped | Waveform], object] = lambda fact: None,
    ear: Ear | None = None,
) -> DeviceSession:
    """The daemon's session for one line, with control off: it reads status, it never takes or uses control."""
    from pumpd.bedside.session import DeviceSession
    from pumpd.clock import Clock
    from pumpd.config.link_url import driver_options
    from pumpd.config.model import DeviceConfig, LinkTimes, ShellTimes

    options = driver_options(link, {})
    device = DeviceConfig(DEVICE_ID, driver.info.name, driver.info, link, None, False, None, options)
    session = DeviceSession(device, driver, Clock(), post, links=LinkTimes(), shell=ShellTimes(), aside=aside, ear=ear)
    session.start()
    return session


def quiet_logs() -> None:
    """Only what is worse than information, and on standard error."""
    import logging
    import sys

    import structlog

    from pumpd.cli.logs import printing_to

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=printing_to(lambda: sys.stderr),
    )


async def sleep_until_told(seconds: float | None) -> None:
    """Wait so long, or for ever when None (until Ctrl-C)."""
    if seconds is None:
        await asyncio.Event().wait()
    else:
        await asyncio.sleep(seconds)
