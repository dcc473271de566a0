"""Builds each bed's devices and safety policy from the ward's files, and says what does not fit together."""

from __future__ import annotations

from decimal import Decimal

from pumpd.config.breathing_file import breathing
from pumpd.config.ceilings import too_high
from pumpd.config.drug import drug_policy
from pumpd.config.interlock import interlock_problems, interlock_settings, interlock_warnings
from pumpd.config.library_file import Entry
from pumpd.config.link_url import driver_options, is_tap
from pumpd.config.model import BedConfig, DeviceConfig
from pumpd.config.problems import Problem, did_you_mean
from pumpd.config.protocol import protocol_policy
from pumpd.config.remote import info_of
from pumpd.config.site import Site
from pumpd.config.taps import capabilities, tap_warning, why_no_command
from pumpd.config.times import kernel_times
from pumpd.config.times_file import TimesFile
from pumpd.config.toml_lines import Path as KeyPath
from pumpd.config.ward_file import BedTable, DeviceTable, MonitorTable, PatientTable, PumpTable
from pumpd.device import SIGNALS, DriverInfo, Kind, Origin
from pumpd.safety.events import Patient, Sex
from pumpd.safety.policy import BedPolicy, Breathing, Enforcement, MonitorPolicy, PumpPolicy, WeightRange
from pumpd.safety.protocol_policy import ProtocolPolicy
from pumpd.units import format_concentration, format_weight, scaled


