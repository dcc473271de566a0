"""Ketamine given beside the pump: what counts of it, the sub-anaesthetic check, another route. Pure.

A dose that is about to be given is refused where it is above the band or passes a dose cap. One that was given is never
refused for that: a dose that nobody counts is worse than one that is too great. It is counted, and told of.
"""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.clinical.entries import KetamineGiven
from pumpd.safety import ceiling, course
from pumpd.safety.caps import Span, spans, weight_g
from pumpd.safety.course_state import Manual, Noted
from pumpd.safety.events import Charted
from pumpd.safety.protocol_policy import ProtocolPolicy, ProtocolRule
from pumpd.safety.protocol_words import dose_words as cap_dose_words
from pumpd.safety.protocol_words import mass_words
from pumpd.safety.set_aside import is_set_aside
from pumpd.safety.start_checks import above_band, below_band
from pumpd.safety.state import Draft
from pumpd.units import MS_PER_H

SUB = ProtocolRule.SUB_ANAESTHETIC.value
PPM = 1_000_000
NG_PER_UG = 1000
KEPT_MS = 14 * 24 * MS_PER_H  # longer than any window or course
GIVEN_ALREADY = "if it has been given, chart it with its time: it counts, and is told of"


def dose_words(d: Draft, entry: KetamineGiven, protocol: ProtocolPolicy) -> str | None:
    """Why this dose is above the sub-anaesthetic band, or None: it is not, or its weight is not known."""
    weight = weight_g(d)
    if weight is None:
        return None
    return above_band(-(-entry.amount_ug * 1000 // weight), f"{entry.route.value} ketamine", protocol)


def dose_reasons(d: Draft, event: Charted, entry: KetamineGiven) -> list[str]:
    """Why it may not be given now; nothing is said against what was given already. (Nobody can set a cap aside.)"""
    protocol = d.policy.protocol
    if event.at_ms is not None or event.corrects is not None:
        return []
    ng = counted_ng(entry, protocol)
    found = [passes_words(span, ng) for span in spans(d) if span.given[1] + ng > span.cap_ng]
    above = None if protocol is None or is_set_aside(d, SUB) else dose_words(d, entry, protocol)
    found += [] if above is None else [above]
    return [*found, GIVEN_ALREADY] if found else []


def passes_words(span: Span, ng: int) -> str:
    """What would be too much, what is left, of which cap, and whose it is."""
    left = mass_words(max(0, span.cap_ng - span.given[1]))
    cap = f"{cap_dose_words(span.cap.ug_kg)} ({mass_words(span.cap_ng)}) {span.words} set by {span.cap.set_by}"
    return f"{mass_words(ng)} of it count, and {left} are left of the cap {cap}"


def passed(d: Draft, ng: int, before: list[Span]) -> list[str]:
    """The caps that this dose has passed, in words."""
    then = {span.name: span for span in before}
    now = (span for span in spans(d) if span.given[1] > span.cap_ng and span.name in then)
    return [passes_words(then[span.name], ng) for span in now if span.given[1] > then[span.name].given[1]]


def counted_ng(entry: KetamineGiven, protocol: ProtocolPolicy | None) -> int:
    """What of it counts in the dose windows, rounded up; all of it where the route is not known."""
    routes = () if protocol is None else protocol.routes
    ppm = next((policy.window_ppm for policy in routes if policy.route == entry.route), PPM)
    return -(-entry.amount_ug * NG_PER_UG * ppm // PPM)


def take_dose(d: Draft, event: Charted, entry: KetamineGiven, at_ms: int) -> str:
    """Count it; returns what the answer says of it."""
    protocol = d.policy.protocol
    ng = counted_ng(entry, protocol)
    kept, before = [dose for dose in d.given.manual if dose.at_ms >= d.now - KEPT_MS], spans(d)
    d.given = replace(d.given, manual=tuple(sorted((*kept, Manual(event.id, at_ms, ng)), key=lambda dose: dose.at_ms)))
    words, over = [f"{mass_words(ng)} of it count"], passed(d, ng, before)
    if over:
        d.course = replace(d.course, above=f"Ketamine given: {'; '.join(over)}")
    if protocol is not None:
        course.note_route(d, entry.route.value, at_ms)
        words.append(band_note(d, entry, protocol, over))
    return "; ".join(said for said in (*words, *over) if said)


def band_note(d: Draft, entry: KetamineGiven, protocol: ProtocolPolicy, over: list[str]) -> str:
    """Above the band (an advisory too, unless a named person has set it aside), below it, or not checked."""
    above, weight = dose_words(d, entry, protocol), weight_g(d)
    if weight is None:
        return f"not held against the sub-anaesthetic band: {ceiling.weight_reason(d)}"
    if above is None:
        return below_band(entry.amount_ug * 1000 // weight, f"{entry.route.value} ketamine", protocol)
    if not is_set_aside(d, SUB):
        d.course = replace(d.course, above=f"Ketamine given: {'; '.join((above, *over))}")
        return above
    by = ", ".join(said.by for said in d.course.set_aside if said.rule == SUB)
    return f"{above}; set aside by {by}"


def take_back(d: Draft, entry_id: str, old: Noted) -> None:
    """The dose was not given like that: it counts no more, and its route was none."""
    d.given = replace(d.given, manual=tuple(dose for dose in d.given.manual if dose.entry != entry_id))
    if not isinstance(old.entry, KetamineGiven) or d.course.route_ms != old.at_ms:
        return
    left = [noted for noted in d.course.entries.values() if isinstance(noted.entry, KetamineGiven)]
    routes = [(noted.at_ms, noted.entry.route.value) for noted in left if isinstance(noted.entry, KetamineGiven)]
    routes += [(at_ms, course.PUMP_ROUTE) for at_ms in d.course.starts_ms]
    at_ms, route = max(routes, default=(None, None))
    d.course = replace(d.course, route=route, route_ms=at_ms, switched=None, above=None)
