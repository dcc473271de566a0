"""What `pumpd check` says of MQTT: which broker, under which topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pumpd.config.bus_settings import BusSettings


def mqtt_meaning(bus: BusSettings) -> dict[str, Any]:
    """The table as one value."""
    broker, tls = bus.broker, bus.broker.tls
    return {
        "host": broker.host,
        "port": broker.port,
        "tls": tls is not None,
        "client_certificate": tls is not None and bool(tls.certificate),
        "username": broker.username or None,
        "topics": f"pumpd/v1/{bus.site}/{bus.ward}/",
        "page": bus.page,
        "advisory_after_s": None if bus.away_ms is None else bus.away_ms / 1000,
    }


def mqtt_lines(meaning: dict[str, Any]) -> list[str]:
    """For people."""
    ways = [("TLS", meaning["tls"]), ("client certificate", meaning["client_certificate"])]
    who = [f"as {meaning['username']}"] if meaning["username"] else []
    secure = ", ".join([word for word, used in ways if used] + who)
    after_s = meaning["advisory_after_s"]
    away = "is not told at the beds" if after_s is None else f"is an advisory after {after_s:g} s"
    return [
        f"\nMQTT: {meaning['topics']}# on {meaning['host']}:{meaning['port']}{f' ({secure})' if secure else ''}",
        f"  the hospital's page {f'leads to {page}' if (page := meaning['page']) else 'knows no way to this ward'}",
        f"  a broker that is away {away}; nobody's name leaves, and no pump can be commanded there",
    ]
