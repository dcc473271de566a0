"""What flowed: infusions, dose rates, what was given at least and at most, against ceilings and caps. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from pumpd.clinical.chart import Flow, InfusionRow, valid
from pumpd.clinical.entries import InfusionPlan, KetamineGiven, Route
from pumpd.report.case import Case
from pumpd.report.model_figure import Figure
from pumpd.report.model_given import CapLine, CeilingStep, DosePoint, FlowPoint, Infusion
from pumpd.report.words import NG_PER_MG, mg, mg_kg, mg_kg_h, mg_of_ng, share, spaced
from pumpd.safety.decisions import InfusionPhase
from pumpd.safety.limits import Cap
from pumpd.units import exact, format_rate_ml_h, format_weight, plain

OVER = frozenset({InfusionPhase.COMPLETED, InfusionPhase.STOPPED_BY_CAP, InfusionPhase.ABORTED})
PPM = 1_000_000


def rate_figure(case: Case, flow: Flow) -> Figure | None:
    """The dose rate in mg/kg/h from this flow on."""
    found = case.dose_ug_kg_h(flow)
    if found is None:
        return None
    ng_h, weight_g = found
    value = (Decimal(ng_h) / weight_g / 1000).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    words = f"pump {flow.pump} reported {format_rate_ml_h(flow.rate_ul_h or 0)}, {case.when(flow.at_ms)}"
    origin = f"{words}; {format_weight(weight_g)}" if ng_h else f"pump {flow.pump} stood still"
    return Figure(value.normalize() if value else Decimal(0), "mg/kg/h", f"{plain(value)} mg/kg/h", origin)


def dose_rate_at(case: Case, now_ms: int) -> Figure | None:
    """Of all pumps together at that time; None where one of them cannot be told."""
    last: dict[str, Flow] = {}
    for flow in case.chart.flows:
        if flow.at_ms <= now_ms and case.is_governed(flow):
            last[flow.pump] = flow
    rates = [rate_figure(case, flow) for flow in last.values()]
    if any(rate is None for rate in rates):
        return None
    known = [rate for rate in rates if rate is not None]
    total = sum((rate.value or Decimal(0) for rate in known), Decimal(0))
    return Figure(
        total, "mg/kg/h", f"{plain(total)} mg/kg/h", "; ".join(rate.origin for rate in known) or "no pump ran"
    )


def flow_points(case: Case) -> Iterator[FlowPoint]:
    for flow in case.flows:
        rate = None
        if flow.rate_ul_h is not None:
            value, text = exact(flow.rate_ul_h, 1000), format_rate_ml_h(flow.rate_ul_h)
            rate = Figure(value, "mL/h", text, f"pump {flow.pump} reported it, {case.when(flow.at_ms)}")
        at = case.at(max(flow.at_ms, case.opened_ms))
        yield FlowPoint(at, flow.pump, flow.drug or "", flow.infusing, rate, rate_figure(case, flow), flow.infusion)


def dose_points(case: Case) -> Iterator[DosePoint]:
    """Given since the course began, after every change and mark, with what was given by hand."""
    totals: dict[str, tuple[int, int]] = {}
    base: dict[str, tuple[int, int]] = {}
    happenings: list[tuple[int, Flow | int]] = [(flow.at_ms, flow) for flow in case.flows]
    happenings += [(at_ms, ng) for at_ms, ng in by_hand(case)]
    hand = 0
    for at_ms, one in sorted(happenings, key=lambda pair: pair[0]):
        if isinstance(one, int):
            hand += one
        elif one.low_ng is not None and one.high_ng is not None:
            first = (one.low_ng, one.high_ng) if one.at_ms < case.opened_ms else (0, 0)
            base.setdefault(one.pump, first)
            totals[one.pump] = (one.low_ng, one.high_ng)
        low = hand + sum(total[0] - base[pump][0] for pump, total in totals.items())
        high = hand + sum(total[1] - base[pump][1] for pump, total in totals.items())
        infusion = one.infusion if isinstance(one, Flow) else 0
        yield DosePoint(case.at(max(at_ms, case.opened_ms)), mg_of_ng(max(0, low)), mg_of_ng(high), infusion)


def by_hand(case: Case) -> Iterator[tuple[int, int]]:
    """(time, ng) of ketamine beside the pumps in the course, as far as the protocol counts it."""
    for note, given in valid(case.chart, KetamineGiven):
        if case.opened_ms <= note.at_ms <= case.until_ms:
            yield note.at_ms, given.amount_ug * 1000 * _counted_ppm(case, given.route, note.at_ms) // PPM


def _counted_ppm(case: Case, route: Route, at_ms: int) -> int:
    policy = case.policy(at_ms)
    routes = () if policy is None or policy.protocol is None else policy.protocol.routes
    return next((one.window_ppm for one in routes if one.route == route), PPM)


def ceilings(case: Case) -> Iterator[CeilingStep]:
    """The governed drug's ceilings, at the opening and at every change in the course."""
    last: CeilingStep | None = None
    for row in case.raw.policies:
        drug = case.governed(row.now_ms)
        hard, soft = (None, None) if drug is None else (drug.hard, drug.soft)
        step = CeilingStep(
            case.at(max(row.now_ms, case.opened_ms)),
            None if hard is None else mg_kg_h(hard.ug_kg_h),
            "" if hard is None else hard.set_by,
            None if soft is None else mg_kg_h(soft.ug_kg_h),
            "" if soft is None else soft.set_by,
        )
        if row.now_ms > case.opened_ms and last is not None:
            yield last
        last = step
    if last is not None:
        yield last


