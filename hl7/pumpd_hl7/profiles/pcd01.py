"""PCD-01, ORU^R01: what monitors and pumps behind gateways observed, per device of the ward file. Pure.

Nothing is dropped silently: codes and units that no table knows are counted, and so is every row that became no value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pumpd.device.facts import Integrity, PumpStatus, Reading, Vitals
from pumpd.safety.events import Patient
from pumpd_hl7.acks import Problem
from pumpd_hl7.message import Message
from pumpd_hl7.profiles.devices import Fresh, Group, Row, groups_of
from pumpd_hl7.profiles.people import UNKNOWN_KEY, WRONG_TYPE, Person, Refused
from pumpd_hl7.profiles.pump_status import status_of
from pumpd_hl7.profiles.vitals import Dropped, readings


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What one device (source: as in `hl7:SOURCE`) said of one patient at one time.

    person: whom the message names, None: nobody. at_us: the newest time among it. measured_us: by signal when it was
    measured; status_us: of the status.
    """

    source: str
    person: Person | None
    at_us: int
    vitals: Vitals | None = None
    status: PumpStatus | None = None
    measured_us: tuple[tuple[str, int], ...] = ()
    status_us: int | None = None


@dataclass(slots=True)
class Observed:
    """A whole message. reports in the order of their times; strangers, codes, units: counted, the names cut to 80."""

    reports: list[DeviceReport] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    strangers: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)


def read_pcd01(message: Message, sources: Sequence[str], fresh: Fresh) -> Observed | Refused:
    """What the devices that the ward file names said; sources: what follows `hl7:` in their links."""
    groups = groups_of(message, sources, fresh.offset_min)
    if isinstance(groups, Refused):
        return groups
    if not groups:
        return Refused((Problem(100, "no OBR: nothing was observed", "OBR"),))
    found = Observed()
    for group in groups:
        found.strangers.update(group.strangers)
        for source, rows in group.rows.items():
            _count(rows, found)
            report = _report(source, rows, group, fresh.of(source), found.dropped)
            if report is not None:
                found.reports.append(report)
    found.reports.sort(key=lambda one: one.at_us)
    return found


def wrong_patient(person: Person | None, bound: Patient | None) -> Problem | None:
    """Why a device's message is not of the bed's patient: another identifier, or name and birth date both differ.

    A message that names nobody, and a bed without a patient, contradict nothing: the ward file says where a device
    stands, and nobody is bound by a device.
    """
    if person is None or bound is None:
        return None
    if person.mrn != bound.mrn:
        return Problem(UNKNOWN_KEY, "PID-3 names another patient than the one bound to the bed", "PID", field=3)
    name, born = person.family_name.casefold(), person.birth_date
    other = name and bound.family_name and name != bound.family_name.casefold()
    if other and born and bound.birth_date and born != bound.birth_date:
        return Problem(WRONG_TYPE, "PID-5 and PID-7 are not those of the patient with this PID-3", "PID", field=5)
    return None


def _report(source: str, rows: list[Row], group: Group, fresh: Fresh, dropped: list[Dropped]) -> DeviceReport | None:
    seen, lost = readings(rows, fresh)
    dropped.extend(lost)
    status = status_of(rows, group.obr, fresh, dropped)
    times = [one.at_us for one in seen.values()] + ([] if status is None else [status[1]])
    if not times:
        return None
    values: tuple[Reading, ...] = tuple(one.reading for one in seen.values())
    vitals = Vitals(values, group.obr.get(8) or group.obr.get(7) or None, Integrity.CRC16) if values else None
    measured = tuple((name, one.at_us) for name, one in seen.items())
    told, told_us = status or (None, None)
    return DeviceReport(source, group.person, max(times), vitals, told, measured, told_us)


def _count(rows: list[Row], found: Observed) -> None:
    for row in rows:
        if not row.seen.code.known:
            found.codes[row.seen.code.text[:80]] += 1
        if row.seen.unit is not None and not row.seen.unit.known:
            found.units[row.seen.unit.text[:80]] += 1
