"""TCP ports for tests: one that can be listened at later, and one at which nobody listens."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from random import SystemRandom

CHOICE = range(15_000, 30_000)
"""Below those that the system gives to whoever leaves the choice to it: else another test may be given it meanwhile."""


def free_port(host: str = "127.0.0.1") -> int:
    """Nobody listens there just now."""
    while True:
        port = SystemRandom().choice(CHOICE)
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
        return port


@contextmanager
def deaf_port() -> Iterator[int]:
    """Who connects there is refused, and nobody else can listen there meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])
