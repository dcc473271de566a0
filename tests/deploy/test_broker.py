"""The example access list in a real broker: a ward writes its own tree and nobody else's."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from tests.bus.brokers import Mosquitto, need_mosquitto

EXAMPLES = Path(__file__).resolve().parents[2] / "deploy" / "mosquitto"
NAMES = ("ward-4b", "ward-4c", "hub-1")
TREE = "pumpd/v1/st-mary"
PASSWD = shutil.which("mosquitto_passwd") or "/usr/bin/mosquitto_passwd"


def lines_of(name: str, *without: str) -> str:
    """The example's own lines, but for those that name files or addresses of a hospital."""
    lines = (EXAMPLES / name).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if line and not line.startswith(("#", *without)))


def guarded(folder: Path, acl: str, *names: str) -> str:
    """Lines that let these names in, by the example's access list."""
    folder.mkdir()
    (folder / "acl").write_bytes((EXAMPLES / acl).read_bytes())
    for at, name in enumerate(names):
        create = ["-c"] if at == 0 else []
        subprocess.run([PASSWD, *create, "-b", folder / "passwords", name, f"of {name}"], check=True)
    return f"allow_anonymous false\npassword_file {folder}/passwords\nacl_file {folder}/acl"


AWAY = ("listener", "allow_a", "max_q", "cafile", "certfile", "keyfile", "tls_", "password_", "acl_", "persist")


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    """The hospital's."""
    need_mosquitto()
    folder = tmp_path / "hospital"
    who = guarded(folder, "hospital.acl", *NAMES)
    made = Mosquitto(folder, lines_of("hospital.conf", *AWAY), listener=who)
    await made.start()
    yield made
    made.stop()


@pytest.fixture
async def ward_broker(tmp_path: Path, broker: Mosquitto) -> AsyncIterator[Mosquitto]:
    """The ward's, with the example's bridge to the hospital's."""
    folder = tmp_path / "ward"
    who = guarded(folder, "ward.acl", "ward-4b", "bridge")
    text = lines_of("ward.conf", *AWAY, "address", "bridge_cafile", "per_l")
    text = text.replace("connection ward-4b", f"connection ward-4b\naddress 127.0.0.1:{broker.port}")
    text = text.replace("remote_password SET-ME", "remote_password of ward-4b")
    made = Mosquitto(folder, text.replace("local_password SET-ME", "local_password of bridge"), listener=who)
    await made.start()
    yield made
    made.stop()


def signed_in(broker: Mosquitto, name: str) -> aiomqtt.Client:
    return aiomqtt.Client(
        "127.0.0.1", broker.port, username=name, password=f"of {name}", protocol=aiomqtt.ProtocolVersion.V5
    )


async def test_a_ward_is_heard_in_its_own_tree_and_in_no_other(broker: Mosquitto) -> None:
    """The last message that is allowed comes after all that are not: what was to come has come."""
    async with signed_in(broker, "hub-1") as hub, signed_in(broker, "ward-4b") as ward:
        await hub.subscribe(f"{TREE}/#", qos=1)
        await hub.subscribe("pumpd/v1/+/ward-4b/#", qos=1)
        for forbidden in ("ward-4c/daemon/state", "ward-4c/bed/b1/frame", "host/hub-1/state", "ward"):
            await ward.publish(f"{TREE}/{forbidden}", b"forged")
        await ward.publish("pumpd/v1/other-site/ward-4b/daemon/state", b"forged")
        await ward.publish(f"{TREE}/ward-4b/bed/b1/frame", b"own")
        first = await anext(aiter(hub.messages))
    assert (str(first.topic), first.payload) == (f"{TREE}/ward-4b/bed/b1/frame", b"own")


async def test_a_ward_hears_its_own_rebirth_and_nothing_of_its_neighbours(broker: Mosquitto) -> None:
    async with contextlib.AsyncExitStack() as stack:
        ward, other, hub = [await stack.enter_async_context(signed_in(broker, name)) for name in NAMES]
        await ward.subscribe(f"{TREE}/#", qos=1)
        await ward.subscribe(f"{TREE}/ward-4b/cmd/rebirth", qos=1)
        await other.publish(f"{TREE}/ward-4c/bed/b1/frame", b"a neighbour's", qos=1)
        await hub.publish(f"{TREE}/ward-4b/bed/b1/frame", b"forged by a hub")
        await hub.publish(f"{TREE}/ward-4b/cmd/rebirth", b"{}", qos=1)
        heard = await anext(aiter(ward.messages))
    assert str(heard.topic) == f"{TREE}/ward-4b/cmd/rebirth"


async def test_nobody_without_a_name_comes_in(broker: Mosquitto) -> None:
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client("127.0.0.1", broker.port):
            pass


async def test_the_bridge_tells_the_hospital_that_it_stands_and_passes_the_wards_tree_on(
    broker: Mosquitto, ward_broker: Mosquitto
) -> None:
    own = f"{TREE}/ward-4b"
    async with signed_in(broker, "hub-1") as hub, signed_in(ward_broker, "ward-4b") as ward:
        await hub.subscribe(f"{TREE}/#", qos=1)
        heard = aiter(hub.messages)
        states = list[bytes]()
        while b"1" not in states:
            told = await anext(heard)
            assert str(told.topic) == f"{own}/bridge/state"
            states.append(bytes(told.payload))
        await ward.publish(f"{own}/bed/b1/event", b"own", qos=1)
        while str((told := await anext(heard)).topic) != f"{own}/bed/b1/event":
            assert str(told.topic) == f"{own}/bridge/state"
        assert told.payload == b"own"
        await ward.subscribe(f"{own}/cmd/rebirth", qos=1)
        await hub.publish(f"{own}/cmd/rebirth", b"{}", qos=1)
        assert (await anext(aiter(ward.messages))).payload == b"{}"
