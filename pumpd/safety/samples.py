"""A monitor's frame into samples: what is a value, what is held (RSP-05), what jumped (RSP-06). Pure.

A capnograph goes on displaying its last rate and EtCO2 after the last breath. Its own flag or counter of missing
breath says so, and from then on such a value is absent: it is neither shown nor judged, until the monitor takes its
word back. The counter contradicts a rate when there was no breath for longer than the rate's own interval: RR 4
with 12 s since the last breath is slow breathing, RR 8 with 12 s is a held value.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from pumpd.device.facts import Quality, Reading, Vitals
from pumpd.device.signals import SIGNALS
from pumpd.safety.policy import MonitorPolicy
from pumpd.safety.quality import NOTHING, stale_from
from pumpd.safety.state import Draft
from pumpd.safety.vital_state import Doubt, Sample, Since

RANGES = {name: (signal.min_milli, signal.max_milli) for name, signal in SIGNALS.items()}
MS_PER_MIN = 60_000
HOLDABLE = ("rr", "etco2")  # what a breath renews
Samples = dict[str, Sample]
Silence = tuple[int, bool]  # ms without a breath as the monitor counts, and: its flag is set


def take_vitals(d: Draft, monitor: MonitorPolicy, vitals: Vitals) -> None:
    """Remember every reading of a frame; a signal that the frame does not carry ages by itself."""
    device = monitor.device
    before, now = d.samples.get(device, NOTHING), d.now
    samples = dict(before)
    for reading in vitals.readings:
        name, value = reading.signal, reading.value_milli
        span = RANGES.get(name)
        if span is None:
            continue
        if value is not None and span[0] <= value <= span[1]:
            samples[name] = Sample(value, reading.quality, now, now, None)
        else:
            samples[name] = withheld(reading, samples.get(name), now)
    note_jumps(d, device, before, samples)
    flag, counter = samples.get("no_breath"), samples.get("no_breath_s")
    silent = (flag is not None and flag.value_milli) or (counter is not None and counter.value_milli)
    if silent or d.breath.held:
        hold(d, monitor, samples)
    d.samples[device] = samples


def withheld(reading: Reading, old: Sample | None, now: int) -> Sample:
    """The sample after a reading without a value, or with one out of the sensor's range: that is invalid (QUA-01)."""
    quality = reading.quality if reading.value_milli is None else Quality.INVALID
    off_ms = None
    if quality is Quality.OFF:
        off_ms = now if old is None or old.off_ms is None else old.off_ms
    return Sample(None, quality, now, None if old is None else old.good_ms, off_ms)


def forget(d: Draft, device: str) -> None:
    """What this device held or doubted is no longer its word."""
    held = {name: its for name, its in d.breath.held.items() if name != device}
    doubts = {name: its for name, its in d.breath.doubts.items() if name != device}
    d.breath = replace(d.breath, held=held, doubts=doubts)


# --- held values


def hold(d: Draft, monitor: MonitorPolicy, samples: Samples) -> None:
    """Make absent what the monitor displays although it says itself that there is no breath."""
    device, silence = monitor.device, breathless(d, monitor, samples)
    found = {} if silence is None else hold_back(d, monitor, samples, silence)
    held = d.breath.held
    if found != held.get(device, {}):
        others = {name: its for name, its in held.items() if name != device}
        d.breath = replace(d.breath, held={**others, device: found} if found else others)


def hold_back(d: Draft, monitor: MonitorPolicy, samples: Samples, silence: Silence) -> dict[str, Since]:
    """Withdraw the values that a breath would have renewed; returns since when each is held."""
    before: Mapping[str, Since] = d.breath.held.get(monitor.device, {})
    stale_ms = stale_from(d, monitor)
    found: dict[str, Since] = {}
    for name in HOLDABLE:
        sample = samples.get(name)
        if sample is not None and sample.value_milli:  # 0 is no held value: it says no breath itself (RSP-03)
            since = before.get(name) or Since(d.now - silence[0])
            samples[name] = absent(sample, since, silence, stale_ms)
            found[name] = since
        elif sample is not None and name in before and sample.quality is Quality.STALE:  # this frame has no word of it
            found[name] = before[name]
    return found


def absent(sample: Sample, since: Since, silence: Silence, stale_ms: int) -> Sample:
    """A counter that stands still is believed for a while only: then what it holds back is lost, and told (QUA-02)."""
    count_ms, flagged = silence
    trusted = flagged or stale_ms - count_ms <= since.since_ms
    good_ms = sample.good_ms if trusted else since.since_ms
    return Sample(None, Quality.STALE, sample.at_ms, good_ms, None)


def breathless(d: Draft, monitor: MonitorPolicy, samples: Samples) -> Silence | None:
    """For how long there was no breath by the monitor's own words, and whether its flag says so; None: there is
    breath, or the time without it does not contradict the displayed rate."""
    stale_ms, limit_ms = stale_from(d, monitor), d.policy.breathing.held_after_ms
    flag, counter, rate = (samples.get(name) for name in ("no_breath", "no_breath_s", "rr"))
    count_ms = 0 if counter is None or counter.at_ms <= stale_ms else counter.value_milli or 0
    if flag is not None and flag.value_milli and flag.at_ms > stale_ms:
        return count_ms, True
    if count_ms < limit_ms:
        return None
    own_ms = monitor.no_breath_ms
    rr_milli = None if rate is None else rate.value_milli
    contradicted = not rr_milli or count_ms * rr_milli > MS_PER_MIN * 1000
    return (count_ms, False) if contradicted or (own_ms is not None and count_ms >= own_ms) else None


# --- jumps


def note_jumps(d: Draft, device: str, before: Mapping[str, Sample], samples: Samples) -> None:
    """Mark values that changed further than their signal can; a value that is back where it was is believed at once."""
    doubts: Mapping[str, Doubt] | None = d.breath.doubts.get(device)
    for jump in d.policy.breathing.jumps:
        name, milli = jump.signal, jump.milli
        new, old = samples.get(name), before.get(name)
        if new is None or old is None or new is old:
            continue
        value, was = new.value_milli, old.value_milli
        if doubts is None and (value is None or was is None or -milli <= value - was <= milli):
            continue
        doubt = doubt_of(d, value, old, None if doubts is None else doubts.get(name), milli)
        others = {signal: its for signal, its in (doubts or {}).items() if signal != name}
        doubts = others if doubt is None else {**others, name: doubt}
        if doubt is not None:
            samples[name] = replace(new, quality=Quality.QUESTIONABLE)
    if doubts is not d.breath.doubts.get(device):
        rest = {name: its for name, its in d.breath.doubts.items() if name != device}
        d.breath = replace(d.breath, doubts={**rest, device: doubts} if doubts else rest)


def doubt_of(d: Draft, value: int | None, old: Sample, doubt: Doubt | None, milli_per_s: int) -> Doubt | None:
    """The doubt about a new value: the further it is from the last plausible one, the longer, up to the limit."""
    if doubt is not None and doubt.until_ms > d.now:
        base_milli, base_ms = doubt.base_milli, doubt.base_ms
    elif old.value_milli is not None and doubt is None:
        base_milli, base_ms = old.value_milli, old.at_ms
    else:
        return None
    if value is None:
        return None
    change = abs(value - base_milli)
    elapsed_ms = max(d.now - base_ms, 1000)
    until_ms = base_ms + min(change * 1000 // milli_per_s, d.policy.breathing.jump_max_ms)
    if change * 1000 <= milli_per_s * elapsed_ms or until_ms <= d.now:
        return None
    return Doubt(base_milli, base_ms, until_ms)
