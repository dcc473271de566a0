"""What the bed's sources of breathing say about each other: disagreement (RSP-07), SpO2 alone (RSP-08). Pure."""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.device.info import Origin
from pumpd.device.signals import SIGNALS
from pumpd.safety.alarm_table import Condition
from pumpd.safety.freshness import withdraw_ms
from pumpd.safety.policy import AlarmKind, Amount, BedPolicy, MonitorPolicy, Priority
from pumpd.safety.quality import NOTHING, held_now, is_live, stale_from
from pumpd.safety.state import BedState, Draft
from pumpd.safety.view import OxygenView
from pumpd.safety.vital_state import Since
from pumpd.units import format_milli

ORIGIN_WORDS = {
    Origin.CO2: "CO2",
    Origin.IMPEDANCE: "impedance",
    Origin.ECG: "ECG",
    Origin.FINGER: "finger",
    Origin.EAR: "ear",
}
Pair = tuple[MonitorPolicy, int, MonitorPolicy, int]  # the source that counts and its value, another and its value


def origin_of(monitor: MonitorPolicy, signal: str) -> Origin | None:
    """What this monitor measures the signal by, where that is known."""
    return next((origin for name, origin in monitor.origins if name == signal), None)


def advisories(d: Draft) -> dict[str, Condition]:
    """Both, where they can be."""
    found: dict[str, Condition] = {}
    if len(d.policy.monitors) > 1:
        note_differences(d)
        found |= difference_conditions(d)
    if d.policy.oxygen or d.breath.oxygen is not None:
        found |= oxygen_condition(d)
    return found


# --- disagreement


def note_differences(d: Draft) -> None:
    """Remember since when the live sources of a signal differ by more than is configured."""
    before, found = d.breath.differ, {}
    for amount in d.policy.breathing.differences:
        if widest(d, amount) is not None:
            found[amount.signal] = before.get(amount.signal) or Since(d.now)
    if found != before:
        d.breath = replace(d.breath, differ=found)


def said(d: Draft, monitor: MonitorPolicy, signal: str) -> int | None:
    """What this source says of the signal now; a rate that it holds because there is no breath says 0."""
    sample = d.samples.get(monitor.device, NOTHING).get(signal)
    if sample is not None and is_live(signal, sample, stale_from(d, monitor)):
        return sample.value_milli
    return 0 if signal == "rr" and d.breath.held and signal in held_now(d, monitor) else None


def widest(d: Draft, amount: Amount) -> Pair | None:
    """The source that differs most from the one that counts, if by more than the amount."""
    words = ((monitor, said(d, monitor, amount.signal)) for monitor in d.policy.monitors)
    live = [(monitor, value) for monitor, value in words if value is not None]
    if len(live) < 2:
        return None
    (first, value), (other, against) = live[0], max(live[1:], key=lambda one: abs(one[1] - live[0][1]))
    return (first, value, other, against) if abs(against - value) > amount.milli else None


def difference_conditions(d: Draft) -> dict[str, Condition]:
    """One advisory for each signal whose sources have disagreed for long enough."""
    limits, found = d.policy.breathing, {}
    for amount in limits.differences:
        since = d.breath.differ.get(amount.signal)
        pair = None if since is None or d.now - since.since_ms < limits.difference_ms else widest(d, amount)
        if pair is not None:
            found[f"v/sources_disagree:{amount.signal}"] = difference_condition(amount, pair, limits.difference_ms)
    return found


def difference_condition(amount: Amount, pair: Pair, for_ms: int) -> Condition:
    first, value, other, against = pair
    signal = SIGNALS[amount.signal]
    values = f"{source_words(first, amount.signal, value)}, {source_words(other, amount.signal, against)}"
    return Condition(
        f"sources_disagree:{amount.signal}",
        first.device,
        Priority.LOW,
        AlarmKind.ADVISORY,
        f"{signal.label} sources disagree: {values}; {first.device} counts",
        f"{format_milli(value)} and {format_milli(against)}",
        f"{format_milli(amount.milli)} {signal.unit}".rstrip() + f" apart for {for_ms // 1000} s",
        abs(against - value),
        False,
    )


def source_words(monitor: MonitorPolicy, signal: str, value_milli: int) -> str:
    """ "b1-m1 (CO2) 8 /min", "b1-m1 (CO2) no breath"."""
    words = ORIGIN_WORDS.get(origin_of(monitor, signal) or Origin.GENERIC)
    shown = f"{format_milli(value_milli)} {SIGNALS[signal].unit}".rstrip()
    if signal == "rr" and value_milli == 0:
        shown = "no breath"
    return f"{monitor.device} ({words}) {shown}" if words else f"{monitor.device} {shown}"


# --- oxygen


def oxygen(state: BedState | Draft, policy: BedPolicy) -> OxygenView | None:
    """Supplemental oxygen as last said, else as the bed's default; None: nobody said and the default is none."""
    given = state.breath.oxygen
    if given is not None:
        return OxygenView(given.on, given.by, given.at_ms)
    return OxygenView(True) if policy.oxygen else None


def sees_co2(d: Draft) -> bool:
    """A monitor gave EtCO2, or a rate from CO2, not longer ago than a value is withdrawn after; a held one too."""
    for monitor in d.policy.monitors:
        oldest_ms = d.now - withdraw_ms(d.policy.times, monitor)
        samples = d.samples.get(monitor.device, NOTHING)
        for name in ("etco2", "rr"):
            sample = samples.get(name)
            if sample is None or sample.good_ms is None or sample.good_ms <= oldest_ms:
                continue
            if name == "etco2" or origin_of(monitor, name) is Origin.CO2:
                return True
    return False


def oxygen_condition(d: Draft) -> dict[str, Condition]:
    """On oxygen SpO2 stays high long after breathing has become too slow."""
    given = oxygen(d, d.policy)
    if given is None or not given.on or sees_co2(d):
        return {}
    text = "On oxygen without capnography: SpO2 alone cannot show hypoventilation"
    return {"v/spo2_alone": Condition("spo2_alone", None, Priority.LOW, AlarmKind.ADVISORY, text)}
