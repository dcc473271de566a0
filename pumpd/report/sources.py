"""Which limits, files and software stood behind the course: what a number's source can be looked up in. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pumpd.journal.stays import PolicyRow
from pumpd.report.case import Case
from pumpd.report.model import PolicyLine, RunLine
from pumpd.report.words import mg_kg, mg_kg_h
from pumpd.safety.limits import Cap, Limit
from pumpd.safety.policy import BedPolicy, DrugPolicy
from pumpd.safety.protocol_policy import ProtocolPolicy
from pumpd.units import MS_PER_H, MS_PER_MIN, plain


def policies(case: Case) -> Iterator[PolicyLine]:
    """The policy in force at the opening, and each that replaced it in the course."""
    for row in _in_force(case):
        yield PolicyLine(row.at, row.sha, tuple(policy_texts(row.policy)))


def unverified(case: Case) -> tuple[str, ...]:
    """Devices of the bed whose driver was under development at some time of the course: "id (driver)"."""
    found: dict[str, None] = {}
    for row in _in_force(case):
        found |= dict.fromkeys(f"{device} ({driver})" for device, driver in _unverified(row.policy))
    return tuple(found)


def policy_texts(policy: BedPolicy) -> Iterator[str]:
    """Each limit with its number and whose it is."""
    seen: set[str] = set()
    for pump in policy.pumps:
        drug = pump.drug
        if drug is not None and drug.governed and drug.code not in seen:
            seen.add(drug.code)
            yield from _drug_texts(drug)
    if policy.protocol is not None:
        yield from _protocol_texts(policy.protocol)
    yield f"alarm profile: {policy.profile.id}"
    for device, driver in _unverified(policy):
        yield f"{device}: UNVERIFIED driver {driver}"


def _unverified(policy: BedPolicy) -> list[tuple[str, str]]:
    pumps = [(pump.device, pump.driver) for pump in policy.pumps if pump.unverified]
    return pumps + [(monitor.device, monitor.driver) for monitor in policy.monitors if monitor.unverified]


def _in_force(case: Case) -> tuple[PolicyRow, ...]:
    rows = case.raw.policies
    first = max((place for place, row in enumerate(rows) if row.now_ms <= case.opened_ms), default=0)
    return rows[first:]


def _drug_texts(drug: DrugPolicy) -> Iterator[str]:
    for name, limit in (("hard", drug.hard), ("soft", drug.soft)):
        yield f"{drug.label} {name} ceiling: {_limit(limit)}"
    caps = drug.caps
    if caps is None:
        yield f"{drug.label}: no dose caps"
        return
    for name, cap in (("an infusion", caps.per_infusion), ("a course", caps.per_course)):
        if cap is not None:
            yield f"{drug.label} cap of {name}: {_cap(cap)}"
    if caps.per_window is not None:
        yield f"{drug.label} cap of any {caps.window_ms / MS_PER_H:g} h: {_cap(caps.per_window)}"


def _limit(limit: Limit | None) -> str:
    return "none" if limit is None else f"{plain(mg_kg_h(limit.ug_kg_h))} mg/kg/h, set by {limit.set_by}"


def _cap(cap: Cap) -> str:
    return f"{plain(mg_kg(cap.ug_kg))} mg/kg, set by {cap.set_by}"


def _protocol_texts(protocol: ProtocolPolicy) -> Iterator[str]:
    approved = protocol.approved_by or "nobody"
    yield f"protocol {protocol.id} {protocol.version}, approved by {approved} ({protocol.set_by})"
    yield f"at most {protocol.max_infusions} infusions in {protocol.course_ms / MS_PER_H:g} h"
    yield (
        f"begin with {_limit(protocol.start)}; steps of {_limit(protocol.step)}; "
        f"{protocol.step_interval_ms / MS_PER_MIN:g} min between increases"
    )
    yield f"pain score every {protocol.nrs_every_ms / MS_PER_H:g} h"


def runs(case: Case) -> Iterator[RunLine]:
    """Starts of the daemon from the one that the course was opened under."""
    before = [run for run in case.raw.runs if run.at <= case.raw.opened.at]
    for run in [*before[-1:], *(run for run in case.raw.runs if case.raw.opened.at < run.at <= case.raw.until)]:
        origins = run.origins
        yield RunLine(
            at=run.at,
            software=run.software,
            config_sha=run.config_sha,
            generation="unknown" if origins is None else origins.generation,
            library="" if origins is None else origins.library,
            files=() if origins is None else tuple(sorted(origins.files.items())),
            unverified=() if origins is None else origins.unverified,
        )


def generation(case: Case) -> str:
    """demo, where any run of the course had simulated patients; unknown where it was not recorded."""
    kinds = {run.generation for run in runs(case)}
    return next((kind for kind in ("demo", "test", "unknown") if kind in kinds), "real" if kinds else "unknown")
