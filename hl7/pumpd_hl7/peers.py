"""The systems that connect to us: who a message is from by its MSH-3, and what was heard of each. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pumpd.gateways import PeerSettings, PeerState
from pumpd_hl7.message import BOM
from pumpd_hl7.mllp import Fault

STRANGERS = "unknown senders"


class Peer:
    """One peer and its counts. problem: the last thing that was wrong with what it sent ("" as long as nothing was)."""

    def __init__(self, settings: PeerSettings) -> None:
        self.settings = settings
        self.connections = self.messages = self.repetitions = self.refused = 0
        self.last_us: int | None = None
        self.faults: Counter[str] = Counter()
        self.problem = ""

    def heard(self, now_us: int) -> None:
        """A whole message came."""
        self.messages += 1
        self.last_us = now_us

    def faulted(self, fault: Fault) -> None:
        """Bytes of it were discarded. The bytes themselves are no part of what is shown: they may name a patient."""
        self.faults[fault.kind] += 1
        self.problem = f"{fault.kind} ({fault.length} bytes)"

    def refuse(self, why: str) -> None:
        """A message of it was refused."""
        self.refused += 1
        self.problem = why

    def state(self) -> PeerState:
        """For the integration page."""
        s = self.settings
        return PeerState(s.id, "in", self.connections > 0, self.last_us, self.messages, 0, 0, self.problem)


class Peers:
    """Every peer by its application. strangers: whoever is none of them, under one head."""

    def __init__(self, settings: Iterable[PeerSettings]) -> None:
        self._by_application = {peer.application: Peer(peer) for peer in settings}
        self.strangers = Peer(PeerSettings(STRANGERS, ""))
        self.some_end_without_cr = any(peer.settings.end_without_cr for peer in self._by_application.values())

    def of(self, raw: bytes) -> Peer | None:
        """Who sent this message, or the beginning of one; None for a stranger."""
        return self._by_application.get(sender_of(raw))

    def states(self) -> list[PeerState]:
        """Of every peer; of strangers once something came from one."""
        known = [peer.state() for peer in self._by_application.values()]
        return known + [self.strangers.state()] * bool(self.strangers.messages or self.strangers.problem)


def sender_of(raw: bytes) -> str:
    """The first component of MSH-3, before anything is known of the character set; "" where there is none."""
    body = raw.removeprefix(BOM).lstrip(b"\r\n\t \0")
    if not body.startswith(b"MSH"):
        return ""
    fields = body[:512].split(body[3:4] or b"|", 3)
    name = fields[2].split(fields[1][:1] or b"^", 1)[0] if len(fields) > 3 else b""
    return name.decode("utf-8", "replace").strip()
