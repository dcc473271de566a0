"""What people asked for and did not get, and which limits they set aside: who, why, which limit, whose. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pumpd.journal.stays import Decided, Stepped
from pumpd.report.case import Case, accepted, said_by, said_why
from pumpd.report.model import Override, Refusal
from pumpd.report.notes import told
from pumpd.report.words import mg_kg_h, spaced
from pumpd.safety.decisions import Permitted, Refused
from pumpd.safety.events import Charted, Event, ProtocolOverride, RateRequested, SoftOverride
from pumpd.units import format_rate_ml_h, plain


def refusals(case: Case) -> Iterator[Refusal]:
    """Every refused act from the binding of the patient to the end of the course."""
    for step in case.raw.steps:
        if step.now_ms > case.until_ms:
            return
        for one in step.decisions:
            if isinstance(one.value, Refused):
                yield _refusal(step, one, one.value)


def _refusal(step: Stepped, one: Decided, refused: Refused) -> Refusal:
    return Refusal(
        at=step.at,
        who=refused.by or said_by(step.event),
        act=spaced(refused.act),
        subject=_asked(step.event) or spaced(refused.subject),
        why=refused.why or said_why(step.event),
        reasons=refused.reasons,
        ref=f"decision {one.n}",
    )


def _asked(event: Event | None) -> str:
    """What exactly, where the act's subject alone does not say it."""
    match event:
        case Charted(entry=entry):
            return told(entry)[1]
        case RateRequested(pump=pump, rate_ul_h=rate):
            return f"{pump}: {format_rate_ml_h(rate)}"
        case _:
            return ""


def overrides(case: Case) -> Iterator[Override]:
    """Every soft limit and every rule of the protocol that was set aside, over the same time."""
    for step in case.raw.steps:
        if step.now_ms > case.until_ms:
            return
        if isinstance(step.event, SoftOverride | ProtocolOverride) and accepted(step):
            permitted = next(one for one in step.decisions if isinstance(one.value, Permitted))
            yield _override(case, step, step.event, permitted)


def _override(case: Case, step: Stepped, event: SoftOverride | ProtocolOverride, permitted: Decided) -> Override:
    assert isinstance(permitted.value, Permitted)
    if isinstance(event, SoftOverride):
        act, subject = "soft limit", event.pump
        limit, source = _soft(case, step.now_ms)
    else:
        act, subject = "rule of the protocol", spaced(event.rule)
        limit, source = _rule(case, step.now_ms)
    return Override(
        step.at,
        event.by,
        act,
        subject,
        event.reason,
        permitted.value.note or limit,
        source,
        f"decision {permitted.n}",
    )


def _soft(case: Case, now_ms: int) -> tuple[str, str]:
    drug = case.governed(now_ms)
    if drug is None or drug.soft is None:
        return "", ""
    return f"{plain(mg_kg_h(drug.soft.ug_kg_h))} mg/kg/h", drug.soft.set_by


def _rule(case: Case, now_ms: int) -> tuple[str, str]:
    policy = case.policy(now_ms)
    if policy is None or policy.protocol is None:
        return "", ""
    return "", policy.protocol.set_by
