"""What the daemon knows of its own health, for /metrics. Read when asked: the way of a stop pays nothing for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpd.live.port import Health, JournalHealth, PeerHealth
from pumpd.safety.events import LinkState

if TYPE_CHECKING:
    from pumpd.daemon.daemon import Daemon

QUANTILES = (0.5, 0.99, 1.0)
MS_PER_S = 1000


def health_of(daemon: Daemon) -> Health:
    """As it is now; of a daemon that has been started."""
    clock, sessions = daemon.clock, daemon.sessions.values()
    journal, audit, gateway = daemon.journal, daemon.reception.audit, daemon.gateway
    views = (daemon.hub.view(bed) for bed in daemon.beds)
    shown = [device for view in views if view is not None for device in view.devices]
    now_ms, stats = clock.now_ms(), journal.stats()
    waits = {box.name: box.waiting_since_ms() for box in daemon.outboxes}
    peers = () if gateway is None else gateway.peers()
    return Health(
        devices={one.id: None if one.heard_ms is None else (now_ms - one.heard_ms) / MS_PER_S for one in sessions},
        devices_up=frozenset(one.id for one in shown if one.link is LinkState.UP),
        lag_s=daemon.watch.quantiles_s(QUANTILES),
        journal=JournalHealth(
            stats.waiting,
            stats.failing,
            stats.commits,
            stats.last_commit_s,
            stats.dropped_readings,
            stats.dropped_records,
        ),
        audit_waiting=audit.waiting,
        sign_ins_refused=audit.sign_ins_refused,
        peers=tuple(PeerHealth(peer.id, peer.depth, peer.dead, peer.connected) for peer in peers),
        outbox_age_s={name: 0.0 if at is None else (now_ms - at) / MS_PER_S for name, at in waits.items()},
    )
