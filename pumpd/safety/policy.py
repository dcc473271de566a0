"""What the ward has decided: limits, rules and times of one bed, all from config/. Frozen, pure.

No number here has a default that could harm: a missing limit is None and is refused with a reason,
never replaced (CEI-05).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pumpd.clinical.rate_units import UnitCheck
from pumpd.device.info import Origin, PumpCapabilities
from pumpd.safety.limits import DoseCaps, Limit
from pumpd.safety.protocol_policy import ProtocolPolicy


class Priority(StrEnum):
    """IEC 60601-1-8 alarm priority."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class AlarmKind(StrEnum):
    PHYSIOLOGICAL = "physiological"
    TECHNICAL = "technical"
    ADVISORY = "advisory"


class Enforcement(StrEnum):
    """What pumpd does about a breach of the hard ceiling (CEI-07)."""

    STOP = "stop"
    REDUCE = "reduce"
    ALARM = "alarm"


class MonitoringLost(StrEnum):
    """What happens to running ketamine when every respiratory source is lost (INT-08); HIGH alarm in any case."""

    ALARM = "alarm"
    STOP = "stop"


class RespiratoryStop(StrEnum):
    """Which pumps of the bed a respiratory interlock trips (INT-07)."""

    KETAMINE = "ketamine"
    KETAMINE_AND_OPIOIDS = "ketamine+opioids"


class Op(StrEnum):
    """Comparison of a rule; < and <= are different rules (RSP-01)."""

    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    EQ = "="


