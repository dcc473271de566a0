"""A broker in a network namespace of its own, with a cable to the ward and one to the hub, each of which may be cut."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

from tests.bus.brokers import Mosquitto, need_mosquitto
from tests.conftest import need


def _ip(*words: str) -> bool:
    return subprocess.run(["ip", *words], capture_output=True, check=False).returncode == 0


def _has_address() -> bool:
    """Has this machine an address beside its loopback's, with which it can speak to a broker behind a cable?"""
    told = subprocess.run(["ip", "-4", "-o", "addr", "show", "scope", "global"], capture_output=True, check=False)
    return bool(told.stdout.strip())


class Network:
    """ward_side, hub_side: the broker's addresses on the two cables."""

    def __init__(self, folder: Path) -> None:
        tail = f"{os.getpid() % 10_000}"
        self._space, self._near = f"pumpd{tail}", {"ward": f"pw{tail}", "hub": f"ph{tail}"}
        third = os.getpid() % 120
        self.ward_side, self.hub_side = f"10.99.{third}.2", f"10.99.{120 + third}.2"
        self._folder = folder

    def make(self) -> bool:
        """False: this machine does not let us."""
        if shutil.which("ip") is None or not _ip("netns", "add", self._space):
            return False
        sides = {"ward": self.ward_side, "hub": self.hub_side}
        return all(self._cable(self._near[side], address) for side, address in sides.items())

    def _cable(self, near: str, address: str) -> bool:
        """Our end has no address unless it is the machine's only one: where one comes or goes, each browser of this
        machine gives up what it is loading.
        """
        far, table = f"{near}f", f"1{address.split('.')[2]:0>3}"  # one of nobody else
        there = ("-n", self._space)
        steps = (
            ("link", "add", near, "type", "veth", "peer", "name", far),
            ("link", "set", near, "addrgenmode", "none"),
            ("link", "set", far, "netns", self._space),
            (*there, "addr", "add", f"{address}/32", "dev", far),
            (*there, "link", "set", far, "up"),
            (*there, "rule", "add", "from", address, "table", table),
            (*there, "route", "add", "default", "dev", far, "table", table),
        )
        own = address[: address.rindex(".")] + ".1"
        if not all(_ip(*step) for step in steps):
            return False
        return (_has_address() or _ip("addr", "add", f"{own}/32", "dev", near)) and self._up(near, address)

    def _up(self, near: str, address: str) -> bool:
        return _ip("link", "set", near, "up") and _ip("route", "replace", f"{address}/32", "dev", near)

    def broker(self) -> Mosquitto:
        made = Mosquitto(self._folder, host="0.0.0.0", within=("ip", "netns", "exec", self._space))
        made.reached_at = self.hub_side
        return made

    def cut(self, side: str) -> None:
        assert _ip("link", "set", self._near[side], "down")

    def join(self, side: str) -> None:
        assert self._up(self._near[side], {"ward": self.ward_side, "hub": self.hub_side}[side])

    def remove(self) -> None:
        for near in self._near.values():
            _ip("link", "del", near)
        _ip("netns", "del", self._space)


class Parted(Network):
    """With its broker running."""

    mosquitto: Mosquitto


@contextlib.asynccontextmanager
async def parted_network(folder: Path) -> AsyncIterator[Parted]:
    need_mosquitto()
    net = Parted(folder)
    try:
        need(net.make(), "a network namespace", "run as root, with iproute2 and veth")
        net.mosquitto = net.broker()
        await net.mosquitto.start()
        yield net
        net.mosquitto.stop()
    finally:
        net.remove()
