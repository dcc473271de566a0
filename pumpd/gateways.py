"""What a gateway to other systems (HL7) is given by the daemon, and what it is asked for. Contracts and settings only.

A gateway is found by name through the entry-point group `pumpd.gateways`; pumpd imports none. It never calls a driver:
what it hears becomes an event of a bed, and the kernel decides. What it sends is written down before its first byte
leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pumpd.clinical.mme_tables import OpioidTables
from pumpd.device.facts import AlarmCode, DeviceAlarms, PumpStatus, Vitals
from pumpd.safety.alarms import Alarm
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Event, LinkState, Patient
from pumpd.safety.policy import BedPolicy
from pumpd.safety.view import BedView

GROUP = "pumpd.gateways"
LINK_SCHEME = "hl7"
"""`link = "hl7:DEVICE-ID"`: a device that reaches us through a gateway."""


# --- settings, as the ward file says them --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of a mutually authenticated connection (PEM). Never the secrets themselves."""

    certificate: str
    key: str
    authorities: str


@dataclass(frozen=True, slots=True)
class PeerSettings:
    """A system that connects to us. application: MSH-3 (its first component) by which it is known.

    blank_charset: what it means when MSH-18 is empty. end_without_cr: it leaves out the CR of its frames. may: which
    messages are taken from it (ADT, ORU, RGV, RAS, RDE, OMP, ORM, ORA); others are rejected.
    """

    id: str
    application: str
    blank_charset: str = "ascii"
    end_without_cr: bool = False
    may: tuple[str, ...] = ("ADT", "ORU", "ORA")
    utc_offset_min: int = 0


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """Where messages are taken. limits in bytes and milliseconds; peers empty: nobody is taken from."""

    host: str
    port: int
    tls: Tls | None = None
    peers: tuple[PeerSettings, ...] = ()
    limit_bytes: int = 1 << 20
    idle_ms: int = 600_000
    frame_ms: int = 10_000
    connections: int = 256


@dataclass(frozen=True, slots=True)
class SendSettings:
    """A destination. messages: PCD-01, PCD-04, PCD-10, RAS, MDM. interval_ms: of PCD-01 (it is also sent on change).

    one_message: a new connection for each message. ack_ms: how long an answer is waited for.
    """

    id: str
    host: str
    port: int
    messages: tuple[str, ...]
    tls: Tls | None = None
    interval_ms: int = 60_000
    one_message: bool = False
    ack_ms: int = 10_000
    enhanced: bool = True
    application: str = ""
    facility: str = ""


@dataclass(frozen=True, slots=True)
class Hl7Settings:
    """All of it. application: our MSH-3 (`NAME^EUI64^EUI-64` or a plain name).

    locations: bed by PV1-3 `unit^room^bed`.
    """

    application: str
    facility: str
    listen: ListenSettings | None = None
    send: tuple[SendSettings, ...] = ()
    locations: Mapping[str, str] = field(default_factory=dict)


# --- what the daemon offers ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RemoteDevice:
    """A device of a bed that reaches us through the gateway: source is what follows `hl7:` in its link."""

    bed: str
    id: str
    source: str
    pump: bool
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """An inbound message, safely stored. key: MSH-3, MSH-10 and MSH-7, by which a repetition is known.

    answer: the bytes that acknowledged it (None: nothing was to be answered).
    """

    peer: str
    key: tuple[str, str, str]
    kind: str
    raw: bytes
    answer: bytes | None
    received_us: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An outbound message of one destination. id: its MSH-10, the same at every attempt.

    urgent: ahead of what is not (alarms). stale_us: wall time after which it is thinned out (None: never).
    bed, seq: the step it tells of (seq 0: none), so that a restart knows what has been told.
    """

    destination: str
    id: str
    kind: str
    raw: bytes
    made_us: int
    urgent: bool = False
    stale_us: int | None = None
    bed: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Queued:
    """An outgoing message that waits, in the order of sending. number grows; tries: attempts so far."""

    number: int
    message: Outgoing
    tries: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that a destination refused for good. why: in its own words."""

    number: int
    message: Outgoing
    why: str
    refused_us: int


class MessageStore(Protocol):
    """The journal's tables of messages. Everything returns once it is committed; raises JournalUnavailable."""

    async def received(self, message: Received) -> Received:
        """Keep it and return it; if its key is there already, the earlier one (whose answer is to be repeated).

        Whoever is cancelled here, or told JournalUnavailable, must not acknowledge: the message is withdrawn, so that
        the sender's next attempt counts as new. There is no need to ask `answered_before` first.
        """
        ...

    async def answered_before(self, key: tuple[str, str, str]) -> Received | None:
        """The message of that key if it was received before."""
        ...

    async def applied(self, key: tuple[str, str, str]) -> None:
        """What the message asked for has been done (its events are committed)."""
        ...

    async def unapplied(self) -> Sequence[Received]:
        """Messages that were acknowledged and not applied before the daemon ended, oldest first."""
        ...

    async def queue(self, messages: Sequence[Outgoing]) -> None:
        """Append to the outboxes of their destinations, all or none; one whose id is there already is left out.

        What one step leads to belongs into one call: told_until then counts the step as told.
        """
        ...

    async def waiting(self, destination: str, most: int) -> Sequence[Queued]:
        """The next ones to send: urgent first, else oldest first."""
        ...

    async def depth(self, destination: str) -> int:
        """How many wait."""
        ...

    async def dead(self, destination: str) -> int:
        """How many dead letters nobody has settled yet."""
        ...

    async def sent(self, number: int, answer: str) -> None:
        """A positive answer came."""
        ...

    async def failed(self, number: int, why: str) -> None:
        """An attempt failed; it stays in its place."""
        ...

    async def refused(self, number: int, why: str, now_us: int) -> None:
        """It goes to the dead letters."""
        ...

    async def thinned(self, destination: str, now_us: int) -> int:
        """Drop what has become stale; how many. Neither urgent ones nor what a person sends again ever is."""
        ...

    async def dead_letters(self, destination: str | None, most: int) -> Sequence[DeadLetter]:
        """Those that nobody has settled yet, newest first; None: of all destinations."""
        ...

    async def settle_dead(self, number: int, by: str, replay: bool, now_us: int) -> bool:
        """A named person sends a dead letter again, or discards it; both are recorded. False: there is none."""
        ...

    async def told_until(self, destination: str) -> Mapping[str, int]:
        """By bed the last step of which something was queued."""
        ...

    async def decisions_after(self, bed: str, seq: int) -> Sequence[tuple[int, int, int, tuple[Decision, ...]]]:
        """(seq, now_ms, wall_us, decisions) of later steps that decided something, in order.

        At most 1000 steps: ask again after the last one until nothing comes.
        """
        ...


