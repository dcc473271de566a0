"""Remote control held as a lease: granted by each refresh, lost when refreshes fail, asked for again slowly. Pure."""

from __future__ import annotations

from pumpd.device.facts import Control, ControlState
from pumpd.units import Ms


class Lease:
    """What is known about our remote control of one pump. Says each change once, as a `Control` fact."""

    def __init__(self, length_ms: int, patience: int) -> None:
        """length_ms: a grant older than that is lost. patience: unanswered requests until it counts as refused."""
        self.length_ms = length_ms
        self._patience = patience
        self._granted_ms: Ms | None = None
        self._unanswered = 0
        self._said: Control | None = None

    @property
    def held(self) -> bool:
        """Control was granted and has not run out, as far as we said."""
        return self._said is not None and self._said.state is ControlState.GRANTED

    @property
    def released(self) -> bool:
        """We gave control back."""
        return self._said is not None and self._said.state is ControlState.RELEASED

    def granted(self, requested_ms: Ms) -> list[Control]:
        """The pump permits; the lease counts from when we asked, not from when it answered."""
        self._granted_ms, self._unanswered = requested_ms, 0
        return self._say(ControlState.GRANTED)

    def refused(self, detail: str) -> list[Control]:
        """The pump, or we for it, said no; detail in its own words."""
        self._granted_ms = None
        return self._say(ControlState.REFUSED, detail)

    def taken_back(self, detail: str) -> list[Control]:
        """The pump, or somebody at it, says no: LOST first where it had said yes, so that the change is on record."""
        lost = self._say(ControlState.LOST, detail) if self.held else []
        return [*lost, *self.refused(detail)]

    def give_back(self, detail: str) -> list[Control]:
        """Control is handed back; no later grant is expected."""
        self._granted_ms = None
        return self._say(ControlState.RELEASED, detail)

    def unanswered(self) -> list[Control]:
        """A request timed out; while a grant lasts, only its running out matters."""
        self._unanswered += 1
        if self._granted_ms is not None or self._unanswered < self._patience:
            return []
        return self._say(ControlState.REFUSED, "no answer")

    def run_out(self, now: Ms) -> list[Control]:
        """LOST once the last grant is too old."""
        if self._granted_ms is None or now - self._granted_ms < self.length_ms:
            return []
        self._granted_ms = None
        return self._say(ControlState.LOST, "the lease was not renewed in time")

    def wants_slow_retry(self) -> bool:
        """The pump does not grant; asking at the pace of refreshes would only load the line."""
        return self._granted_ms is None and (self._unanswered >= self._patience or self._said is not None)

    def _say(self, state: ControlState, detail: str = "") -> list[Control]:
        said = Control(state, detail)
        if said == self._said:
            return []
        self._said = said
        return [said]
