"""A bed, its chart and its journal, on a clock that stands still until it is set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from pumpd.bedside.chart_parts import Knowledge
from pumpd.bedside.charts import Charts
from pumpd.clinical.pk_curve import Rate, begun, sampled
from pumpd.clock import Clock
from pumpd.journal import ChartHistory, ChartStep
from pumpd.safety.clinical_view import ClinicalView, ConcentrationView
from pumpd.safety.decisions import Decision, FlowChanged, Permitted
from pumpd.safety.events import Event, Patient, PatientBound, Predicted, Sex, Tick
from pumpd.safety.kernel import initial_state
from pumpd.safety.policy import BedPolicy
from pumpd.safety.protocol_policy import RoutePolicy
from tests.bedside.parts import POLICY
from tests.clinical.pk_models import PK

ORAL = RoutePolicy("oral", 170_000, 1_500, 1_000_000, "a source")
PUMP = "p1"


class Still:
    """A clock's source that stands still until it is set."""

    def __init__(self) -> None:
        self.ms = 0

    def boot_ns(self) -> int:
        return self.ms * 1_000_000

    def wall_ns(self) -> int:
        return int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1_000_000_000 + self.ms * 1_000_000


class FakeBed:
    """Takes events; its state and policy are what a test says."""

    def __init__(self) -> None:
        self.id = "b1"
        self.policy: BedPolicy = POLICY
        self.state = initial_state(POLICY)
        self.seq = 0
        self.posted: list[Event] = []

    def post(self, event: Event) -> None:
        self.posted.append(event)

    @property
    def predicted(self) -> list[Predicted]:
        return [event for event in self.posted if isinstance(event, Predicted)]


class Bench:
    """A bed, its chart, and a journal that says what `steps` hold."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.source, self.bed = Still(), FakeBed()
        self.clock = Clock(self.source)
        self.steps: list[ChartStep] = []
        self.failing: list[Exception] = []
        self.lost = 0
        self.asked = 0
        self.marked = asyncio.Event()
        self.reading: asyncio.Event | None = None
        self.charts = Charts(knowledge, self, self.clock, self._mark)
        self.charts.add(self.bed)
        self.task: asyncio.Task[None] | None = None

    def _mark(self, bed: str) -> None:
        assert bed == "b1"
        self.marked.set()

    async def chart_history(self, bed: str) -> ChartHistory:
        """What is committed: all steps so far."""
        self.asked += 1
        if self.reading is not None:
            await self.reading.wait()
        if self.failing:
            raise self.failing.pop(0)
        return ChartHistory(tuple(self.steps), self.lost)

    def start(self) -> None:
        self.task = asyncio.create_task(self.charts.run("b1"))

    def at(self, ms: int) -> None:
        self.source.ms = ms

    def step(self, event: Event, *decisions: Decision, told: bool = True) -> None:
        """A step of the bed at the present time: recorded, and told to the chart."""
        self.bed.seq += 1
        now_ms = self.clock.now_ms()
        self.steps.append(ChartStep(self.bed.seq, now_ms, event, decisions))
        if told:
            self.charts.note("b1", self.bed.seq, event, decisions, now_ms)

    def bind(self, weight_g: int | None = 70_000, birth_date: str = "1960-05-05") -> None:
        patient = Patient("M1", "Test", "Bench", birth_date, Sex.MALE, weight_g)
        self.bed.state = msgspec_replace(self.bed.state, patient=patient)
        self.step(PatientBound(patient, by="nurse"), Permitted("bind", "M1", "nurse"))

    def flow(self, rate_ul_h: int | None, infusing: bool | None = True, pair: tuple[int, int] | None = None) -> None:
        low, high = (None, None) if pair is None else pair
        self.step(Tick(), FlowChanged(PUMP, "ketamine", infusing, rate_ul_h, 1000, low, high))

    @property
    def view(self) -> ClinicalView:
        view = self.charts.view("b1")
        assert view is not None
        return view

    @property
    def band(self) -> ConcentrationView:
        assert self.view.concentration is not None
        return self.view.concentration

    async def until(self, condition: Callable[[], object]) -> None:
        """Waits until condition() holds; looks whenever the bed may look different."""
        while not condition():
            self.marked.clear()
            await self.marked.wait()

    async def settled(self) -> None:
        """Lets everything happen that need not wait."""
        for _ in range(50):
            await asyncio.sleep(0)

    async def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)


def msgspec_replace(state: Any, **changes: Any) -> Any:
    from msgspec.structs import replace as struct_replace

    return struct_replace(state, **changes)


def band_at(inputs: Sequence[Rate], at_ms: int, weight_kg: float = 70) -> tuple[float, float]:
    found = [sampled(begun(model, weight_kg, 0), list(inputs), [at_ms])[0] for model in PK.models]
    return min(found), max(found)


def near(shown: tuple[int, int], expected: tuple[float, float]) -> bool:
    return all(abs(pg / 1000 - ng) < 0.01 for pg, ng in zip(shown, expected, strict=True))
