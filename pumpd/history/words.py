"""What happened at a bed, in words for its event strip. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pumpd.history.shapes import EventShape
from pumpd.journal.stays import Stepped
from pumpd.live.stamp import Stamp
from pumpd.report.notes import told
from pumpd.report.words import mg, mg_of_ng, spaced
from pumpd.safety.decisions import (
    AudioChanged,
    CourseChanged,
    Decision,
    EpisodeChanged,
    FlowChanged,
    InfusionChanged,
    InterlockChanged,
    Permitted,
    Refused,
)
from pumpd.safety.events import (
    Acknowledged,
    AlarmReset,
    Assessed,
    Charted,
    Event,
    InterlockReset,
    LinkChanged,
    LinkState,
    PatientBound,
    PolicyReplaced,
    ProtocolOverride,
    RateRequested,
    Restarted,
    ResumeRequested,
    SoftOverride,
    StopRequested,
)
from pumpd.units import format_rate_ml_h

KINDS = ("act", "infusion", "rate", "dose", "assessment", "opioid", "course", "alarm", "link", "system")
_OF_SECTION = {
    "assessments": "assessment",
    "opioids given": "opioid",
    "ketamine by hand": "dose",
    "adjuncts": "opioid",
    "co-medication": "opioid",
    "checklist": "course",
    "plans": "course",
    "follow-up": "course",
}
_LINK = {
    LinkState.UP: "connected",
    LinkState.DOWN: "link lost",
    LinkState.SILENT: "silent",
    LinkState.REFUSED: "refused",
}


def events_of(step: Stepped, stamp: Stamp, flowing: dict[str, tuple[bool | None, int | None]]) -> Iterator[EventShape]:
    """Everything of one step that people should see. flowing: what each pump did last, renewed here."""
    decided = [one.value for one in step.decisions]
    refused = next((one for one in decided if isinstance(one, Refused)), None)
    accepted = refused is None and any(isinstance(one, Permitted) for one in decided)
    said = None if step.event is None else _event(step.event, accepted)
    if refused is not None:
        said = ("act", f"{spaced(refused.act)} refused: {'; '.join(refused.reasons)}", refused.by, None)
    if said is not None:
        kind, text, by, device = said
        at_ms = step.now_ms
        if isinstance(step.event, Charted) and step.event.at_ms is not None:
            at_ms = step.event.at_ms
        yield EventShape(stamp.text(at_ms), kind, text, by, device)
    for one in decided:
        told_so = _decided(one, flowing)
        if told_so is not None:
            yield EventShape(stamp.text(step.now_ms), *told_so)


Said = tuple[str, str, str, str | None]  # kind, text, by, device


def _event(event: Event, accepted: bool) -> Said | None:
    match event:
        case Charted() if accepted:
            section, text = told(event.entry)
            fixes = f" (corrects {event.corrects}: {event.reason})" if event.corrects else ""
            return _OF_SECTION.get(section, "course"), text + fixes, event.by, None
        case Assessed() if accepted:
            return "assessment", _sedation(event), event.by, None
        case LinkChanged():
            detail = f": {event.detail}" if event.detail else ""
            return "link", f"{event.device} {_LINK.get(event.state, event.state.value)}{detail}", "", event.device
        case PatientBound() if accepted:
            return "system", "patient bound", event.by, None
        case PolicyReplaced():
            return "system", "limits of this bed were replaced", "", None
        case Restarted():
            return "system", "pumpd was started again", "", None
        case _:
            return _act(event, accepted)


def _act(event: Event, accepted: bool) -> Said | None:
    match event:
        case StopRequested() as it:
            return "act", f"stop of {it.pump}: {it.reason}", it.by, it.pump
        case RateRequested() as it if accepted:
            return "act", f"rate of {it.pump} asked for: {format_rate_ml_h(it.rate_ul_h)}", it.by, it.pump
        case InterlockReset() as it if accepted:
            return "act", f"interlock of {it.pump} reset: {it.reason}", it.by, it.pump
        case ResumeRequested() as it if accepted:
            return "act", f"restart of {it.pump} permitted: {it.reason}", it.by, it.pump
        case SoftOverride() as it if accepted:
            return "act", f"rate of {it.pump} above the soft ceiling confirmed: {it.reason}", it.by, it.pump
        case ProtocolOverride() as it if accepted:
            return "act", f"rule {spaced(it.rule)} set aside: {it.reason}", it.by, None
        case Acknowledged() as it:
            note = f", {it.note}" if it.note else ""
            return "alarm", f"alarm acknowledged: {spaced(it.reason.value)}{note}", it.by, None
        case AlarmReset() as it:
            return "alarm", f"alarm reset: {it.reason}", it.by, None
        case _:
            return None


def _sedation(said: Assessed) -> str:
    poss = "S" if said.asleep else said.poss
    words = (
        "" if poss is None else f"POSS {poss}",
        "" if said.rass is None else f"RASS {said.rass:+d}",
        "" if said.oxygen is None else ("on oxygen" if said.oxygen else "without oxygen"),
    )
    return "; ".join(word for word in words if word)


def _decided(one: Decision, flowing: dict[str, tuple[bool | None, int | None]]) -> Said | None:
    match one:
        case FlowChanged():
            return _flow(one, flowing)
        case InfusionChanged() as it:
            why = f": {it.why}" if it.why else ""
            number = f" {it.number}" if it.number else ""
            given = f"at most {mg(mg_of_ng(it.high_ng))}"
            return "infusion", f"infusion{number} {spaced(it.phase)}, {given}{why}", "", it.pump
        case CourseChanged() as it:
            why = f": {it.why}" if it.why else ""
            return "course", f"course {'opened' if it.open else 'closed'}{why}", it.by, None
        case InterlockChanged() as it:
            cause = f": {it.cause}" if it.cause else ""
            return "act", f"interlock of {it.pump} {spaced(it.state)}{cause}", "", it.pump
        case AudioChanged(until_ms=int()) as it:
            return "alarm", "sound paused", it.by or "", None
        case EpisodeChanged(open=True) as it:
            return "alarm", f"respiratory depression episode {it.number}: {', '.join(map(spaced, it.signs))}", "", None
        case _:
            return None


def _flow(it: FlowChanged, flowing: dict[str, tuple[bool | None, int | None]]) -> Said | None:
    """Only what changed: a mark of time passed is no event."""
    now = (it.infusing, it.rate_ul_h if it.infusing else None)
    if flowing.get(it.pump) == now:
        return None
    flowing[it.pump] = now
    if it.infusing is None:
        return "rate", f"{it.pump}: not known what it delivers", "", it.pump
    rate = "" if it.rate_ul_h is None else f" {format_rate_ml_h(it.rate_ul_h)}"
    return "rate", f"{it.pump} infuses{rate}" if it.infusing else f"{it.pump} stands still", "", it.pump
