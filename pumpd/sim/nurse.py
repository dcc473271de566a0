"""A simulated nurse: writes, plans and answers alarms over the real HTTP API, and starts the pump at its panel.

What is done when is a script (pumpd.sim.script). In between the nurse looks at the bed once a minute, acknowledges
what sounds, with a reason, and puts a pump in order that pumpd has stopped, once the stop is verified.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pumpd.sim.bed import SimBed
from pumpd.sim.http import Answer, HttpClient, JsonObject
from pumpd.sim.script import At, Step

LOOK_S = 60.0
NURSE = "N. Nurse (simulated)"
SEEN = "seen_escalated"

PANEL: Mapping[str, Callable[[SimBed, Mapping[str, Any]], object]] = {
    "new-syringe": lambda bed, _: bed.pump.panel.new_syringe(bed.now_ms()),
    "rate": lambda bed, body: bed.pump.panel.set_rate(int(body["rate_ul_h"]), bed.now_ms()),
    "start": lambda bed, _: bed.pump.panel.start(bed.now_ms()),
    "stop": lambda bed, _: bed.pump.panel.stop(bed.now_ms()),
    "silence": lambda bed, _: bed.pump.panel.silence(bed.now_ms()),
}


class Nurse:
    """Of one bed. surprises: acts whose outcome was not the script's, in words (empty is good)."""

    def __init__(
        self, http: HttpClient, bed: SimBed, *, by: str = NURSE, tell: Callable[[str], None] = lambda line: None
    ) -> None:
        self._http, self._bed, self._by, self._tell = http, bed, by, tell
        self._pump = bed.devices()[0].id
        self._kept: dict[str, str] = {}
        self.surprises: list[str] = []
        self.acts = self.refusals = self.acknowledged = 0
        self.seen: dict[str, str] = {}

    async def play(self, steps: Iterable[Step]) -> None:
        """Do everything at its time, answering alarms in between; ends with the last step."""
        looking = asyncio.create_task(self.look_after())
        try:
            await self._follow(sorted(steps, key=lambda step: step.at_min))
        finally:
            looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await looking

    async def _follow(self, steps: Iterable[Step]) -> None:
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        for step in steps:
            await asyncio.sleep(max(0.0, begun_s + step.at_min * 60 - loop.time()))
            if step.tell:
                self._tell(step.tell)
            await self.do(step)

    async def do(self, step: Step) -> Answer | None:
        """One act, now."""
        self.acts += 1
        if step.where is At.PUMP:
            PANEL[step.what](self._bed, step.body)
            self._bed.pump_line.poke()
            return None
        answer = await self._ask(step)
        if answer.ok and step.keep:
            self._kept[step.keep] = str(answer.body.get("entry"))
        self._judge(step, answer)
        return answer

    async def _ask(self, step: Step) -> Answer:
        body = {key: self._meant(value) for key, value in step.body.items()}
        if step.ago_h is not None:
            ward = await self._http.get("ward")
            at = datetime.fromisoformat(ward.body["time"]) - timedelta(hours=step.ago_h)
            body["at"] = at.isoformat()
        path = f"beds/{self._bed.id}/" + step.what.format(bed=self._bed.id, pump=self._pump)
        return await self._http.ask(step.method, path, {"by": self._by, **body})

    def _meant(self, value: object) -> object:
        return self._kept.get(value[1:], value) if isinstance(value, str) and value.startswith("$") else value

    def _judge(self, step: Step, answer: Answer) -> None:
        said = "; ".join(answer.reasons) or f"HTTP {answer.status}"
        if step.refused and not answer.ok:
            self.refusals += 1
            self._tell(f"refused, as it should be: {said}")
        elif answer.ok is step.refused:
            self._surprised(f"{step.what} {dict(step.body)}: {'taken' if answer.ok else 'refused'} ({said})")

    def _surprised(self, words: str) -> None:
        self.surprises.append(words)
        self._tell(f"NOT AS THE SCRIPT HAS IT: {words}")

    async def course(self) -> str | None:
        """Id of the newest course in the journal."""
        found = await self._http.get("courses")
        return next((str(course["id"]) for course in found.body.get("courses", ())), None)

    # --- between the acts

    async def look_after(self) -> None:
        """For ever: look at the bed once a minute."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()

    async def look(self) -> None:
        """Acknowledge what sounds, clear what is over, put a stopped pump in order."""
        found = await self._http.get(f"alarms?state=live&bed={self._bed.id}")
        for alarm in found.body.get("alarms", ()):
            await self._answer(alarm)
        bed = await self._http.get(f"beds/{self._bed.id}")
        for pump in bed.body.get("pumps", ()):
            if pump["interlock"] == "stop_verified":
                reason = "pump and patient checked; the infusion is over"
                await self._care(f"beds/{self._bed.id}/interlock/reset", {"pump": pump["id"], "reason": reason})

    async def _answer(self, alarm: JsonObject) -> None:
        if alarm["condition"] not in self.seen:
            self.seen[alarm["condition"]] = alarm["text"]
            self._tell(f"alarm {alarm['priority'].upper()}: {alarm['text']}")
        if alarm["state"] == "active":
            self.acknowledged += 1
            await self._care(f"alarms/{alarm['id']}/acknowledge", {"reason": SEEN})
        elif alarm["state"] == "latched":
            await self._care(f"alarms/{alarm['id']}/reset", {"reason": "condition is over, patient seen"})

    async def _care(self, path: str, body: JsonObject) -> None:
        """An act in answer to what was seen a moment ago; that may be over by now (404, 409), which is no surprise."""
        answer = await self._http.post(path, {"by": self._by, **body})
        if answer.status not in (200, 404, 409):
            self._surprised(f"{path}: HTTP {answer.status} {'; '.join(answer.reasons)}")