@dataclass(frozen=True, slots=True)
class Term:
    """signal op limit, the limit in thousandths of the signal's unit."""

    signal: str
    op: Op
    limit_milli: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One alarm rule: every term of all_of and, if any_of is not empty, one of it, for delay_ms.

    Rules that share a `condition` drive one alarm. absent: the rule applies only while none of these
    signals is available. interlock: trips the bed's ketamine pumps (INT-07). action: what to do about it, in a few
    words for whoever comes ("check breathing, stimulate, call for help").
    """

    id: str
    condition: str
    priority: Priority
    all_of: tuple[Term, ...]
    delay_ms: int
    interlock: bool
    text: str
    any_of: tuple[Term, ...] = ()
    absent: tuple[str, ...] = ()
    source: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """A HIGH alarm that nobody has acknowledged for after_ms is signalled to `to` too (ALA-05)."""

    after_ms: int
    to: str


@dataclass(frozen=True, slots=True)
class AlarmProfile:
    """The rules and the alarm times of a care area (config/alarms/*.toml).

    realarm_ms per priority: an acknowledged alarm whose condition persists that long sounds again.
    escalation: rising in time, the first step at 0 ms; empty: HIGH alarms stay at the bedside.
    response_max_ms per priority: `pumpd check` warns of a rule whose total response time is longer (RSP-10).
    """

    id: str
    rules: tuple[Rule, ...]
    latch: tuple[Priority, ...]
    realarm_high_ms: int
    realarm_medium_ms: int
    realarm_low_ms: int
    audio_pause_max_ms: int
    escalation: tuple[EscalationStep, ...] = ()
    response_max_high_ms: int | None = None
    response_max_medium_ms: int | None = None
    response_max_low_ms: int | None = None


@dataclass(frozen=True, slots=True)
class DrugPolicy:
    """The effective limits of the pump's drug in this care area; None where the library has no entry.

    label is the drug's name as the hospital spells it. governed: dose is judged (ketamine).
    opioid: depresses breathing too; its dose is not judged, its pump can be tripped (INT-07).
    initial: the library's usual rate to begin with. unit_check: which distance from it is probably a mixed-up unit.
    """

    code: str
    label: str
    governed: bool
    hard: Limit | None
    soft: Limit | None
    conc_min_ug_ml: int | None
    conc_max_ug_ml: int | None
    opioid: bool = False
    caps: DoseCaps | None = None
    initial: Limit | None = None
    unit_check: UnitCheck | None = None


@dataclass(frozen=True, slots=True)
class PumpPolicy:
    """One pump of the bed. serial None: any device is accepted on the line.

    unverified: its driver is under development; whoever sees the device is told, nothing is judged differently.
    tap: its line is receive-only, beside another host; likewise.
    """

    device: str
    driver: str
    drug: DrugPolicy | None
    concentration_ug_ml: int | None
    enforcement: Enforcement
    capabilities: PumpCapabilities
    poll_ms: int
    serial: str | None
    model: str | None
    syringe_volume_ul: int
    unverified: bool = False
    tap: bool = False


@dataclass(frozen=True, slots=True)
class MonitorPolicy:
    """One monitor of the bed, in authoritative order. signals: what it can report; period_ms: how often.

    no_breath_ms: how long it waits itself before it says that there is no breath; None where nobody said so.
    origins: what a signal is measured by (RSP-07), where that is known. unverified, tap: as of a pump.
    """

    device: str
    driver: str
    signals: tuple[str, ...]
    period_ms: int
    serial: str | None
    model: str | None
    no_breath_ms: int | None = None
    origins: tuple[tuple[str, Origin], ...] = ()
    unverified: bool = False
    tap: bool = False


@dataclass(frozen=True, slots=True)
class Times:
    """Times of the kernel (config/ward.toml, [times]), each with its source there.

    vitals_live_reports, vitals_withdraw_reports: of a monitor that reports seldom, so many reports of it at least
    (pumpd.safety.freshness).
    resume_steady_ms: how long the required vitals must have been in limits before a resume; resume_valid_ms: how long
    a granted resume lets a person start the pump (INT-03). stop_flight_ms: a pump may flow on for so long after a stop
    was decided (CEI-09). infusion_ends_ms: an infusion that has stood still for longer is over, where no protocol says.
    """

    vitals_live_ms: int
    vitals_withdraw_ms: int
    pump_stale_polls: int
    pump_stale_min_ms: int
    stop_repeat_ms: int
    stop_unconfirmed_ms: int
    verify_read_ms: int
    soft_override_max_ms: int
    monitoring_lost_ms: int
    resume_steady_ms: int = 60_000
    resume_valid_ms: int = 300_000
    stop_flight_ms: int = 1_000
    infusion_ends_ms: int = 7_200_000
    vitals_live_reports: int = 2
    vitals_withdraw_reports: int = 3


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of a signal's unit, in thousandths."""

    signal: str
    milli: int


@dataclass(frozen=True, slots=True)
class Criterion:
    """One sign of an episode of respiratory depression: every term of all_of for delay_ms (RSP-09); see Rule."""

    id: str
    all_of: tuple[Term, ...]
    delay_ms: int
    any_of: tuple[Term, ...] = ()
    absent: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Breathing:
    """How respiratory values are believed beyond their freshness (config/times.toml).

    held_after_ms: a monitor's no-breath counter from this on contradicts a rate that it still displays (RSP-05).
    jumps: the greatest believable change in a second; jump_max_ms: the longest that a jump delays an alarm, and not
    at all with EtCO2 at or beyond etco2_low_milli or etco2_high_milli (RSP-06). differences: two live sources of a
    signal that differ by more for difference_ms disagree (RSP-07). episodes: what a PRODIGY episode is (RSP-09).
    """

    held_after_ms: int = 10_000
    jumps: tuple[Amount, ...] = ()
    jump_max_ms: int = 10_000
    etco2_low_milli: int = 0
    etco2_high_milli: int = 0
    differences: tuple[Amount, ...] = ()
    difference_ms: int = 30_000
    episodes: tuple[Criterion, ...] = ()


@dataclass(frozen=True, slots=True)
class WeightRange:
    """Believable patient weights; outside them a dose is not computed (CEI-05)."""

    min_g: int
    max_g: int


@dataclass(frozen=True, slots=True)
class BedPolicy:
    """Everything the kernel needs to know about one bed.

    resume_vitals: signals that must be live and in limits before a stopped pump may be started again (INT-03).
    oxygen: its patients are on supplemental oxygen unless a named person says otherwise (RSP-08).
    protocol: None: courses are not kept at this bed, and no rule of a protocol binds.
    """

    bed: str
    label: str
    pumps: tuple[PumpPolicy, ...]
    monitors: tuple[MonitorPolicy, ...]
    profile: AlarmProfile
    times: Times
    weight: WeightRange
    monitoring_lost: MonitoringLost = MonitoringLost.ALARM
    respiratory_stop: RespiratoryStop = RespiratoryStop.KETAMINE
    resume_vitals: tuple[str, ...] = ("rr", "spo2")
    breathing: Breathing = Breathing()
    oxygen: bool = False
    protocol: ProtocolPolicy | None = None

    def device_ids(self) -> tuple[str, ...]:
        """Pumps first, then monitors in authoritative order."""
        return (*(pump.device for pump in self.pumps), *(monitor.device for monitor in self.monitors))
