"""What a message that came is about, by its type: judged before it is answered, done once it is durable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pumpd.gateways import GatewayPort, Hl7Settings, PeerSettings, Received
from pumpd_hl7.acks import Problem
from pumpd_hl7.administrations import Administrations
from pumpd_hl7.admissions import Admissions
from pumpd_hl7.applying import AlarmStatuses, Devices
from pumpd_hl7.intake import Receiver
from pumpd_hl7.message import Message
from pumpd_hl7.ordered import Orders
from pumpd_hl7.requests import Requests

UNSUPPORTED_TYPE = 200


class Reception:
    """Implements Receiver for every type that this version takes; events of a type are its receiver's affair."""

    def __init__(self, settings: Hl7Settings, port: GatewayPort, wake: Callable[[], None]) -> None:
        """wake: something was queued for a destination."""
        peers = () if settings.listen is None else settings.listen.peers
        offsets_min = {peer.id: peer.utc_offset_min for peer in peers}
        orders = Orders(settings, port, offsets_min)
        self._receivers: Mapping[str, Receiver] = {
            "ADT": Admissions(settings, port),
            "OMP": orders,
            "ORA": AlarmStatuses(port),
            "ORM": orders,
            "ORU": Devices(port, offsets_min),
            "RAS": Administrations(port, offsets_min),
            "RDE": orders,
            "RGV": Requests(settings, port, offsets_min, wake),
        }

    async def judge(self, message: Message, peer: PeerSettings) -> Sequence[Problem]:
        receiver = self._receivers.get(message.kind[0])
        if receiver is None:
            return (Problem(UNSUPPORTED_TYPE, f"{message.kind[0]} is not taken by this version", "MSH", 1, 9),)
        return await receiver.judge(message, peer)

    async def apply(self, received: Received, message: Message, late: bool) -> None:
        receiver = self._receivers.get(message.kind[0])
        if receiver is not None:
            await receiver.apply(received, message, late)
