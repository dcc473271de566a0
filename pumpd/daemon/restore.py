"""A bed as it was: the last checkpoint and the steps after it, fed through the kernel again (ALA-06, DOS-02)."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from pumpd.bedside import BedRuntime, Parts
from pumpd.bedside.ports import Commandable
from pumpd.clock import Gap
from pumpd.config.model import BedConfig
from pumpd.journal import Journal, Marked, Restored
from pumpd.journal.replay import rebuild
from pumpd.safety.events import PatientBound, PolicyReplaced, Restarted
from pumpd.safety.kernel import initial_state
from pumpd.safety.state import BedState
from pumpd.units import Ms

log = structlog.get_logger(__name__)


async def restore_bed(bed: BedConfig, journal: Journal, parts: Parts, pumps: Mapping[str, Commandable]) -> BedRuntime:
    """The bed's kernel, not yet told that time has passed: call `resume` before anything else reaches it."""
    restored, state = await _rebuilt(bed, journal)
    if restored is None or not restored.policies:
        seq = 0 if restored is None else restored.seq
        journal.policy(bed.id, seq + 1, parts.clock.now_ms(), bed.policy)
        policy = bed.policy
    else:
        policy = restored.policies[-1][1]
    seq, now_ms = (restored.seq, restored.now_ms) if restored is not None else (0, Ms(0))
    return BedRuntime(policy, state, parts, pumps, seq=seq, now_ms=now_ms)


async def _rebuilt(bed: BedConfig, journal: Journal) -> tuple[Restored | None, BedState]:
    """The state after the last committed step. A checkpoint that cannot be read is passed over for all events."""
    restored = await journal.restore(bed.id)
    if restored is None:
        return None, initial_state(bed.policy)
    if restored.other_kernel:
        log.warning("state taken over from other kernel code", bed=bed.id, seq=restored.seq)
    try:
        return restored, rebuild(restored, bed.policy)
    except (ValueError, LookupError):
        log.exception("checkpoint unreadable, replaying all events", bed=bed.id)
    everything = await journal.restore(bed.id, use_checkpoint=False)
    if everything is None:
        return None, initial_state(bed.policy)
    return everything, rebuild(everything, bed.policy)


def resume(bed: BedRuntime, config: BedConfig, gap: Gap | None, marked: Marked | None) -> None:
    """The first events of this run: the report that made the last one stop a pump, if its record is missing; then
    time has passed, limits may have changed, a bench patient is bound."""
    if marked is not None:
        bed.relive(marked)
    if bed.seq and gap is not None:
        bed.post(Restarted(gap.ms, gap.certain))
    if bed.policy != config.policy:
        bed.post(PolicyReplaced(config.policy, by="ward file"))
    if config.patient is not None and bed.view().patient is None:
        bed.post(PatientBound(config.patient, by="ward file"))
