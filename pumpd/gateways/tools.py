"""What the command line offers for messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pumpd.gateways.settings import ListenSettings, SendSettings


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
    """One message that was sent. code: of the answer ("" where none came); text: what is wrong, in their words.

    asked False: it left, and it asks for no answer when all is well (MSH-15 NE or ER).
    """

    control_id: str
    code: str
    text: str
    asked: bool = True

    @property
    def taken(self) -> bool:
        """As far as anybody can know."""
        return self.code in ("AA", "CA") or not self.asked


TOOLS = "pumpd.gateway_tools"


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
