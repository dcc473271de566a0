"""Acts of a plan that are not at a bed's devices: daemon, servers, the hospital, people at screens, the EHR."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.chaos.storm.ehr import Ehr
from tests.chaos.storm.hands import Hands
from tests.chaos.storm.hospital import Hospital
from tests.chaos.storm.keeper import Keeper
from tests.chaos.storm.plan import Act
from tests.chaos.storm.servers import Database, Troubled
from tests.chaos.storm.shim import Shim
from tests.chaos.storm.ward import StormWard

COMMIT_S = 0.7  # a commit on a slow disk
Doing = Coroutine[Any, Any, None]


@dataclass
class Outside:
    """doing(): the act begun, or None where there is nobody who does it now (it is in trouble already, or not there).

    census: who lies at which bed, as the EHR knows it.
    """

    ward: StormWard
    keeper: Keeper
    shim: Shim
    hands: Hands
    census: dict[str, str]
    journal: Database | None
    hospital: Hospital | None
    ehr: Ehr | None

    def __post_init__(self) -> None:
        self._admitted = count(1)

    def doing(self, act: Act) -> Doing | None:
        who, _, what = act.what.partition("-")
        if act.what in DAEMON:
            return DAEMON[act.what](self, act)
        if act.what in HANDS:
            return HANDS[act.what](self, act)
        if who == "adt":
            return None if self.ehr is None else self._told(self.ehr, what, act)
        troubled = self._troubled(who)
        if troubled is None or not troubled.free:
            return None
        begun: Doing = getattr(troubled, TROUBLES[what])(act.values["for_s"])
        return begun

    def _troubled(self, who: str) -> Troubled | None:
        hospital = self.hospital
        if who in ("journal", "ehr"):
            return self.journal if who == "journal" else self.ehr
        found = {} if hospital is None else {"hub": hospital, "broker": hospital.broker, "history": hospital.database}
        return found.get(who)

    async def slow_disk(self, for_s: float) -> None:
        self.shim.slow_disk(COMMIT_S)
        await asyncio.sleep(for_s)
        self.shim.slow_disk(0.0)

    async def step_clock(self, by_s: float) -> None:
        self.shim.step_clock(by_s)

    async def _told(self, ehr: Ehr, what: str, act: Act) -> None:
        """Somebody comes, leaves, or moves to a bed whose patient has to go."""
        assert act.bed is not None
        bed = self.ward.beds[act.bed]
        mrn = self.census.get(bed.id)
        if what == "admit":
            ehr.say("A01", f"EHR-{next(self._admitted)}", bed.id, weight_kg=bed.patient.weight_kg)
        elif mrn is not None and what == "discharge":
            ehr.say("A03", mrn, bed.id)
        elif mrn is not None:
            to = self.ward.beds[int(act.values["to"] * len(self.ward.beds))]
            ehr.say("A02", mrn, to.id, weight_kg=to.patient.weight_kg, prior=bed.id)


TROUBLES = {"restart": "restart", "kill": "kill", "hang": "hang", "full": "fill", "cut": "cut"}
DAEMON: dict[str, Callable[[Outside, Act], Doing]] = {
    "kill": lambda out, act: out.keeper.kill(act.values["for_s"]),
    "hang": lambda out, act: out.keeper.hang(act.values["for_s"]),
    "full-disk": lambda out, act: out.keeper.fill_disk(act.values["for_s"]),
    "clock-step": lambda out, act: out.step_clock(act.values["by_s"]),
    "slow-disk": lambda out, act: out.slow_disk(act.values["for_s"]),
}
HANDS: dict[str, Callable[[Outside, Act], Doing]] = {
    "hand-rate": lambda out, act: out.hands.rate(act.bed or 0, act.values["factor"]),
    "hand-stop": lambda out, act: out.hands.stop(act.bed or 0),
    "hand-pause": lambda out, act: out.hands.pause(act.bed or 0),
    "hand-bind": lambda out, act: out.hands.bind(act.bed or 0),
    "hand-release": lambda out, act: out.hands.release(act.bed or 0),
}
