"""The [interlock] table of a ward or bed into the policy's fields: what breathing stops, what a resume requires."""

from __future__ import annotations

from dataclasses import dataclass

from pumpd.config.problems import Problem, did_you_mean
from pumpd.config.site import Site
from pumpd.config.toml_lines import Path as KeyPath
from pumpd.config.ward_file import BedTable, InterlockTable
from pumpd.device import SIGNALS
from pumpd.safety.policy import MonitoringLost, RespiratoryStop

RESUME_VITALS = ("rr", "spo2")  # INT-03: breathing and its effect; a site that has no capnography names its own
RESPIRATORY = ("rr", "etco2", "spo2")  # any of them shows breathing, or what is left of it
USABLE = tuple(name for name, signal in SIGNALS.items() if not (signal.wave or signal.flag or signal.episodic))


@dataclass(frozen=True, slots=True)
class InterlockSettings:
    """What holds at one bed."""

    monitoring_lost: MonitoringLost
    respiratory_stop: RespiratoryStop
    resume_vitals: tuple[str, ...]


def interlock_settings(ward: InterlockTable, bed: InterlockTable) -> InterlockSettings:
    """A key of the bed goes before the ward's; without either: alarm, ketamine only, RR and SpO2."""
    vitals = ward.resume_vitals if bed.resume_vitals is None else bed.resume_vitals
    return InterlockSettings(
        MonitoringLost(bed.monitoring_lost or ward.monitoring_lost or "alarm"),
        RespiratoryStop(bed.respiratory_stop or ward.respiratory_stop or "ketamine"),
        RESUME_VITALS if vitals is None else tuple(dict.fromkeys(vitals)),
    )


def interlock_problems(site: Site) -> list[Problem]:
    """Vital signs that nobody can measure continuously, in the ward's table and in each bed's."""
    found = _table_problems(site, (), site.file.interlock)
    for b, bed in enumerate(site.file.bed):
        found += _table_problems(site, ("bed", b), bed.interlock)
    return found


def _table_problems(site: Site, at: KeyPath, table: InterlockTable) -> list[Problem]:
    key = (*at, "interlock", "resume_vitals")
    return [
        site.source.problem(key, f'"{name}" is no vital sign{did_you_mean(name, USABLE)}')
        for name in table.resume_vitals or ()
        if name not in USABLE
    ]


def interlock_warnings(site: Site) -> list[Problem]:
    """Beds where a setting cannot do what a person may expect of it."""
    found: list[Problem] = []
    for b, bed in enumerate(site.file.bed):
        if bed.pump:
            found += [site.source.problem(("bed", b), message) for message in _bed_warnings(site, bed)]
    return found


def _bed_warnings(site: Site, bed: BedTable) -> list[str]:
    settings = interlock_settings(site.file.interlock, bed.interlock)
    reported = site.reported(bed)
    found = []
    if settings.monitoring_lost is MonitoringLost.STOP and not reported.intersection(RESPIRATORY):
        found.append('monitoring_lost = "stop" does nothing here: there is no respiratory source to lose')
    missing = [name for name in settings.resume_vitals if name not in reported]
    if missing:
        words = ", ".join(missing)
        found.append(f"a stopped pump can never be resumed here: no monitor reports {words} (see resume_vitals)")
    return found
