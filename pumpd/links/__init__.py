"""Byte pipes: serial ports and TCP, and what plugs them in again.

A link knows nothing of devices: bytes and line states come out, bytes go in, nothing blocks the event loop.
"""

from pumpd.config.link_url import LinkError, LinkSpec, SerialLink, ServerLink, SocketLink, parse_link
from pumpd.links.line import Ear, Line
from pumpd.links.opening import Reason, Trouble

__all__ = [
    "Ear",
    "Line",
    "LinkError",
    "LinkSpec",
    "Reason",
    "SerialLink",
    "ServerLink",
    "SocketLink",
    "Trouble",
    "parse_link",
]
