"""GET /metrics: how the web face is doing, in numbers about the ward. Never a label that names a patient or a bed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from pumpd.api.metrics_health import health_metrics
from pumpd.live.hub import LiveHub
from pumpd.live.port import BusCounts, CaptureCounts, WardCounts
from pumpd.live.screens import screens_of


class HubCollector(Collector):
    """Reads the hub when scraped; nothing is counted twice."""

    def __init__(self, hub: LiveHub) -> None:
        self._hub = hub

    def collect(self) -> Iterator[Metric]:
        hub = self._hub
        views = [view for bed in hub.bed_ids() if (view := hub.view(bed))]
        yield GaugeMetricFamily("pumpd_beds", "Beds of the ward", value=len(hub.bed_ids()))
        yield GaugeMetricFamily("pumpd_beds_monitored", "Beds monitored", value=sum(view.monitored for view in views))
        yield GaugeMetricFamily("pumpd_ws_clients", "Screens connected", value=len(hub.clients))
        screens = screens_of(hub.clients)
        yield GaugeMetricFamily("pumpd_ws_watched", "Screens that somebody can see", value=screens.watched)
        yield GaugeMetricFamily("pumpd_ws_sounding", "Of these, screens that make sound", value=screens.sounding)
        alarms = GaugeMetricFamily("pumpd_alarm_active", "Live alarms", labels=["priority"])
        counts = Counter(alarm.priority.value for alarm in hub.alarms())
        for priority in ("high", "medium", "low"):
            alarms.add_metric([priority], counts[priority])
        yield alarms
        conflated = hub.conflated + sum(client.conflated for client in hub.clients)
        yield CounterMetricFamily("pumpd_ws_conflated", "Changes that a slow screen got merged", value=conflated)
        yield CounterMetricFamily("pumpd_live_publishes", "Changes published", value=hub.publishes)
        yield CounterMetricFamily("pumpd_live_encodes", "Fragments encoded", value=hub.encodes)
        garbled = sum(device.garbled for view in views for device in view.devices)
        unverified = sum(device.unverified for view in views for device in view.devices)
        yield GaugeMetricFamily("pumpd_devices_unverified", "Devices with a driver under development", value=unverified)
        yield GaugeMetricFamily("pumpd_garbled_frames", "Frames that failed their check, since start", value=garbled)


class WardCollector(Collector):
    """What the beds have heard, and how late they decided."""

    def __init__(self, counts: Callable[[], WardCounts]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        counts = self._counts()
        frames = CounterMetricFamily("pumpd_frames", "Vital signs and pump statuses believed", labels=["kind"])
        for kind, number in counts.frames.items():
            frames.add_metric([kind], number)
        yield frames
        unmapped = GaugeMetricFamily("pumpd_unmapped_tags", "Tags that no row of the driver maps", labels=["driver"])
        for driver, number in counts.unmapped.items():
            unmapped.add_metric([driver], number)
        yield unmapped
        yield CounterMetricFamily("pumpd_kernel_deadlines", "Kernel timers that fired", value=counts.kernel_deadlines)
        yield CounterMetricFamily("pumpd_kernel_late", "Kernel timers beyond their limit", value=counts.kernel_late)
        worst_s = counts.kernel_worst_late_ms / 1000
        yield GaugeMetricFamily("pumpd_kernel_worst_late_seconds", "Latest kernel timer since start", value=worst_s)
        if counts.health is not None:
            yield from health_metrics(counts.health)
        if counts.capture is not None:
            yield from _capture(counts.capture)
        if counts.bus is not None:
            yield from _bus(counts.bus)


def _capture(kept: CaptureCounts) -> Iterator[Metric]:
    yield CounterMetricFamily("pumpd_capture_bytes", "Written of the lines' raw bytes", value=kept.written_bytes)
    yield CounterMetricFamily("pumpd_capture_lost_chunks", "Heard and not kept", value=kept.lost_chunks)
    yield GaugeMetricFamily("pumpd_capture_paused", "1 while raw bytes cannot be written", value=kept.paused)


def _bus(told: BusCounts) -> Iterator[Metric]:
    yield GaugeMetricFamily("pumpd_mqtt_connected", "1 while there is a broker", value=told.connected)
    yield CounterMetricFamily("pumpd_mqtt_connects", "Connections made", value=told.connects)
    yield CounterMetricFamily("pumpd_mqtt_frames", "Frames of beds sent", value=told.frames)
    yield CounterMetricFamily("pumpd_mqtt_frames_dropped", "Not sent: the broker was slow", value=told.frames_dropped)
    yield CounterMetricFamily("pumpd_mqtt_events", "Events that the broker has taken", value=told.events)
    yield CounterMetricFamily("pumpd_mqtt_historical", "Of these, told after an outage", value=told.historical)


def registry(hub: LiveHub, counts: Callable[[], WardCounts] | None = None) -> CollectorRegistry:
    """A registry of our own figures beside the process's."""
    own = CollectorRegistry()
    own.register(HubCollector(hub))
    if counts is not None:
        own.register(WardCollector(counts))
    return own


def text(own: CollectorRegistry) -> bytes:
    """The figures in Prometheus' text format."""
    return generate_latest(own)