def infusions(case: Case) -> Iterator[Infusion]:
    """Every infusion of the course, in order."""
    rows: dict[int, list[InfusionRow]] = {}
    for row in case.chart.infusions:
        if row.course == case.raw.course and row.number:
            rows.setdefault(row.number, []).append(row)
    since_ms = case.opened_ms
    for number, phases in sorted(rows.items()):
        yield _infusion(case, number, phases, since_ms)
        since_ms = phases[-1].at_ms


def _infusion(case: Case, number: int, rows: list[InfusionRow], since_ms: int) -> Infusion:
    """since_ms: the end of the one before it."""
    last = rows[-1]
    begun = next((row for row in rows if row.phase == InfusionPhase.RUNNING), rows[0])
    ended = last if last.phase in OVER else None
    plan = _plan(case, since_ms, begun.at_ms, case.until_ms if ended is None else ended.at_ms)
    low, high = (
        _delivered(case, last, ng, word) for ng, word in ((last.low_ng, "at least"), (last.high_ng, "at most"))
    )
    return Infusion(
        number=number,
        phase=spaced(last.phase),
        pumps=tuple(dict.fromkeys(row.pump for row in rows if row.pump)),
        started=case.at(begun.at_ms),
        ended=None if ended is None else case.at(ended.at_ms),
        low=low,
        high=high,
        per_kg=_per_kg(case, last),
        plan=None if plan is None else plan[0],
        start_rate=None if plan is None else plan[1],
        top=_top(case, number),
        why=last.why,
    )


def _delivered(case: Case, row: InfusionRow, ng: int, word: str) -> Figure:
    value = mg_of_ng(ng)
    origin = f"{word}, as pumpd accounted it from the pump's reports when infusion {row.number} was {spaced(row.phase)}"
    return Figure(value, "mg", mg(value), f"{origin}, {case.when(row.at_ms)}")


def _per_kg(case: Case, row: InfusionRow) -> Figure | None:
    weight_g = case.weight_g(row.at_ms)
    if weight_g is None:
        return None
    value = (Decimal(row.high_ng) / weight_g / 1000).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    words = f"at most {mg(mg_of_ng(row.high_ng))} by {format_weight(weight_g)}"
    return Figure(value, "mg/kg", f"{plain(value)} mg/kg", words)


def _plan(case: Case, since_ms: int, begun_ms: int, ended_ms: int) -> tuple[Figure, Figure] | None:
    """Dose and first rate of the newest plan since the infusion before it, else of the first one while it ran."""
    plans = [one for one in valid(case.chart, InfusionPlan) if since_ms <= one[0].at_ms <= ended_ms]
    if not plans:
        return None
    before = [one for one in plans if one[0].at_ms <= begun_ms]
    note, plan = before[-1] if before else plans[0]
    origin, refs = f"planned, {case.entry(note)}", (f"entry {note.id}",)
    dose, rate = mg_kg(plan.dose_ug_kg), mg_kg_h(plan.start_ug_kg_h)
    return (
        Figure(dose, "mg/kg", f"{plain(dose)} mg/kg", origin, refs),
        Figure(rate, "mg/kg/h", f"{plain(rate)} mg/kg/h", origin, refs),
    )


def _top(case: Case, number: int) -> Figure | None:
    rates = [rate_figure(case, flow) for flow in case.flows if flow.infusion == number and flow.infusing]
    return max((rate for rate in rates if rate is not None), key=lambda rate: rate.value or 0, default=None)


def caps(case: Case, given: tuple[Infusion, ...], course: tuple[DosePoint, ...]) -> Iterator[CapLine]:
    """Each infusion against its cap, and the course against the course's."""
    for one in given:
        at_ms = _begun_ms(case, one.number)
        drug = case.governed(at_ms)
        if drug is not None and drug.caps is not None and drug.caps.per_infusion is not None:
            low, high = one.low, one.high
            stopped = _stopped(one, "per infusion")
            line = _cap(case, f"infusion {one.number}", drug.caps.per_infusion, at_ms, low, high, stopped)
            if line is not None:
                yield line
    drug = case.governed(case.until_ms)
    if drug is not None and drug.caps is not None and drug.caps.per_course is not None and course:
        origin = f"the sum over all pumps since {case.when(case.opened_ms)}, and of what was given by hand"
        low, high = (Figure(ng, "mg", mg(ng), f"{word}; {origin}") for ng, word in _ends(course[-1]))
        stopped = any(_stopped(one, "per course") for one in given)
        line = _cap(case, "course", drug.caps.per_course, case.until_ms, low, high, stopped)
        if line is not None:
            yield line


def _ends(point: DosePoint) -> tuple[tuple[Decimal, str], tuple[Decimal, str]]:
    return (point.low, "at least"), (point.high, "at most")


def _begun_ms(case: Case, number: int) -> int:
    rows = [row.at_ms for row in case.chart.infusions if row.course == case.raw.course and row.number == number]
    return min(rows)


def _stopped(one: Infusion, span: str) -> bool:
    """Did that cap stop the infusion? (It does so a little early: see CapLine.)"""
    return one.phase == spaced(InfusionPhase.STOPPED_BY_CAP) and span in one.why


def _cap(case: Case, span: str, cap: Cap, at_ms: int, low: Figure, high: Figure, stopped: bool) -> CapLine | None:
    weight_g = case.weight_g(at_ms)
    if weight_g is None:
        return None
    limit = (Decimal(cap.ug_kg) * weight_g / NG_PER_MG).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    origin = f"{plain(mg_kg(cap.ug_kg))} mg/kg ({cap.set_by}) x {format_weight(weight_g)}"
    reached = stopped or (high.value or 0) >= limit
    percent = share(high.value or Decimal(0), limit)
    return CapLine(span, Figure(limit, "mg", mg(limit), origin), cap.set_by, low, high, percent, reached)
