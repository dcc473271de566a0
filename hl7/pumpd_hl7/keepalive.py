"""TCP's own question whether the other side is still there."""

from __future__ import annotations

import socket

TIMES = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
"""Somebody who is gone without a word is noticed within a minute and a half."""


def keep_alive(sock: socket.socket | None) -> None:
    """Ask it of this connection; nothing where there is no socket to ask."""
    if sock is None:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in TIMES:
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