class BedBuilder:
    """problems() first; beds() only when the whole ward has none."""

    def __init__(self, site: Site) -> None:
        self._site = site

    # --- what does not fit

    def problems(self) -> list[Problem]:
        """What keeps the beds from being built: drugs, concentrations, ceilings, enforcement, weights."""
        found: list[Problem] = []
        for b, bed in enumerate(self._site.file.bed):
            for p, pump in enumerate(bed.pump):
                found += self._pump_problems(("bed", b, "pump", p), pump)
            found += self._bed_ceiling_problems(("bed", b), bed)
            found += self._weight_problems(("bed", b, "patient"), bed.patient)
        return found + interlock_problems(self._site)

    def _pump_problems(self, at: KeyPath, pump: PumpTable) -> list[Problem]:
        return [*self._drug_problems(at, pump), *self._enforcement_problems(at, pump)]

    def _drug_problems(self, at: KeyPath, pump: PumpTable) -> list[Problem]:
        library = self._site.library
        if library is None or pump.drug is None:
            return []
        problem = self._site.source.problem
        entry = self._site.entry(pump.drug)
        if entry is None:
            return [] if self._area_is_unknown() else [problem((*at, "drug"), self._no_entry(pump.drug))]
        found = [
            problem((*at, "ceiling", key), message)
            for key, message in too_high(self._site.library_ceilings(entry), pump.ceiling)
        ]
        if pump.concentration is not None and not entry.allows(pump.concentration):
            strength = format_concentration(pump.concentration)
            message = f"{strength} is not in the drug library; allowed: {_allowed(entry)}"
            found.append(problem((*at, "concentration"), message))
        return found

    def _area_is_unknown(self) -> bool:
        """Already reported once, at [ward] care_area."""
        library = self._site.library
        return library is not None and all(a.id != self._site.care_area for a in library.record.care_area)

    def _no_entry(self, drug: str) -> str:
        assert self._site.library is not None
        called = self._site.library.record.find_alias(drug)
        near = f'; did you mean "{called.code}"?' if called else did_you_mean(drug, self._site.drugs())
        return f'the drug library has no entry for "{drug}" in "{self._site.care_area}"{near}'

    def _enforcement_problems(self, at: KeyPath, pump: PumpTable) -> list[Problem]:
        info = info_of(pump)
        if info is None or info.kind is not Kind.PUMP or pump.enforcement in (None, "alarm"):
            return []
        can = info.pump
        lacking = [name for name, has in (("stop", can.can_stop), ("read back", can.can_read_back)) if not has]
        if pump.enforcement == "reduce" and not can.can_set_rate:
            lacking.append("set a rate")
        message = f'"{pump.enforcement}" is not possible: {info.name} cannot {" or ".join(lacking)}; use "alarm"'
        if (silent := why_no_command(pump)) is not None:
            message = f'"{pump.enforcement}" is not possible: {silent}; use "alarm"'
        elif not lacking and may_command(info, pump):
            return []
        elif not lacking:
            message = (
                f'"{pump.enforcement}" is refused: {pump.driver} is UNVERIFIED; use "alarm", or set '
                "allow_unverified_control = true on a bench where no patient can be harmed"
            )
        return [self._site.source.problem((*at, "enforcement"), message)]

    def _bed_ceiling_problems(self, at: KeyPath, bed: BedTable) -> list[Problem]:
        found: dict[tuple[str, str], Problem] = {}
        for entry in self._site.governed_entries():
            for key, message in too_high(self._site.library_ceilings(entry), bed.ceiling):
                found[key, message] = self._site.source.problem((*at, "ceiling", key), message)
        return list(found.values())

    def _weight_problems(self, at: KeyPath, patient: PatientTable | None) -> list[Problem]:
        if patient is None or patient.weight_kg is None or self._site.times is None:
            return []
        problem = self._site.source.problem
        weight_g = scaled(Decimal(str(patient.weight_kg)), 1000)
        if weight_g is None:
            return [problem((*at, "weight_kg"), f"{patient.weight_kg} is finer than 1 g")]
        low, high = self._site.times.record.weight.min, self._site.times.record.weight.max
        if low <= weight_g <= high:
            return []
        message = f"{format_weight(weight_g)} is outside {format_weight(low)} to {format_weight(high)}"
        return [problem((*at, "weight_kg"), message)]

    def warnings(self) -> list[Problem]:
        """Beds that will run with less protection than a person may expect."""
        found: list[Problem] = []
        for b, bed in enumerate(self._site.file.bed):
            if bed.pump and not bed.monitor:
                message = "pumps but no monitor: breathing is not watched here"
                found.append(self._site.source.problem(("bed", b), message))
            found += self._order_warnings(("bed", b), bed)
            for p, pump in enumerate(bed.pump):
                found += self._pump_warnings(("bed", b, "pump", p), pump)
                found += self._driver_warnings(("bed", b, "pump", p), pump)
            for m, monitor in enumerate(bed.monitor):
                found += self._driver_warnings(("bed", b, "monitor", m), monitor)
        return found + interlock_warnings(self._site)

    def _order_warnings(self, at: KeyPath, bed: BedTable) -> list[Problem]:
        """A rate by impedance that goes before a capnograph's hides missing breath behind efforts (RSP-07)."""
        rates = [(m, one) for m, one in enumerate(map(self._monitor_policy, bed.monitor)) if "rr" in one.signals]
        by_co2 = [m for m, one in rates if ("rr", Origin.CO2) in one.origins]
        if not by_co2 or rates[0][0] == by_co2[0]:
            return []
        first, better = rates[0][1].device, bed.monitor[by_co2[0]].id
        message = f"{first} goes before {better}, which measures breathing by CO2: its rate counts; list {better} first"
        return [self._site.source.problem((*at, "monitor", rates[0][0]), message)]

    def _driver_warnings(self, at: KeyPath, device: DeviceTable) -> list[Problem]:
        """What a person should know of a device's line and of its driver."""
        problem = self._site.source.problem
        tap = tap_warning(device, _info(device))
        taps = [] if tap is None else [problem((*at, "link"), tap)]
        info = _info(device)
        cautions = [problem((*at, "driver"), f"{info.name}: {words}") for words in info.cautions]
        return taps + cautions + self._unverified_warnings(at, device)

    def _unverified_warnings(self, at: KeyPath, device: DeviceTable) -> list[Problem]:
        """A driver under development, and a permission for one that is not needed (and so would go unnoticed)."""
        problem = self._site.source.problem
        unverified = _info(device).unverified
        allowed = isinstance(device, PumpTable) and device.allow_unverified_control
        if unverified:
            also = ", and MAY COMMAND THIS PUMP" if allowed else ""
            return [problem((*at, "driver"), f"{device.driver} is UNVERIFIED (a driver under development){also}")]
        if allowed:
            message = f"has no effect: {device.driver} is installed; take it out, it would hold for another driver too"
            return [problem((*at, "allow_unverified_control"), message)]
        return []

    def _pump_warnings(self, at: KeyPath, pump: PumpTable) -> list[Problem]:
        problem = self._site.source.problem
        if pump.drug is None:
            return [problem((*at, "drug"), "no drug: its infusions are shown as not verified, without a dose")]
        if pump.concentration is None and self._is_governed(pump.drug):
            return [problem((*at, "concentration"), "no concentration: its infusions are shown as not verified")]
        if self._enforcement(pump) is Enforcement.ALARM:
            return [problem((*at, "enforcement"), "ALARM ONLY: pumpd never commands this pump")]
        return []

    def _is_governed(self, code: str) -> bool:
        drug = self._site.library.record.find_drug(code) if self._site.library else None
        return drug is None or drug.governed

    # --- what comes out

    def beds(self) -> tuple[BedConfig, ...]:
        """Every bed of a ward without problems."""
        assert self._site.times is not None
        believed = breathing(self._site.times.record.breathing)  # one for all: the kernel compiles it once
        return tuple(self._bed(bed, believed) for bed in self._site.file.bed)

    def _bed(self, bed: BedTable, believed: Breathing) -> BedConfig:
        times = self._site.times
        assert times is not None
        label = bed.label or bed.id
        pumps = tuple(self._pump_device(pump) for pump in bed.pump)
        monitors = tuple(self._monitor_device(monitor) for monitor in bed.monitor)
        interlock = interlock_settings(self._site.file.interlock, bed.interlock)
        policy = BedPolicy(
            bed=bed.id,
            label=label,
            pumps=tuple(self._pump_policy(bed, pump, times.record) for pump in bed.pump),
            monitors=tuple(self._monitor_policy(monitor) for monitor in bed.monitor),
            profile=self._site.profile_of(bed),
            times=kernel_times(times.record),
            weight=WeightRange(times.record.weight.min, times.record.weight.max),
            monitoring_lost=interlock.monitoring_lost,
            respiratory_stop=interlock.respiratory_stop,
            resume_vitals=interlock.resume_vitals,
            breathing=believed,
            oxygen=bed.oxygen,
            protocol=self._protocol(bed),
        )
        return BedConfig(bed.id, label, pumps + monitors, policy, _patient(bed.patient))

    def _protocol(self, bed: BedTable) -> ProtocolPolicy | None:
        if self._site.protocol is None:
            return None
        return protocol_policy(self._site.protocol.record, self._site.protocol_name, self._site.reported(bed))

    def _pump_device(self, pump: PumpTable) -> DeviceConfig:
        control = self._enforcement(pump) is not Enforcement.ALARM
        return _device(pump, _info(pump), control, pump.poll)

    def _monitor_device(self, monitor: MonitorTable) -> DeviceConfig:
        return _device(monitor, _info(monitor), control=False, poll_ms=None)

    def _enforcement(self, pump: PumpTable) -> Enforcement:
        """As written; stop where nothing is written and the pump can and may, else alarm (CEI-07)."""
        info = _info(pump)
        if not (info.pump.can_stop and info.pump.can_read_back and may_command(info, pump)):
            return Enforcement.ALARM
        return Enforcement(pump.enforcement or "stop")

    def _pump_policy(self, bed: BedTable, pump: PumpTable, times: TimesFile) -> PumpPolicy:
        info = _info(pump)
        return PumpPolicy(
            device=pump.id,
            driver=info.name,
            drug=drug_policy(self._site, bed, pump),
            concentration_ug_ml=pump.concentration,
            enforcement=self._enforcement(pump),
            capabilities=capabilities(pump, info),
            poll_ms=pump.poll or info.poll_ms,
            serial=pump.serial,
            model=pump.model,
            syringe_volume_ul=pump.syringe or times.syringe,
            unverified=info.unverified,
            tap=is_tap(pump.link),
        )

    def _monitor_policy(self, monitor: MonitorTable) -> MonitorPolicy:
        info = _info(monitor)
        values = tuple(name for name in info.signals if not (name in SIGNALS and SIGNALS[name].wave))
        origins = {**dict(info.origins), **{name: Origin(origin) for name, origin in monitor.origins.items()}}
        return MonitorPolicy(
            device=monitor.id,
            driver=info.name,
            signals=values,
            period_ms=info.period_ms(monitor.options),
            serial=monitor.serial,
            model=monitor.model,
            no_breath_ms=monitor.no_breath,
            origins=tuple(origins.items()),
            unverified=info.unverified,
            tap=is_tap(monitor.link),
        )


