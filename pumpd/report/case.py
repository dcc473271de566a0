"""A gathered course as its sections ask for it: the chart, who and where, what was in force when. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from functools import cached_property

from pumpd.clinical.chart import Chart, Flow, Noted, weight_at
from pumpd.journal.stays import RunRow, Stepped
from pumpd.report.gather import Gathered
from pumpd.report.tables import Tables
from pumpd.report.words import when, zone_of
from pumpd.safety.chart_feed import feed
from pumpd.safety.decisions import Permitted, Refused
from pumpd.safety.events import Event, Patient, PatientBound, Tick
from pumpd.safety.policy import BedPolicy, DrugPolicy


class Case:
    """Everything that a section needs; made once for each report."""

    def __init__(self, gathered: Gathered, tables: Tables) -> None:
        self.raw, self.tables = gathered, tables
        self.opened_ms, self.until_ms = gathered.opened.now_ms, gathered.until_ms
        self._moments = [step.now_ms for step in gathered.steps]
        self._policy_ms = [row.now_ms for row in gathered.policies]

    @cached_property
    def chart(self) -> Chart:
        """The patient's chart of the whole stay."""
        chart = Chart()
        for step in self.raw.steps:
            decided = [one.value for one in step.decisions]
            chart, closed = feed(chart, step.event or Tick(), step.now_ms, decided, step.row)
            if closed is not None and closed.mrn == self.raw.stay.mrn:
                return closed
        return chart

    @cached_property
    def zone(self) -> tzinfo:
        run = self.run
        return zone_of("UTC" if run is None or run.origins is None else run.origins.timezone)

    @cached_property
    def run(self) -> RunRow | None:
        """The start of the daemon that the course ended under (or runs under)."""
        earlier = [run for run in self.raw.runs if run.at <= self.raw.until]
        return earlier[-1] if earlier else None

    @cached_property
    def patient(self) -> Patient | None:
        """As bound last, before the course was over."""
        bound = [
            step.event.patient
            for step in self.raw.steps
            if isinstance(step.event, PatientBound) and step.now_ms <= self.until_ms and accepted(step)
        ]
        return bound[-1] if bound else None

    def at(self, now_ms: int) -> datetime:
        """Wall time: by the nearest step that follows, or else by the one before."""
        steps = self.raw.steps
        if not steps:
            return self.raw.opened.at + timedelta(milliseconds=now_ms - self.opened_ms)
        step = steps[min(bisect_left(self._moments, now_ms), len(steps) - 1)]
        return step.at + timedelta(milliseconds=now_ms - step.now_ms)

    def when(self, now_ms: int) -> str:
        """ "2026-01-12 10:05", in the ward's time."""
        return when(self.at(now_ms), self.zone)

    def policy(self, now_ms: int) -> BedPolicy | None:
        """In force at that time."""
        place = bisect_right(self._policy_ms, now_ms)
        rows = self.raw.policies
        return rows[place - 1].policy if place else (rows[0].policy if rows else None)

    def weight_g(self, now_ms: int) -> int | None:
        return weight_at(self.chart, now_ms)

    def governed(self, now_ms: int) -> DrugPolicy | None:
        """The governed drug of the bed's pumps."""
        policy = self.policy(now_ms)
        drugs = () if policy is None else tuple(pump.drug for pump in policy.pumps)
        return next((drug for drug in drugs if drug is not None and drug.governed), None)

    def in_course(self) -> Iterator[Stepped]:
        """Steps from the course's opening to its end."""
        return (step for step in self.raw.steps if self.opened_ms <= step.now_ms <= self.until_ms)

    @cached_property
    def flows(self) -> tuple[Flow, ...]:
        """What pumps with the governed drug did in the course, beginning with what they did at its opening."""
        found: list[Flow] = []
        before: dict[str, Flow] = {}
        for flow in self.chart.flows:
            if not self.is_governed(flow) or flow.at_ms > self.until_ms:
                continue
            if flow.at_ms < self.opened_ms:
                before[flow.pump] = flow
            else:
                found.append(flow)
        return (*before.values(), *found)

    def is_governed(self, flow: Flow) -> bool:
        """A flow whose drug nobody knows is taken for governed."""
        drug = self.governed(flow.at_ms)
        return flow.drug is None or (drug is not None and flow.drug == drug.code)

    def dose_ug_kg_h(self, flow: Flow) -> tuple[int, int] | None:
        """(ng/h, weight in g) that flow from then on; None where it cannot be told."""
        weight = self.weight_g(flow.at_ms)
        if weight is None or flow.infusing is None:
            return None
        if not flow.infusing:
            return 0, weight
        if flow.rate_ul_h is None or flow.conc_ug_ml is None:
            return None
        return flow.rate_ul_h * flow.conc_ug_ml, weight

    def age(self) -> int | None:
        """In years at the opening."""
        try:
            born = date.fromisoformat(self.patient.birth_date if self.patient is not None else "")
        except ValueError:
            return None
        day = self.raw.opened.at.astimezone(self.zone).date()
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))

    def entry(self, note: Noted) -> str:
        """ "entry b1-e7 by R. Keller, 2026-01-12 10:05"."""
        late = "" if note.noted_ms == note.at_ms else f", written {self.when(note.noted_ms)}"
        fixed = "" if note.corrects is None else f", correcting entry {note.corrects} ({note.reason})"
        return f"entry {note.id} by {note.by}, {self.when(note.at_ms)}{late}{fixed}"


def accepted(step: Stepped) -> bool:
    """The act of this step was permitted."""
    kinds = [type(one.value) for one in step.decisions]
    return Permitted in kinds and Refused not in kinds


def said_by(event: Event | None) -> str:
    return str(getattr(event, "by", ""))


def said_why(event: Event | None) -> str:
    """The reason that came with an act, with its note."""
    reason, note = getattr(event, "reason", ""), getattr(event, "note", "")
    return ": ".join(str(word) for word in (reason, note) if word)
