"""What a gateway to other systems (HL7) is given by the daemon, and what it is asked for. Contracts and settings only.

A gateway is found by name through the entry-point group `pumpd.gateways`; pumpd imports none. It never calls a driver:
what it hears becomes an event of a bed, and the kernel decides. What it sends is written down before its first byte
leaves.
"""

from __future__ import annotations

from pumpd.gateways.port import GROUP, Gateway, GatewayPort, PeerState, RemoteDevice, Told
from pumpd.gateways.settings import (
    LINK_SCHEME,
    CompareSettings,
    Hl7Settings,
    KeepSettings,
    ListenSettings,
    PeerSettings,
    SendSettings,
    Tls,
)
from pumpd.gateways.store import Before, DeadLetter, MessageStore, Outgoing, Queued, Received
from pumpd.gateways.tools import TOOLS, Checked, Finding, Sent, Tools

__all__ = [
    "GROUP",
    "LINK_SCHEME",
    "TOOLS",
    "Before",
    "Checked",
    "CompareSettings",
    "DeadLetter",
    "Finding",
    "Gateway",
    "GatewayPort",
    "Hl7Settings",
    "KeepSettings",
    "ListenSettings",
    "MessageStore",
    "Outgoing",
    "PeerSettings",
    "PeerState",
    "Queued",
    "Received",
    "RemoteDevice",
    "SendSettings",
    "Sent",
    "Tls",
    "Told",
    "Tools",
]
