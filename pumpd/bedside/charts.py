"""The chart of each bed's patient and what is predicted from it, beside the kernel and never in its way.

A bed tells its decisions after the journal has them (`Charts.note`); everything else happens in a task of its own: it
reads the chart back from the journal when it starts, computes in slices, and is started again when it fails.
What it predicts goes to the screens and, as the event Predicted, into the bed's inbox: the kernel may advise by it, and
the journal knows what was shown. Nothing else comes of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from datetime import date

from pumpd.bedside.chart_parts import Bed, History, Knowledge, Surroundings, sliced
from pumpd.clinical.chart import Chart
from pumpd.clinical.pk_chart import Absorptions, by_hand, doubts, left_out
from pumpd.clinical.pk_models import Pharmacokinetics
from pumpd.clinical.pk_patient import Prediction
from pumpd.clock import Clock
from pumpd.journal import ChartStep, JournalUnavailable
from pumpd.safety.chart_feed import feed
from pumpd.safety.clinical_look import absorptions, concentration, curve, flags, mme_view, nrs_view
from pumpd.safety.clinical_view import ClinicalView, ConcentrationCurve, ConcentrationView
from pumpd.safety.decisions import CourseChanged, Decision, FlowChanged, InfusionChanged, PatientClosed
from pumpd.safety.events import Assessed, Charted, Event, PatientBound, Predicted
from pumpd.units import MS_PER_H, Ms

TOLD = frozenset({FlowChanged, InfusionChanged, CourseChanged, PatientClosed})
SAID = frozenset({Charted, Assessed, PatientBound})
PAUSE_S = 0.5
"""Changes that come within it are shown together."""
STEPS_AT_ONCE = 20
READING = "the chart is being read from the journal"


class BedChart:
    """The chart of one bed; see the module."""

    def __init__(self, bed: Bed, around: Surroundings) -> None:
        self._bed = bed
        self._around = around
        self._notes: deque[ChartStep] = deque()
        self._changed = asyncio.Event()
        self._chart: Chart | None = None
        self._prediction: Prediction | None = None
        self._told = False
        self._lost = 0
        self._view = ClinicalView(False, why=READING)

    def note(self, step: ChartStep) -> None:
        """A step that a chart may be about."""
        self._notes.append(step)
        self._changed.set()

    def view(self) -> ClinicalView:
        """As last computed."""
        return self._view

    def chart(self) -> Chart | None:
        """None while it is being read."""
        return self._chart

    async def run(self) -> None:
        """Read the chart, then keep it, until cancelled. What fails here is for a supervisor to start again."""
        try:
            await self._read()
            while True:
                self._changed.clear()
                async with self._around.turn:
                    await self._take()
                    await self._look()
                await self._wait()
        finally:
            self._chart = self._prediction = None
            self._show(ClinicalView(False, why=READING))

    async def curve(self, hours: int) -> ConcentrationCurve:
        """The band for so many hours from now and as many back. Nothing where there is no prediction, and why."""
        pk = self._around.knowledge.pk
        if pk is None:
            return ConcentrationCurve(None, (), (), (), "no pharmacokinetic models are configured")
        async with self._around.turn:
            chart, prediction, now = self._chart, self._prediction, self._view.concentration
            if chart is None or prediction is None or now is None:
                return curve(pk, None, None, self._view.why or "nothing was given that the models know")
            work = prediction.ahead(chart, self._absorptions(), self._now_ms(), hours * MS_PER_H)
            return curve(pk, now, await sliced(work))

    # keeping the chart

    async def _read(self) -> None:
        """From the journal, to be taken first; waits while the journal fails. What was told meanwhile counts once."""
        while True:
            upto = self._bed.seq
            try:
                async with self._around.reading:
                    found = await self._around.history.chart_history(self._bed.id)
                break
            except JournalUnavailable as error:
                self._show(ClinicalView(False, why=f"the chart cannot be read: {error}"))
                await asyncio.sleep(self._around.knowledge.every_s)
        self._lost = found.lost
        self._told = self._bed.state.course.predicted is not None
        before = [step for step in found.steps if step.seq <= upto]
        self._notes = deque([*before, *(step for step in self._notes if step.seq > upto)])

    async def _take(self) -> None:
        chart, taken = self._chart or Chart(), 0
        while self._notes:
            step = self._notes.popleft()
            chart, closed = feed(chart, step.event, step.now_ms, step.decisions, step.seq)
            if closed is not None:
                self._prediction, self._lost = None, 0
            taken += 1
            if taken % STEPS_AT_ONCE == 0:
                await asyncio.sleep(0)
        self._chart = chart

    async def _wait(self) -> None:
        await asyncio.sleep(PAUSE_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._around.knowledge.every_s - PAUSE_S):
                await self._changed.wait()

    # looking at it

    async def _look(self) -> None:
        """The view anew, and the kernel told while something is predicted (and once when nothing is any more)."""
        chart, now_ms = self._chart, self._now_ms()
        assert chart is not None
        found, why = await self._concentration(chart)
        await asyncio.sleep(0)
        tables, words = self._around.knowledge.opioids, self._around.knowledge.vocabulary
        mme = None if tables is None else mme_view(chart, now_ms, tables)
        await asyncio.sleep(0)
        flagged = () if words is None else flags(chart, words, tables)
        self._show(ClinicalView(True, found, mme, nrs_view(chart), why, flagged))
        self._tell(found)

    async def _concentration(self, chart: Chart) -> tuple[ConcentrationView | None, str]:
        """The band, or why there is none ("" where nobody would expect one)."""
        pk = self._around.knowledge.pk
        if pk is None:
            return None, ""
        if not by_hand(chart, self._absorptions()) and not any(flow.drug in pk.drugs for flow in chart.flows):
            self._prediction = None
            return None, "; ".join(left_out(chart, self._absorptions(), self._now_ms() - pk.curve_ms))
        weight_g = chart.weights[-1].weight_g if chart.weights else None
        if weight_g is None:
            self._prediction = None
            return None, "no concentration is predicted: the patient's weight is not known"
        return await self._predicted(pk, chart, weight_g), ""

    async def _predicted(self, pk: Pharmacokinetics, chart: Chart, weight_g: int) -> ConcentrationView | None:
        """None once everything has been eliminated."""
        prediction = self._prediction
        if prediction is None or prediction.weight_g != weight_g:
            prediction = Prediction(pk, weight_g)
        await sliced(prediction.follow(chart))
        self._prediction, absorptions = prediction, self._absorptions()
        now_ms = self._now_ms()
        outlook = await sliced(prediction.outlook(chart, absorptions, now_ms))
        if max(outlook.now[1], outlook.soon[1]) < pk.nothing_below_ng_ml:
            return None
        found = doubts(chart, absorptions, pk, now_ms, weight_g, self._age_years(now_ms))
        if self._lost:
            found = (*found, "part of the record is missing: the journal was failing")
        return concentration(pk, outlook, found)

    def _tell(self, found: ConcentrationView | None) -> None:
        if found is not None:
            self._bed.post(Predicted(found.now_pg_ml, found.soon_pg_ml, found.models))
        elif self._told:
            self._bed.post(Predicted((0, 0), (0, 0), ()))
        self._told = found is not None

    def _show(self, view: ClinicalView) -> None:
        self._view = view
        self._around.mark(self._bed.id)

    def _absorptions(self) -> Absorptions:
        return absorptions(self._bed.policy)

    def _age_years(self, now_ms: int) -> int | None:
        patient = self._bed.state.patient
        if patient is None:
            return None
        try:
            born = date.fromisoformat(patient.birth_date)
        except ValueError:
            return None
        today = self._around.clock.wall_of(now_ms).date()
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    def _now_ms(self) -> int:
        return self._around.clock.now_ms()


class Charts:
    """The charts of a ward: what a bed tells (bedside.ports.ChartPort), and what is asked about one."""

    def __init__(self, knowledge: Knowledge, history: History, clock: Clock, mark: Callable[[str], None]) -> None:
        self._around = Surroundings(knowledge, history, clock, mark, asyncio.Lock(), asyncio.Lock())
        self._charts: dict[str, BedChart] = {}

    def add(self, bed: Bed) -> None:
        """Begin to listen to this bed."""
        self._charts[bed.id] = BedChart(bed, self._around)

    async def run(self, bed: str) -> None:
        """Keep the chart of a bed that was added; for a supervisor, one for each bed. See BedChart.run."""
        await self._charts[bed].run()

    def note(self, bed: str, seq: int, event: Event, decisions: tuple[Decision, ...], now_ms: Ms) -> None:
        """See ChartPort. A bed without a chart yet is not forgotten: its chart is read from the journal."""
        chart = self._charts.get(bed)
        if chart is not None and (type(event) in SAID or not TOLD.isdisjoint(map(type, decisions))):
            chart.note(ChartStep(seq, now_ms, event, decisions))

    def view(self, bed: str) -> ClinicalView | None:
        """None where no chart is kept."""
        chart = self._charts.get(bed)
        return None if chart is None else chart.view()

    def chart(self, bed: str) -> Chart | None:
        """None while it is being read, or where none is kept."""
        chart = self._charts.get(bed)
        return None if chart is None else chart.chart()

    async def curve(self, bed: str, hours: int) -> ConcentrationCurve:
        """See BedChart.curve. Raises KeyError for a bed without a chart."""
        return await self._charts[bed].curve(hours)
