"""A bed as it was: the last checkpoint and the steps after it, fed through the kernel again (ALA-06, DOS-02)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from pumpd.bedside import BedRuntime, Parts
from pumpd.bedside.ports import Commandable
from pumpd.clock import Clock, Gap, boot_id
from pumpd.config.model import BedConfig, WardConfig
from pumpd.journal import BootInfo, Journal, Marked, Origins, Restored
from pumpd.journal.judged import Judged, judge
from pumpd.journal.letting_go import BUS, RecordRule
from pumpd.safety.events import HistoryKept, PatientBound, PolicyReplaced, Restarted
from pumpd.safety.kernel import initial_state
from pumpd.units import Ms

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Returned:
    """A bed as it was. kept: what the record says of it and the replay did not; its first event."""

    bed: BedRuntime
    kept: HistoryKept | None


async def open_journal(ward: WardConfig, clock: Clock) -> Journal:
    """The ward's journal, told of this start. Raises JournalOpenError."""
    origins = Origins(ward.id, ward.timezone, ward.generation, ward.library, ward.files, ward.unverified)
    boot = BootInfo(boot_id(), clock.boot_ms(), clock.wall(), ward.sha256, origins)
    return await Journal.open(ward.journal_url, boot, wall=clock.wall)


def record_rule(ward: WardConfig) -> RecordRule:
    """How long the record is kept, and whom the ward tells of it: what they have not been told stays."""
    owed_to = {send.id for send in ward.hl7.send} if ward.hl7 is not None else set[str]()
    return RecordRule(ward.record_days, frozenset(owed_to | ({BUS} if ward.bus is not None else set())))


async def restore_bed(bed: BedConfig, journal: Journal, parts: Parts, pumps: Mapping[str, Commandable]) -> Returned:
    """The bed's kernel, not yet told that time has passed: call `resume` before anything else reaches it."""
    restored = await journal.restore(bed.id)
    judged = None if restored is None else _judged(bed, restored)
    if restored is None or not restored.policies:
        seq = 0 if restored is None else restored.seq
        journal.policy(bed.id, seq + 1, parts.clock.now_ms(), bed.policy)
        policy = bed.policy
    else:
        policy = restored.policies[-1][1]
    seq, now_ms = (restored.seq, restored.now_ms) if restored is not None else (0, Ms(0))
    state = initial_state(bed.policy) if judged is None else judged.state
    runtime = BedRuntime(policy, state, parts, pumps, seq=seq, now_ms=now_ms)
    return Returned(runtime, None if judged is None else judged.kept)


def _judged(bed: BedConfig, restored: Restored) -> Judged:
    """The state after the last committed step, and what of the record it would lose; said in the log."""
    if restored.unreadable:
        log.error("checkpoint unreadable", bed=bed.id, passed_over=restored.unreadable, events=len(restored.events))
    if restored.other_kernel:
        log.warning("the past was judged by other kernel code", bed=bed.id, seq=restored.seq)
    judged = judge(restored, bed.policy)
    differing = judged.differing
    if differing is not None:
        log.error(
            "recorded decisions do not come out again: what is recorded is kept",
            bed=bed.id,
            steps=differing.steps,
            first=differing.seq,
            at=differing.event,
            recorded=differing.recorded,
            recomputed=differing.recomputed,
        )
    return judged


def resume(returned: Returned, config: BedConfig, gap: Gap | None, marked: Marked | None) -> None:
    """The first events of this run: what the record says and this software does not; the report that made the last one
    stop a pump, if its record is missing; then time has passed, limits may have changed, a bench patient is bound."""
    bed = returned.bed
    recorded_seq = bed.seq
    if returned.kept is not None:
        bed.keep(returned.kept)
    if marked is not None:
        bed.relive(marked, recorded_seq)
    if bed.seq and gap is not None:
        bed.post(Restarted(gap.ms, gap.certain))
    if returned.kept is not None:
        bed.checkpoint()  # so that the next start has nothing to judge anew
    if bed.policy != config.policy:
        bed.post(PolicyReplaced(config.policy, by="ward file"))
    if config.patient is not None and bed.view().patient is None:
        bed.post(PatientBound(config.patient, by="ward file"))
