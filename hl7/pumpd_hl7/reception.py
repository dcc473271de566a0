"""What a message that came is about, by its type: judged before it is answered, done once it is durable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pumpd.gateways import GatewayPort, Hl7Settings, PeerSettings, Received
from pumpd_hl7.acks import Problem
from pumpd_hl7.admissions import Admissions
from pumpd_hl7.intake import Receiver
from pumpd_hl7.message import Message
from pumpd_hl7.telemetry import Telemetry

UNSUPPORTED_EVENT = 201


class Reception:
    """Implements Receiver for every type and event that this version takes."""

    def __init__(self, settings: Hl7Settings, port: GatewayPort) -> None:
        admissions = Admissions(settings, port)
        telemetry = Telemetry(port, {} if settings.listen is None else _offsets(settings.listen.peers))
        self._by_type: Mapping[str, Receiver] = {"ADT": admissions}
        self._by_event: Mapping[tuple[str, str], Receiver] = {("ORU", "R01"): telemetry}

    async def judge(self, message: Message, peer: PeerSettings) -> Sequence[Problem]:
        receiver = self._receiver(message)
        if receiver is None:
            what = "^".join(message.kind)
            return (Problem(UNSUPPORTED_EVENT, f"{what} is not taken by this version", "MSH", 1, 9),)
        return await receiver.judge(message, peer)

    async def apply(self, received: Received, message: Message, late: bool) -> None:
        receiver = self._receiver(message)
        if receiver is not None:
            await receiver.apply(received, message, late)

    def _receiver(self, message: Message) -> Receiver | None:
        return self._by_type.get(message.kind[0]) or self._by_event.get(message.kind)


def _offsets(peers: Sequence[PeerSettings]) -> dict[str, int]:
    return {peer.id: peer.utc_offset_min for peer in peers}
