"""Stops: verified ones truly happened, none went unrecorded, nothing above its ceiling went on unseen (INT, CEI)."""

from __future__ import annotations

from pumpd.safety.decisions import InterlockChanged, InterlockState, StopPump
from tests.chaos.storm.court import BUSY_MS, DRIFT_MS, UNASKED_MS, Court
from tests.chaos.storm.ghost import PumpTruth
from tests.chaos.storm.story import BedStory, Told

STOP_PROOF_MS = 5_000  # INT-02
COMMAND_MS = 30_000  # a stop that pumpd's bytes brought about was decided no longer ago
BEFORE_MS = 40_000  # so much of what happened before is printed


def judge_stops(court: Court, pump: PumpTruth, story: BedStory) -> None:
    """Every verified stop, every stop by our bytes, every run above the ceiling."""
    reports = story.told.get(pump.id, [])
    for row in story.decided:
        change = row.decision
        if not isinstance(change, InterlockChanged) or change.pump != pump.id:
            continue
        if change.state is InterlockState.STOP_VERIFIED:
            _verified(court, pump, row.at_ms, row.seq, reports)
    _commanded(court, pump, story)
    for begin, end in pump.episodes():
        court.counts["runs above the ceiling"] += 1
        _ended(court, pump, begin, end)
        for from_ms, until_ms in court.calm(pump.line, begin, end, court.bound(pump.bed)):
            _above(court, pump, (begin, end), from_ms, until_ms)


def _verified(court: Court, pump: PumpTruth, at_ms: float, seq: int, reports: list[Told]) -> None:
    court.counts["stops verified"] += 1
    proof = next((one for one in reversed(reports) if one.seq <= seq), None)
    from_ms = at_ms - UNASKED_MS if proof is None or proof.requested_ms is None else proof.requested_ms
    if not pump.stood(from_ms - DRIFT_MS, at_ms + DRIFT_MS):
        told = f"verified at step {seq}"
        court.say(pump.bed, at_ms, "STOP VERIFIED of a pump that infuses", "it infused all the time", told)


def _commanded(court: Court, pump: PumpTruth, story: BedStory) -> None:
    """What the host's bytes did to the pump was decided; they never started it (INT-03)."""
    stops = (row for row in story.decided if isinstance(row.decision, StopPump) and row.decision.pump == pump.id)
    sent = [row.at_ms for row in stops]
    court.counts["stop decisions"] += len(sent)
    for event in pump.events:
        if (event.what, event.by) == ("stopped", "host"):
            court.counts["pumps stopped by pumpd"] += 1
            if not any(event.at_ms - COMMAND_MS <= at <= event.at_ms + BUSY_MS for at in sent):
                court.say(pump.bed, event.at_ms, "stopped without a decision", "pumpd's bytes did it", "no StopPump")
        elif (event.what, event.by) == ("started", "host"):
            court.say(pump.bed, event.at_ms, "started by pumpd", "its bytes did it", "it never starts a pump")


def _ended(court: Court, pump: PumpTruth, begin: float, end: float) -> None:
    """How long it took where nothing was in the way."""
    by_us = any((event.what, event.by) == ("stopped", "host") and event.at_ms == end for event in pump.events)
    if by_us and court.calm(pump.line, begin, end) == [(begin, end)]:
        court.latency_ms["stopped by pumpd"].append(end - begin)


def _above(court: Court, pump: PumpTruth, run: tuple[float, float], from_ms: float, until_ms: float) -> None:
    """Above the ceiling while pumpd could hear it without a break: alarmed; and stopped, or STOP NOT CONFIRMED."""
    due_ms = from_ms + 2 * pump.poll_ms + BUSY_MS
    if until_ms <= due_ms:
        return
    court.counts["runs above the ceiling that pumpd could see"] += 1
    truly = f"{pump.driver}, above its ceiling from {court.s(run[0])} to {court.s(run[1])} s, could be heard from "
    truly += f"{court.s(from_ms)} to {court.s(until_ms)} s; {_before(court, pump, from_ms, until_ms)}"
    court.expect(pump.bed, "over_hard", pump.id, (from_ms, due_ms, until_ms), truly)
    proof_ms = due_ms + STOP_PROOF_MS
    if pump.can_stop and until_ms > proof_ms:
        court.counts["pumps that would not stop"] += 1
        court.expect(pump.bed, "stop_not_confirmed", pump.id, (from_ms, proof_ms, until_ms), truly)


def _before(court: Court, pump: PumpTruth, from_ms: float, until_ms: float) -> str:
    near = (event for event in pump.events if from_ms - BEFORE_MS <= event.at_ms <= until_ms)
    return "; ".join(f"{court.s(event.at_ms)} s {event.what} by {event.by}" for event in near)
