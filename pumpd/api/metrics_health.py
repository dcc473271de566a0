"""The figures of /metrics by which somebody finds out why a ward is slow or deaf. Labels name devices and systems."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from pumpd.live.port import Health, JournalHealth


def health_metrics(health: Health) -> Iterator[Metric]:
    """Devices, the event loop, the record, other systems."""
    yield from _devices(health)
    lag = GaugeMetricFamily("pumpd_tick_lag_seconds", "How late the event loop wakes, last 10 min", labels=["quantile"])
    for quantile, seconds in health.lag_s.items():
        lag.add_metric([f"{quantile:g}"], seconds)
    yield lag
    yield from _journal(health.journal)
    yield GaugeMetricFamily("pumpd_audit_waiting", "Entries of the audit not on the disk", value=health.audit_waiting)
    refused = health.sign_ins_refused
    yield CounterMetricFamily("pumpd_sign_in_refused", "Sign-ins and step-ups that were refused", value=refused)
    yield from _queues(health)


def _devices(health: Health) -> Iterator[Metric]:
    name, what = "pumpd_device_last_frame_age_seconds", "Since the last believed reading; +Inf: none yet"
    ages = GaugeMetricFamily(name, what, labels=["device"])
    up = GaugeMetricFamily("pumpd_device_up", "1 while its line is open and says something", labels=["device"])
    for device, age_s in health.devices.items():
        ages.add_metric([device], float("inf") if age_s is None else age_s)
        up.add_metric([device], device in health.devices_up)
    yield ages
    yield up


def _journal(journal: JournalHealth) -> Iterator[Metric]:
    yield GaugeMetricFamily("pumpd_journal_waiting", "Records not yet committed", value=journal.waiting)
    yield GaugeMetricFamily("pumpd_journal_failing", "1 while nothing is being recorded", value=journal.failing)
    seconds = journal.last_commit_s
    yield GaugeMetricFamily("pumpd_journal_last_commit_seconds", "What the last commit took", value=seconds)
    yield CounterMetricFamily("pumpd_journal_commits", "Transactions", value=journal.commits)
    lost = CounterMetricFamily("pumpd_journal_dropped", "Never recorded, for want of room", labels=["what"])
    lost.add_metric(["readings"], journal.dropped_readings)
    lost.add_metric(["records"], journal.dropped_records)
    yield lost


def _queues(health: Health) -> Iterator[Metric]:
    depth = GaugeMetricFamily("pumpd_hl7_queue_depth", "Messages that wait", labels=["peer"])
    dead = GaugeMetricFamily("pumpd_hl7_dead_letters", "Messages refused for good, unsettled", labels=["peer"])
    connected = GaugeMetricFamily("pumpd_hl7_connected", "1 while connected", labels=["peer"])
    for peer in health.peers:
        depth.add_metric([peer.id], peer.depth)
        dead.add_metric([peer.id], peer.dead)
        connected.add_metric([peer.id], peer.connected)
    yield from (depth, dead, connected)
    oldest = GaugeMetricFamily("pumpd_outbox_oldest_seconds", "Age of what waits longest", labels=["destination"])
    for name, age_s in health.outbox_age_s.items():
        oldest.add_metric([name], age_s)
    yield oldest
