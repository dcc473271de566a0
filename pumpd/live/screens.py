"""How many screens show the ward to somebody, and how many of them can be heard (ALA-08). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pumpd.live.client import LiveClient


class Screens(NamedTuple):
    """watched: screens that somebody can see; sounding: those among them that make sound."""

    watched: int
    sounding: int


def screens_of(clients: Iterable[LiveClient]) -> Screens:
    """Every client shows the whole ward; a program that says nothing of itself counts as a silent screen."""
    watched = [client for client in clients if client.watched]
    return Screens(len(watched), sum(client.sound == "on" for client in watched))
