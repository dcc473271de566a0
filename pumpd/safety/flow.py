"""The timeline of what flows (FlowChanged), and when a pump's report needs a closer look. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.safety import infusion_error
from pumpd.safety.ceiling import is_governed
from pumpd.safety.course_state import Flow
from pumpd.safety.decisions import FlowChanged
from pumpd.safety.dose import delivered_ng, undocumented_nl
from pumpd.safety.given import Pair, mass_ng
from pumpd.safety.infusions import running_infusion
from pumpd.safety.policy import PumpPolicy
from pumpd.safety.state import Dose, Draft, PumpState, Report

NEVER = 2**62  # a level or time that no report reaches


def is_quiet(d: Draft, pump: PumpPolicy) -> bool:
    """Does the newest report of this pump, with nothing else due, change nothing of its flow and of the caps?"""
    flow, p = d.given.flows.get(pump.device), d.pumps[pump.device]
    if flow is None or p.report is None:
        return False
    return flow.live is p.live and is_unchanged(flow, p.report, p.dose)


def is_unchanged(flow: Flow, report: Report, dose: Dose) -> bool:
    """Is what was told of this flow still all that there is to tell? (Whether it is live, the caller asks.)"""
    return (
        flow.rate_ul_h == report.rate_ul_h
        and flow.infusing is report.infusing
        and dose.high_nl < flow.level_nl
        and report.at_ms < flow.look_ms
        and (report.infusing is True or flow.count_ul == report.volume_ul)
        and flow.serial == report.serial
    )


def settle(d: Draft) -> None:
    """Tell every change of a flow, and compare what was given with what was programmed."""
    flows = {pump.device: noted(d, pump) for pump in d.policy.pumps}
    if flows != d.given.flows:
        d.given = replace(d.given, flows=flows)


def noted(d: Draft, pump: PumpPolicy) -> Flow:
    """What is known of this pump's flow now; a change is told."""
    p, before = d.pumps[pump.device], d.given.flows.get(pump.device)
    new = present(pump, p)
    if before is None:
        if new.live:
            tell(d, pump)
        return compared(d, pump, new, new, p)
    if shown(new) != shown(before):
        tell(d, pump)
    return compared(d, pump, before, new, p)


def present(pump: PumpPolicy, p: PumpState) -> Flow:
    live = p.live and p.report is not None
    report = p.report if live else None
    return Flow(
        drug=None if pump.drug is None else pump.drug.code,
        governed=is_governed(pump),
        infusing=None if report is None else report.infusing,
        rate_ul_h=None if report is None else report.rate_ul_h,
        conc_ug_ml=pump.concentration_ug_ml,
        live=live,
        level_nl=p.dose.high_nl + 1,
        look_ms=NEVER,
        count_ul=None if report is None else report.volume_ul,
        serial=None if report is None else report.serial,
    )


def shown(flow: Flow) -> tuple[object, ...]:
    return flow.drug, flow.infusing, flow.rate_ul_h, flow.conc_ug_ml, flow.live


def compared(d: Draft, pump: PumpPolicy, before: Flow, new: Flow, p: PumpState) -> Flow:
    """The flow with what over- and under-infusion are judged by, where a protocol says how."""
    protocol, report = d.policy.protocol, p.report
    if protocol is None or not new.governed or not new.live or report is None:
        return new
    if is_sampled(before, new, report):
        return replace(
            new, look_ms=before.look_ms, counted=before.counted, over=before.over, under=before.under, free=before.free
        )
    samples = infusion_error.counted_on(before, report, protocol, pump.capabilities.shown_rate_step_ul_h)
    if not samples:
        return new
    step_nl = pump.capabilities.counter_step_nl
    over, under = infusion_error.over(samples, protocol, step_nl), infusion_error.under(samples, protocol, step_nl)
    free = infusion_error.free_flow(samples, protocol, step_nl)
    moving = new.infusing is not False or over or under or free
    return replace(
        new,
        look_ms=samples[-1].at_ms + infusion_error.sample_ms(protocol) if moving else NEVER,
        counted=samples,
        over=over and (before.over or over),
        under=under and (before.under or under),
        free=free and (before.free or free),
    )


def is_sampled(before: Flow, new: Flow, report: Report) -> bool:
    """Is the next sample not due yet, with nothing changed since the newest one?"""
    same = shown(before) == shown(new) and before.serial == new.serial
    stands = new.infusing is True or before.count_ul == new.count_ul
    return same and stands and bool(before.counted) and report.at_ms < before.look_ms


def tell(d: Draft, pump: PumpPolicy) -> None:
    """FlowChanged as it is now; nothing of a pump without a drug."""
    if pump.drug is None:
        return
    p = d.pumps[pump.device]
    now, mass, current = present(pump, p), mass_of(d, pump, p), running_infusion(d) if is_governed(pump) else None
    d.out.append(
        FlowChanged(
            pump.device,
            pump.drug.code,
            now.infusing,
            now.rate_ul_h,
            pump.concentration_ug_ml,
            None if mass is None else mass[0],
            None if mass is None else mass[1],
            0 if current is None else current.number,
        )
    )


def mass_of(d: Draft, pump: PumpPolicy, p: PumpState) -> Pair | None:
    if is_governed(pump):
        return mass_ng(d, pump, p)
    conc = pump.concentration_ug_ml
    return None if conc is None or conc <= 0 else delivered_ng(p.dose, conc, undocumented_nl(pump, p, d.now))
