"""What `pumpd check` says of HL7: what is listened to, from whom, and what is sent where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pumpd.gateways import Hl7Settings


def hl7_meaning(hl7: Hl7Settings) -> dict[str, Any]:
    """The tables as one value."""
    listen = hl7.listen
    return {
        "application": hl7.application,
        "listen": None
        if listen is None
        else {
            "host": listen.host,
            "port": listen.port,
            "tls": listen.tls is not None,
            "peers": [
                {
                    "id": peer.id,
                    "application": peer.application,
                    "may": list(peer.may),
                    "certificates": list(peer.certificates),
                }
                for peer in listen.peers
            ],
        },
        "send": [
            {
                "id": one.id,
                "host": one.host,
                "port": one.port,
                "tls": one.tls is not None,
                "messages": list(one.messages),
                "interval_s": one.interval_ms / 1000,
            }
            for one in hl7.send
        ],
        "locations": dict(hl7.locations),
        "keep": {"received": hl7.keep.received_days, "sent": hl7.keep.sent_days, "settled": hl7.keep.settled_days},
        "gateway": _trouble(),
    }


def _trouble() -> str:
    """ "" where the gateway is installed and can be loaded."""
    from pumpd.registry import BrokenGateway, gateway

    found = gateway("hl7")
    return found.reason if isinstance(found, BrokenGateway) else ""


def hl7_lines(meaning: dict[str, Any]) -> list[str]:
    """For people."""
    found = [f"\nHL7, as {meaning['application']}"]
    listen = meaning["listen"]
    if listen is not None:
        found.append(f"  listens on {listen['host']}:{listen['port']} (MLLP{_secure(listen)})")
        found += [
            f"    from {one['id']} (MSH-3 {one['application']}{_shows(one)}): {', '.join(one['may'])}"
            for one in listen["peers"]
        ]
        found += [f"    {place} is bed {bed}" for place, bed in meaning["locations"].items()]
    for one in meaning["send"]:
        often = f", every {one['interval_s']:g} s" if "PCD-01" in one["messages"] else ""
        found.append(
            f"  sends {', '.join(one['messages'])} to {one['id']} ({one['host']}:{one['port']}{_secure(one)}){often}"
        )
    kept = (f"{what} {days} days" if days else f"{what} for good" for what, days in meaning["keep"].items())
    found.append(f"  keeps messages that are done with: {', '.join(kept)}")
    if meaning["gateway"]:
        found.append(f"  warning: the gateway cannot be used: {meaning['gateway']}")
    return found


def _shows(one: dict[str, Any]) -> str:
    return f", certificate {' or '.join(one['certificates'])}" if one["certificates"] else ""


def _secure(one: dict[str, Any]) -> str:
    return ", TLS" if one["tls"] else ""
