"""Runs a hub until it is told to end, and says where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pumpd.hub.config import HubConfig
from pumpd.hub.hub import Hub


async def serve_hub(config: HubConfig, say: Callable[[Iterable[str]], None]) -> None:
    """Raises JournalOpenError or OSError."""
    hub = Hub(config)
    await hub.start()
    try:
        scheme = "http" if config.server.tls is None else "https"
        host = f"[{config.server.host}]" if ":" in config.server.host else config.server.host
        say([f"pumpd: hub {config.id} ({config.name}): {scheme}://{host}:{hub.port}/"])
        if hub.reception is not None and (token := hub.reception.signin.setup.token):
            say(["pumpd: there is no account yet: open the page and make the first one with this token:"])
            say([f"pumpd:   {token}   (also in {hub.reception.signin.setup.file})"])
        await hub.wait()
    finally:
        await hub.stop()
