"""What a screen may show of the vital signs (QUA-01). Pure.

A vital sign is `ok` (or questionable, if its monitor says so or it jumped) with its digits while it is live; from
vitals_live_ms to vitals_withdraw_ms it is `questionable` with digits, which the page greys and prints with
its age; from then on it is `stale` without a digit. Off, invalid and held never show a digit.
"""

from __future__ import annotations

from pumpd.device.facts import Quality
from pumpd.device.signals import SIGNALS
from pumpd.safety.advisories import origin_of
from pumpd.safety.policy import MonitorPolicy
from pumpd.safety.quality import EPISODIC, NOTHING, held_now, is_live, newer_sample
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
    live_ms = d.policy.times.vitals_live_ms
    for monitor in d.policy.monitors:
        samples, held = d.samples.get(monitor.device, NOTHING), held_now(d, monitor.device)
        for name in dict.fromkeys((*monitor.signals, *samples)):
            if name not in SIGNALS or name in decided:
                continue
            sample, old = samples.get(name), found.get(name)
            shown = held_view(d, monitor, name) if name in held else value_view(d, monitor, name, sample)
            counts = name in held or (sample is not None and is_live(name, sample, d.now, live_ms))
            if counts:
                decided.add(name)
            if counts or old is None or SHOWABILITY[shown.quality] > SHOWABILITY[old.quality]:
                found[name] = shown
    return found | assessed_views(d)


def held_view(d: Draft, monitor: MonitorPolicy, name: str) -> ValueView:
    """No digit for what no breath renews (RSP-05); at_ms: when the last breath was."""
    since_ms = d.breath.held[monitor.device][name].since_ms
    return ValueView(
        None, SIGNALS[name].unit, Quality.STALE, since_ms, monitor.device, origin_of(monitor, name), why=HELD
    )


def assessed_views(d: Draft) -> dict[str, ValueView]:
    return {
        name: ValueView(said.value_milli, SIGNALS[name].unit, Quality.OK, said.at_ms, said.by, text=said.text)
        for name, said in d.breath.assessed.items()
        if not newer_sample(d, name)
    }


def value_view(d: Draft, monitor: MonitorPolicy, name: str, sample: Sample | None) -> ValueView:
    unit, source, origin = SIGNALS[name].unit, monitor.device, origin_of(monitor, name)
    if sample is None:
        return ValueView(None, unit, Quality.STALE, None, source, origin)
    times, age_ms = d.policy.times, d.now - sample.at_ms
    if sample.value_milli is None:
        return ValueView(None, unit, sample.quality, sample.good_ms, source, origin)
    if name not in EPISODIC and age_ms >= times.vitals_withdraw_ms:
        return ValueView(None, unit, Quality.STALE, sample.at_ms, source, origin)
    quality = sample.quality if is_live(name, sample, d.now, times.vitals_live_ms) else Quality.QUESTIONABLE
    doubt = d.breath.doubts.get(source, {}).get(name)
    why = JUMP if doubt is not None and doubt.until_ms > d.now else None
    return ValueView(sample.value_milli, unit, quality, sample.at_ms, source, origin, why)


def is_vital_live(d: Draft) -> bool:
    """Some monitor reports something that is live."""
    live_ms = d.policy.times.vitals_live_ms
    return any(
        name not in EPISODIC and is_live(name, sample, d.now, live_ms)
        for monitor in d.policy.monitors
        for name, sample in d.samples.get(monitor.device, NOTHING).items()
    )
