"""What must hold in a protocol, by itself and beside the drug library, which it may only lower."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from pumpd.config.caps import caps_too_high
from pumpd.config.ceilings import shown, too_high
from pumpd.config.problems import Problem, did_you_mean
from pumpd.config.protocol import not_measured, sub_anaesthetic_band
from pumpd.config.protocol_file import OPTIONAL_WITH_COURSE, WITH_COURSE, ObservationTable, ProtocolFile
from pumpd.config.read import Parsed
from pumpd.config.site import Site

Protocol = Parsed[ProtocolFile]


def protocol_problems(site: Site) -> list[Problem]:
    """Everything that is wrong with the protocol."""
    if site.protocol is None:
        return []
    found = [*_tables(site.protocol), *_observations(site.protocol), *_routes(site.protocol)]
    for entry in site.governed_entries():
        library = site.library_ceilings(entry)
        found += _at(site.protocol, "ceiling", too_high(library, site.protocol.record.ceiling))
        found += _at(site.protocol, "dose_cap", caps_too_high(site.library_caps(entry), site.protocol.record.dose_cap))
        if library is not None:
            found += _titration(site.protocol, library.soft.ug_kg_h, library.soft.set_by)
    return [*dict.fromkeys(found), *_adjuncts(site, site.protocol)]


def _at(protocol: Protocol, table: str, found: list[tuple[str, str]]) -> list[Problem]:
    return [protocol.source.problem((table, key), message) for key, message in found]


def _tables(protocol: Protocol) -> Iterator[Problem]:
    """[course] and the tables that belong to it: all or none."""
    record = protocol.record
    for name in WITH_COURSE:
        if record.course is not None and not getattr(record, name):
            yield protocol.source.problem((name,), "required where there is a [course]; pumpd's own ldk.toml has it")
    for name in (*WITH_COURSE, *OPTIONAL_WITH_COURSE):
        if record.course is None and getattr(record, name):
            yield protocol.source.problem((name,), "means nothing without [course]")


def _observations(protocol: Protocol) -> Iterator[Problem]:
    """Until rises, and only the last goes on for ever."""
    rows = protocol.record.observation
    for i, row in enumerate(rows):
        last = i == len(rows) - 1
        if (row.until is None) is not last:
            message = "expected an until in every observation but the last"
            yield protocol.source.problem(("observation", i, "until"), message)
    for i, (first, second) in enumerate(pairwise(rows)):
        if not _rises(first, second):
            yield protocol.source.problem(("observation", i + 1, "until"), "expected a later until than the one before")


def _rises(first: ObservationTable, second: ObservationTable) -> bool:
    return first.until is None or second.until is None or first.until < second.until


def _routes(protocol: Protocol) -> Iterator[Problem]:
    names = [row.route for row in protocol.record.route]
    for i, name in enumerate(names):
        if name in names[:i]:
            yield protocol.source.problem(("route", i, "route"), f'duplicate route "{name}"')


def _titration(protocol: Protocol, soft_ug_kg_h: int, by: str) -> Iterator[Problem]:
    titration = protocol.record.titration
    for key in ("start", "step") if titration is not None else ():
        value = getattr(titration, key)
        if value > soft_ug_kg_h:
            message = f"{shown(value)} is above the soft limit {shown(soft_ug_kg_h)} of {by}"
            yield protocol.source.problem(("titration", key), message)


def _adjuncts(site: Site, protocol: Protocol) -> Iterator[Problem]:
    """Adjuncts are known drugs of the right class, so that a chart entry can be recognised."""
    table = protocol.record.adjunct
    if table is None or site.library is None:
        return
    known = {d.code for d in site.library.record.drug if d.class_ in ("benzodiazepine", "antipsychotic")}
    for i, code in enumerate(table.drugs):
        if code not in known:
            message = f'"{code}" is no benzodiazepine or antipsychotic of the drug library{did_you_mean(code, known)}'
            yield protocol.source.problem(("adjunct", "drugs", i), message)


def protocol_warnings(site: Site) -> list[Problem]:
    """A ward that keeps no course, and what the protocol cannot do here."""
    if site.protocol is None:
        message = "no [protocol]: no course is kept, and no rule of a protocol binds"
        return [site.source.problem(("protocol",), message)]
    record, source = site.protocol.record, site.protocol.source
    found: list[Problem] = []
    if record.course is None:
        found.append(
            source.problem(("course",), "no [course]: no course is kept, no start is checked, no dose is planned")
        )
    if not record.approved_by.strip():
        found.append(source.problem(("approved_by",), "nobody has approved this protocol yet"))
    if record.course is not None:
        found += [*_unreachable(site, record), *_beyond_the_band(site, site.protocol)]
    return found


def _unreachable(site: Site, record: ProtocolFile) -> Iterator[Problem]:
    for b, bed in enumerate(site.file.bed):
        lacking = [table for table in not_measured(record.start_vital, site.reported(bed)) if not table.where_measured]
        if bed.pump and lacking:
            words = " and ".join(" or ".join(table.any) for table in lacking)
            message = f"every start here is refused: no monitor reports {words}, which the protocol requires"
            yield site.source.problem(("bed", b), message)


def _beyond_the_band(site: Site, protocol: Protocol) -> Iterator[Problem]:
    """A cap that permits more than the protocol calls sub-anaesthetic."""
    band = protocol.record.sub_anaesthetic
    for entry in site.governed_entries():
        caps = site.effective_caps(entry)
        if band is None or caps is None or caps.per_infusion is None:
            continue
        high = sub_anaesthetic_band(band)[1]
        if caps.per_infusion.ug_kg > high:
            message = f"the cap per infusion is above {high / 1000:g} mg/kg, the end of the sub-anaesthetic band"
            yield protocol.source.problem(("sub_anaesthetic",), message)