def may_command(info: DriverInfo, pump: PumpTable) -> bool:
    """A driver under development commands no pump unless the ward file says so; nobody commands one on a tap."""
    return why_no_command(pump) is None and (not info.unverified or pump.allow_unverified_control)


def _allowed(entry: Entry) -> str:
    listed = ", ".join(format_concentration(one) for one in sorted(c.strength for c in entry.concentration))
    custom = entry.custom_concentration
    if custom is None:
        return listed
    return f"{listed}, and {format_concentration(custom.min)} to {format_concentration(custom.max)}"


def _info(device: DeviceTable) -> DriverInfo:
    """Of a device whose driver is known: an unknown one is a problem, and no bed is built then."""
    info = info_of(device)
    assert info is not None, device.driver
    return info


def _device(device: DeviceTable, info: DriverInfo, control: bool, poll_ms: int | None) -> DeviceConfig:
    options = driver_options(device.link, device.options)
    return DeviceConfig(device.id, info.name, info, device.link, device.serial, control, poll_ms, options)


def _patient(table: PatientTable | None) -> Patient | None:
    if table is None:
        return None
    weight_g = None if table.weight_kg is None else scaled(Decimal(str(table.weight_kg)), 1000)
    return Patient(table.mrn, table.family_name, table.given_name, table.birth_date, Sex(table.sex), weight_g)
