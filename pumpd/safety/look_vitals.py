"""What a screen may show of the vital signs (QUA-01). Pure.

A vital sign is `ok` (or questionable, if its monitor says so or it jumped) with its digits while it is live; from
then until it is withdrawn (pumpd.safety.freshness) it is `questionable` with digits, which the page greys and prints
with its age; then it is `stale` without a digit. Off, invalid and held never show a digit.

What was never measured is no loss: a monitor can do more than is connected, and nobody looks for a catheter that was
never laid. Such a signal is not there, unless a rule or every screen needs it; what was measured once stays.
"""

from __future__ import annotations

from pumpd.device.facts import Quality
from pumpd.device.info import Origin
from pumpd.device.signals import SIGNALS
from pumpd.safety.advisories import origin_of
from pumpd.safety.freshness import live_ms, withdraw_ms
from pumpd.safety.policy import MonitorPolicy
from pumpd.safety.quality import EPISODIC, NOTHING, WORST_COUNTS, held_now, is_live, newer_sample, stale_from
from pumpd.safety.rules import plan_of
from pumpd.safety.state import Draft
from pumpd.safety.view import ValueView
from pumpd.safety.vital_state import Sample

HELD, JUMP = "held", "jump"  # why a value is not taken at its word
SHOWABILITY = {Quality.OK: 4, Quality.QUESTIONABLE: 3, Quality.OFF: 2, Quality.INVALID: 1, Quality.STALE: 0}


def values(d: Draft) -> dict[str, ValueView]:
    """Per signal what counts: of the first monitor that has it live or held, else the best word on why there is none.
    A person's assessment counts where no monitor said anything after it."""
    found: dict[str, ValueView] = {}
    decided: set[str] = set()
    for monitor in d.policy.monitors:
        take_monitor(d, monitor, found, decided)
    return found | assessed_views(d) if d.breath.assessed else found


def take_monitor(d: Draft, monitor: MonitorPolicy, found: dict[str, ValueView], decided: set[str]) -> None:
    """Add what this monitor says of every signal that no monitor before it has decided."""
    samples, origins = d.samples.get(monitor.device, NOTHING), dict(monitor.origins)
    held = held_now(d, monitor) if d.breath.held else ()
    needed, stale_ms = plan_of(d.policy.profile).needed, stale_from(d, monitor)
    for name in dict.fromkeys((*monitor.signals, *samples)):
        sample, old = samples.get(name), found.get(name)
        if name not in SIGNALS or (name in decided and not outdoes(name, sample, old, stale_ms)):
            continue
        if name not in needed and (sample is None or sample.good_ms is None):  # never measured
            continue
        if name in held:
            counts, shown = True, held_view(d, monitor, name)
        else:
            live = sample is not None and (sample.at_ms > stale_ms or name in EPISODIC)
            counts = sample is not None and live and sample.value_milli is not None
            shown = value_view(d, monitor, origins.get(name), name, sample, live)
        if counts:
            decided.add(name)
        if counts or old is None or SHOWABILITY[shown.quality] > SHOWABILITY[old.quality]:
            found[name] = shown


def outdoes(name: str, sample: Sample | None, old: ValueView | None, stale_ms: int) -> bool:
    """Of missing breath the worst word counts, whoever says it, as in quality.live_values."""
    if name not in WORST_COUNTS or sample is None or sample.value_milli is None or sample.at_ms <= stale_ms:
        return False
    return old is None or sample.value_milli > (old.value_milli or 0)


def held_view(d: Draft, monitor: MonitorPolicy, name: str) -> ValueView:
    """No digit for what no breath renews (RSP-05); at_ms: when the last breath was."""
    since_ms = d.breath.held[monitor.device][name].since_ms
    origin = origin_of(monitor, name)
    return ValueView(None, SIGNALS[name].unit, Quality.STALE, since_ms, monitor.device, origin, why=HELD)


def assessed_views(d: Draft) -> dict[str, ValueView]:
    return {
        name: ValueView(said.value_milli, SIGNALS[name].unit, Quality.OK, said.at_ms, said.by, text=said.text)
        for name, said in d.breath.assessed.items()
        if not newer_sample(d, name)
    }


def value_view(
    d: Draft, monitor: MonitorPolicy, origin: Origin | None, name: str, sample: Sample | None, live: bool
) -> ValueView:
    unit, source = SIGNALS[name].unit, monitor.device
    if sample is None:
        return ValueView(None, unit, Quality.STALE, None, source, origin)
    if sample.value_milli is None:
        return ValueView(None, unit, sample.quality, sample.good_ms, source, origin)
    if name not in EPISODIC and d.now - sample.at_ms >= withdraw_ms(d.policy.times, monitor):
        return ValueView(None, unit, Quality.STALE, sample.at_ms, source, origin)
    quality = sample.quality if live else Quality.QUESTIONABLE
    why = JUMP if d.breath.doubts and is_doubted(d, source, name) else None
    pace = None if name in EPISODIC else (live_ms(d.policy.times, monitor), withdraw_ms(d.policy.times, monitor))
    return ValueView(sample.value_milli, unit, quality, sample.at_ms, source, origin, why, pace=pace)


def is_doubted(d: Draft, monitor: str, name: str) -> bool:
    doubt = d.breath.doubts.get(monitor, {}).get(name)
    return doubt is not None and doubt.until_ms > d.now


def is_vital_live(d: Draft) -> bool:
    """Some monitor reports something that is live."""
    return any(
        name not in EPISODIC and is_live(name, sample, stale_from(d, monitor))
        for monitor in d.policy.monitors
        for name, sample in d.samples.get(monitor.device, NOTHING).items()
    )
