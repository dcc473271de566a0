"""The systems that connect to us: who a message is from by its MSH-3, and what was heard of each. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pumpd.gateways import PeerSettings, PeerState
from pumpd_hl7.message import BOM
from pumpd_hl7.mllp import Fault

STRANGERS = "unknown senders"


class Peer:
    """One peer and its counts. problem: what is wrong with the newest that it sent ("" where nothing is)."""

    def __init__(self, settings: PeerSettings) -> None:
        self.settings = settings
        self.connections = self.messages = self.repetitions = self.refused = 0
        self.last_us: int | None = None
        self.faults: Counter[str] = Counter()
        self.problem = self.last_problem = ""
        self.problem_us: int | None = None

    def heard(self, now_us: int) -> None:
        """A whole message came: good, unless `refuse` follows."""
        self.messages += 1
        self.last_us = now_us
        self.problem = ""

    def faulted(self, fault: Fault, now_us: int) -> None:
        """Bytes of it were discarded. The bytes themselves are no part of what is shown: they may name a patient."""
        self.faults[fault.kind] += 1
        self._noted(f"{fault.kind} ({fault.length} bytes)", now_us)

    def refuse(self, why: str) -> None:
        """The message that was heard last was refused."""
        self.refused += 1
        self._noted(why, self.last_us)

    def _noted(self, problem: str, at_us: int | None) -> None:
        self.problem = self.last_problem = problem
        self.problem_us = at_us

    def may_show(self, names: Sequence[str]) -> bool:
        """Whether a connection with this certificate may be its own; names: empty without TLS."""
        allowed = self.settings.certificates
        return not allowed or any(name in allowed for name in names)

    def state(self) -> PeerState:
        """For the integration page."""
        s = self.settings
        counts = (self.messages, 0, 0)
        problems = (self.problem, self.last_problem, self.problem_us)
        return PeerState(s.id, "in", self.connections > 0, self.last_us, *counts, *problems)


class Peers:
    """Every peer by its application. strangers: whoever is none of them, under one head."""

    def __init__(self, settings: Iterable[PeerSettings]) -> None:
        self._by_application = {peer.application: Peer(peer) for peer in settings}
        self.strangers = Peer(PeerSettings(STRANGERS, ""))
        self.some_end_without_cr = any(peer.settings.end_without_cr for peer in self._by_application.values())

    def of(self, raw: bytes) -> Peer | None:
        """Who sent this message, or the beginning of one; None for a stranger."""
        return self._by_application.get(sender_of(raw))

    def entitled(self, raw: bytes, names: Sequence[str]) -> Peer | None:
        """As `of`, if this certificate is one of its own."""
        peer = self.of(raw)
        return peer if peer is not None and peer.may_show(names) else None

    def impostor(self, claimed: Peer, names: Sequence[str]) -> str:
        """Noted where strangers are, since the peer that was claimed has nothing to do with it; what was shown."""
        shown = names[0] if names else "none"
        name = claimed.settings.id
        self.strangers.refuse(f"MSH-3: a message that claims to be of {name}, with the certificate {shown}")
        return shown

    def states(self) -> list[PeerState]:
        """Of every peer; of strangers once something came from one."""
        known = [peer.state() for peer in self._by_application.values()]
        return known + [self.strangers.state()] * bool(self.strangers.messages or self.strangers.last_problem)


def sender_of(raw: bytes) -> str:
    """The first component of MSH-3, before anything is known of the character set; "" where there is none."""
    body = raw.removeprefix(BOM).lstrip(b"\r\n\t \0")
    if not body.startswith(b"MSH"):
        return ""
    fields = body[:512].split(body[3:4] or b"|", 3)
    name = fields[2].split(fields[1][:1] or b"^", 1)[0] if len(fields) > 3 else b""
    return name.decode("utf-8", "replace").strip()