Told = Callable[[str, int, int, Event, tuple[Decision, ...]], None]
"""bed, seq, now_ms, event and decisions of a step that decided something, after the journal has it."""


class GatewayPort(Protocol):
    """The daemon, as a gateway sees it. Everything on the daemon's loop."""

    @property
    def beds(self) -> Sequence[str]: ...

    @property
    def devices(self) -> Sequence[RemoteDevice]: ...

    @property
    def store(self) -> MessageStore: ...

    @property
    def generation(self) -> str:
        """real, test or demo."""
        ...

    def now_ms(self) -> int: ...

    def wall_us(self, now_ms: int | None = None) -> int:
        """Microseconds since 1970 of a kernel time, or now."""
        ...

    def view(self, bed: str) -> BedView: ...

    def patient(self, bed: str) -> Patient | None: ...

    def policy(self, bed: str) -> BedPolicy: ...

    @property
    def opioids(self) -> OpioidTables:
        """The names of opioids that the ward goes by."""
        ...

    def own_alarms(self, bed: str, device: str) -> Sequence[AlarmCode]:
        """The device's own alarms, as the bed knows them: they outlast a restart."""
        ...

    def charted(self, bed: str) -> Sequence[str]:
        """Ids of the entries that stand in the chart of the bed's patient and can still be corrected, oldest first."""
        ...

    def alarms(self) -> Sequence[Alarm]:
        """Every alarm that stands."""
        ...

    def hear(self, bed: str, device: str, fact: Vitals | PumpStatus | DeviceAlarms) -> None:
        """A fact of a remote device, judged as any other."""
        ...

    def link(self, bed: str, device: str, state: LinkState, detail: str = "") -> None: ...

    async def submit(self, bed: str, event: Event) -> tuple[Decision, ...]:
        """The step's decisions once they are durable. Raises NotDurable or UnknownBed (pumpd.live.port)."""
        ...

    def listen(self, told: Told) -> None:
        """Be told of every step that decides something."""
        ...

    def fault(self, code: str, detail: str, active: bool) -> None:
        """A technical alarm of ours at every bed."""
        ...

    async def course_report(self, bed: str) -> bytes | None:
        """The course report of the bed's patient as a page (HTML); None where there is no course."""
        ...


@dataclass(frozen=True, slots=True)
class PeerState:
    """One peer or destination as the integration page shows it. Times in microseconds since 1970 (None: never)."""

    id: str
    direction: str
    connected: bool
    last_us: int | None
    messages: int
    depth: int
    dead: int
    problem: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a checker has against a message. sequence: which of the segments of that name. field 0: all of it.

    rule: a short name that stays the same; severity: error or warning.
    """

    segment: str
    sequence: int
    field: int
    rule: str
    text: str
    severity: str

    @property
    def where(self) -> str:
        """Such as `OBX[3]-5`."""
        field = f"-{self.field}" if self.field else ""
        return f"{self.segment}[{self.sequence}]{field}" if self.sequence > 1 else f"{self.segment}{field}"


@dataclass(frozen=True, slots=True)
class Checked:
    """One message of a file. unjudged: what the second judge could not look at, and why ("" where it saw it all)."""

    number: int
    kind: str
    control_id: str
    findings: tuple[Finding, ...]
    unjudged: str = ""

    @property
    def good(self) -> bool:
        return all(finding.severity != "error" for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that was sent. code: of the answer ("" where none came); text: what is wrong, in their words."""

    control_id: str
    code: str
    text: str


class Tools(Protocol):
    """What the command line offers for messages of one kind; found through the entry-point group of TOOLS."""

    def check(self, files: Sequence[bytes]) -> Sequence[Sequence[Checked]]:
        """Every message of each file. Raises OSError where the second judge cannot be run."""
        ...

    async def send(self, data: bytes, to: SendSettings, told: Callable[[Sent], None]) -> None:
        """Every message of a file, in order, each when the one before has been answered."""
        ...

    async def listen(
        self, at: ListenSettings, ready: Callable[[int], None], heard: Callable[[bytes, Checked], bool]
    ) -> None:
        """Take and acknowledge everything; ready is told the port, heard says whether to go on.

        Raises OSError where it cannot listen.
        """
        ...


TOOLS = "pumpd.gateway_tools"


class Gateway(Protocol):
    """A gateway. Made with its settings and the port; run until cancelled; supervised as any other part."""

    def __init__(self, settings: Hl7Settings, port: GatewayPort) -> None: ...

    async def run(self) -> None: ...

    def peers(self) -> Sequence[PeerState]: ...

    def waiting_since_us(self, destination: str) -> int | None:
        """Wall time since when the oldest message for it waits; None when none does."""
        ...

    def wake(self) -> None:
        """A dead letter was settled beside it: look at what waits."""
        ...
