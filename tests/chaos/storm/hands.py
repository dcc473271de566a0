"""What people do at a screen, each act by somebody who does only this: what was asked for and what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from pumpd.registry import drivers
from tests.chaos.storm.ghost import Ghost, boot_ms
from tests.chaos.storm.keeper import Keeper
from tests.chaos.storm.ward import StormWard

RATE_STEP_UL_H = 1000
PAUSE_S = 30


@dataclass(frozen=True)
class Deed:
    """One act. status None: no answer came. code: of a refusal. what: a row of tests.chaos.storm.judge_hands."""

    at_ms: float
    until_ms: float
    what: str
    bed: str
    by: str
    status: int | None
    code: str = ""
    mrn: str = ""


class Hands:
    """deeds: all that was done."""

    def __init__(self, ward: StormWard, ghost: Ghost, keeper: Keeper) -> None:
        self._ward, self._ghost, self._keeper = ward, ghost, keeper
        self.deeds: list[Deed] = []
        self._names = count(1)
        self._patients = count(1)

    async def rate(self, number: int, factor: float) -> None:
        """Another rate for a running pump, by pumpd's own bytes: that bed's, or the next one's that can be told."""
        number = self._running_from(number)
        now_ul_h = self._ward.beds[number].pump.pump.rate_ul_h
        rate_ml_h = max(1, int(now_ul_h * factor) // RATE_STEP_UL_H)
        await self._post(number, "rate", "pumps/{pump}/rate", {"rate": str(rate_ml_h), "unit": "mL/h"})

    def _running_from(self, number: int) -> int:
        beds = self._ward.beds
        numbers: tuple[int, ...] = (*range(number, len(beds)), *range(number))
        for at in numbers:
            if beds[at].pump.pump.infusing and drivers()[beds[at].pump.model].info.pump.can_set_rate:
                return at
        return number

    async def stop(self, number: int) -> None:
        await self._post(number, "stop", "pumps/{pump}/stop", {})

    async def pause(self, number: int) -> None:
        await self._post(number, "pause", "audio-pause", {"seconds": PAUSE_S}, reason=False)

    async def reset(self, number: int) -> None:
        await self._post(number, "reset", "interlock/reset", {"pump": self._pump(number)})

    async def resume(self, number: int) -> None:
        await self._post(number, "resume", "pumps/{pump}/resume", {})

    async def reset_alarm(self, alarm: str, bed: str) -> None:
        await self._do("reset-alarm", bed, "POST", f"alarms/{alarm}/reset", {"reason": "over, patient seen"})

    async def bind(self, number: int) -> None:
        """Somebody new; whoever lay there is gone."""
        mrn, bed = f"HAND-{next(self._patients)}", self._ward.beds[number]
        body: dict[str, object] = {
            "mrn": mrn,
            "family_name": "Quill",
            "given_name": "Ada",
            "birth_date": "1956-02-03",
            "sex": "female",
            "weight_kg": str(bed.patient.weight_kg),
        }
        await self._do("bind", bed.id, "PUT", f"beds/{bed.id}/patient", body, mrn)

    async def release(self, number: int) -> None:
        bed = self._ward.beds[number].id
        await self._do("release", bed, "DELETE", f"beds/{bed}/patient", {"reason": "goes home"})

    def _pump(self, number: int) -> str:
        return f"{self._ward.beds[number].id}-p1"

    async def _post(self, number: int, what: str, path: str, body: dict[str, object], *, reason: bool = True) -> None:
        bed = self._ward.beds[number].id
        why = {"reason": "pump and patient checked"} if reason else {}
        await self._do(what, bed, "POST", f"beds/{bed}/{path.format(pump=self._pump(number))}", body | why)

    async def _do(self, what: str, bed: str, method: str, path: str, body: dict[str, object], mrn: str = "") -> None:
        by, at_ms = f"Hand {next(self._names)}", boot_ms()
        status, answer = await self._keeper.request(method, path, {"by": by, **body})
        code = str(answer.get("error", {}).get("code", "")) if status != 200 else ""
        self.deeds.append(Deed(at_ms, boot_ms(), what, bed, by, status, code, mrn))
