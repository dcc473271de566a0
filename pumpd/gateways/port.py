"""What a gateway is given by the daemon, and what it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pumpd.clinical.mme_tables import OpioidTables
from pumpd.device.facts import AlarmCode, DeviceAlarms, PumpStatus, Vitals
from pumpd.gateways.settings import Hl7Settings
from pumpd.gateways.store import MessageStore
from pumpd.safety.alarms import Alarm
from pumpd.safety.asking import Against, Asked
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Event, LinkState, Patient
from pumpd.safety.policy import BedPolicy
from pumpd.safety.told_state import Told as Kept
from pumpd.safety.view import BedView

GROUP = "pumpd.gateways"


@dataclass(frozen=True, slots=True)
class RemoteDevice:
    """A device of a bed that reaches us through the gateway: source is what follows `hl7:` in its link."""

    bed: str
    id: str
    source: str
    pump: bool
    serial: str | None = None


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

    def kept(self, bed: str) -> Kept:
        """What other systems told of the bed and what has not been settled of it; it outlasts a restart."""
        ...

    def against(self, bed: str, asked: Asked) -> Sequence[Against]:
        """What the bed's soft limit, caps and protocol have against an infusion that is asked for now."""
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

    def volume_ul(self, bed: str, pump: str) -> int | None:
        """The pump's own counter of what it has infused, as of its last report; None where it reports none."""
        ...

    async def course_report(self, course: str) -> bytes | None:
        """The report of that course as a page (HTML); None where the journal has no such course."""
        ...


@dataclass(frozen=True, slots=True)
class PeerState:
    """One peer or destination as the integration page shows it. Times in microseconds since 1970 (None: never).

    problem: what is wrong with the newest message ("": nothing); last_problem, problem_us: what was wrong last, however
    long ago.
    """

    id: str
    direction: str
    connected: bool
    last_us: int | None
    messages: int
    depth: int
    dead: int
    problem: str
    last_problem: str = ""
    problem_us: int | None = None


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
