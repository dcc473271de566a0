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
        far, own = f"{near}f", address[: address.rindex(".")] + ".1"
        steps = (
            ("link", "add", near, "type", "veth", "peer", "name", far),
            ("link", "set", far, "netns", self._space),
            ("addr", "add", f"{own}/24", "dev", near),
            ("link", "set", near, "up"),
            ("-n", self._space, "addr", "add", f"{address}/24", "dev", far),
            ("-n", self._space, "link", "set", far, "up"),
        )
        return all(_ip(*step) for step in steps)

    def broker(self) -> Mosquitto:
        made = Mosquitto(self._folder, host="0.0.0.0", within=("ip", "netns", "exec", self._space))
        made.reached_at = self.hub_side
        return made

    def cut(self, side: str) -> None:
        assert _ip("link", "set", self._near[side], "down")

    def join(self, side: str) -> None:
        assert _ip("link", "set", self._near[side], "up")

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
