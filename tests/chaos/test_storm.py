"""The storm's pure parts: its plan, and that the verdict sees each way in which two stories can differ."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pumpd.safety.alarms import Acknowledgement, AckReason, AlarmState, Phase
from pumpd.safety.decisions import AlarmChanged, InterlockChanged, InterlockState
from pumpd.safety.events import Acknowledged
from tests.chaos.storm.ghost import Ghost, Happened
from tests.chaos.storm.nurse import Ack
from tests.chaos.storm.plan import CALM_FIRST_S, CALM_LAST_S, KINDS, plan
from tests.chaos.storm.spans import Spans, calm
from tests.chaos.storm.ward import PUMPS, StormWard
from tests.chaos.storm_scene import BED, ML, PUMP, Scene, alarm, replace_state, told

pytestmark = pytest.mark.chaos


# the plan


def test_a_seed_makes_the_same_plan_every_time_and_another_seed_another_one() -> None:
    assert plan(7, 20, 16) == plan(7, 20, 16)
    assert plan(7, 20, 16) != plan(8, 20, 16)


def test_twenty_minutes_have_every_kind_of_trouble_between_a_calm_beginning_and_a_calm_end() -> None:
    acts = plan(8, 20, 16)
    assert {act.what for act in acts} == {kind.what for kind in KINDS}
    assert all(CALM_FIRST_S <= act.at_s < 20 * 60 - CALM_LAST_S for act in acts)
    assert all((act.bed is None) == (not kind.of_bed) for kind in KINDS for act in acts if act.what == kind.what)


def test_calm_is_what_lies_between_the_troubles_of_all() -> None:
    line, daemon = Spans(), Spans()
    line.add(10, 20, "cable")
    daemon.add(15, 30, "down")
    daemon.begin("hung", 90)
    assert calm((line, daemon), 0, 100) == [(0, 10), (30, 90)]
    assert calm((line, daemon), 12, 18) == []
    daemon.end("hung", 95)
    assert calm((line, daemon), 80, 100) == [(80, 90), (95, 100)]


async def test_the_ward_has_every_pump_that_can_be_simulated_and_what_was_seen_of_it_can_be_kept(
    tmp_path: Path,
) -> None:
    ward = StormWard(tmp_path, len(PUMPS), seed=1)
    ghost = Ghost(ward)
    ward.open()
    try:
        await asyncio.sleep(0)
        ghost.sample()
    finally:
        ward.close()
    kept = pickle.loads(pickle.dumps(ghost.truth()))
    assert len(kept.pumps) == len(kept.monitors) == 16
    assert all(pump.rows[-1].infusing for pump in kept.pumps)


# the verdict


def test_two_stories_that_agree_are_no_disagreement() -> None:
    scene = Scene()
    scene.stop()
    scene.notes.seen["a1"] = (62_000, {"id": "a1", "bed": BED, "condition": "over_hard", "text": ""})
    court = scene.judged()
    assert court.found == []
    for what in ("doses compared", "stops verified", "pumps stopped by pumpd", "runs above the ceiling", "alarms"):
        assert court.counts[what], what


def test_an_acknowledgement_that_ends_an_alarm_whose_condition_is_over_had_its_effect() -> None:
    scene = Scene()
    scene.alarm(10_000)
    by = Acknowledgement("Nurse 1", 11_000, AckReason.CARE_IN_PROGRESS)
    scene.decide(11_000, AlarmChanged(replace_state(alarm("over_hard"), AlarmState.ENDED, by), Phase.END))
    scene.story.acknowledged.append((11_000, Acknowledged("a1", "Nurse 1", AckReason.CARE_IN_PROGRESS)))
    scene.notes.acks.append(Ack(11_000, "a1", "Nurse 1", 200))
    assert scene.judged().found == []


def overstated(scene: Scene) -> None:
    scene.story.told[PUMP] = [*(told(at) for at in range(1000, 50_000, 1000)), replace(told(50_000), low_ng=2 * ML)]


def understated(scene: Scene) -> None:
    scene.story.told[PUMP] = [*(told(at) for at in range(1000, 50_000, 1000)), replace(told(50_000), high_ng=1000)]


def a_screen_overstated(scene: Scene) -> None:
    scene.notes.pairs += [(20_000, 20_100, PUMP, 0.19, 0.3), (30_000, 30_100, PUMP, 0.5, 0.6)]


def verified_while_it_infused(scene: Scene) -> None:
    scene.decide(30_000, InterlockChanged(PUMP, InterlockState.STOP_VERIFIED, "over hard"))


def stopped_without_a_decision(scene: Scene) -> None:
    scene.pump.events.append(Happened(30_000, "stopped", "host"))


def started_by_its_bytes(scene: Scene) -> None:
    scene.pump.events.append(Happened(30_000, "started", "host"))


def fast_without_an_alarm(scene: Scene) -> None:
    scene.over = (60_000, 66_000)


def fast_and_neither_stopped_nor_not_confirmed(scene: Scene) -> None:
    scene.over = (60_000, 90_000)
    scene.alarm(61_000)


def cable_out_without_an_alarm(scene: Scene) -> None:
    scene.pump.line.add(30_000, 60_000, "unplug-pump 1")


def no_breath_without_an_alarm(scene: Scene) -> None:
    scene.monitor.still = [(0, False), (10_000, True), (90_000, False)]


def alarm_doubled(scene: Scene) -> None:
    scene.alarm(10_000)
    scene.alarm(11_000, id_="a2")


def alarm_after_its_end(scene: Scene) -> None:
    ended = AlarmChanged(replace_state(alarm("over_hard"), AlarmState.ENDED), Phase.END)
    scene.alarm(10_000)
    scene.decide(11_000, ended)
    scene.alarm(12_000, phase=Phase.UPDATE)


def journal_that_never_comes_back(scene: Scene) -> None:
    scene.alarm(30_000, "journal_failing")


def alarm_seen_and_not_recorded(scene: Scene) -> None:
    scene.notes.seen["a9"] = (20_000, {"id": "a9", "bed": BED, "condition": "over_hard", "text": "too fast"})


def acknowledgement_lost(scene: Scene) -> None:
    scene.alarm(10_000)
    scene.notes.acks.append(Ack(11_000, "a1", "Nurse 1", 200))


def acknowledgement_doubled(scene: Scene) -> None:
    scene.alarm(10_000)
    by = Acknowledgement("Nurse 1", 11_000, AckReason.CARE_IN_PROGRESS)
    for at_ms in (11_000, 12_000):
        changed = replace_state(alarm("over_hard"), AlarmState.ACKNOWLEDGED, by)
        scene.decide(at_ms, AlarmChanged(changed, Phase.ACKNOWLEDGE))
        scene.story.acknowledged.append((at_ms, Acknowledged("a1", "Nurse 1", AckReason.CARE_IN_PROGRESS)))
    scene.notes.acks.append(Ack(11_000, "a1", "Nurse 1", None))


def chain_not_whole(scene: Scene) -> None:
    scene.said["db verify"] = (1, "decisions 7: hash")


def daemon_crashed(scene: Scene) -> None:
    scene.outputs.append("Traceback (most recent call last):")


def thread_ended(scene: Scene) -> None:
    scene.outputs.append("the journal's thread ended: RuntimeError()")


WRONG: dict[Callable[[Scene], None], str] = {
    overstated: "at least overstates",
    understated: "at most understates",
    a_screen_overstated: "a screen overstates",
    verified_while_it_infused: "STOP VERIFIED of a pump that infuses",
    stopped_without_a_decision: "stopped without a decision",
    started_by_its_bytes: "started by pumpd",
    fast_without_an_alarm: "no over_hard",
    fast_and_neither_stopped_nor_not_confirmed: "no stop_not_confirmed",
    cable_out_without_an_alarm: "no pump_lost",
    no_breath_without_an_alarm: "no alarm of an apnoea",
    alarm_doubled: "an alarm doubled",
    alarm_after_its_end: "an alarm after its end",
    journal_that_never_comes_back: "nothing is recorded",
    alarm_seen_and_not_recorded: "an alarm lost",
    acknowledgement_lost: "an acknowledgement lost",
    acknowledgement_doubled: "an acknowledgement doubled",
    chain_not_whole: "db verify",
    daemon_crashed: "a crash",
    thread_ended: "a crash",
}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_the_verdict_sees_what_differs_and_tells_seed_bed_time_and_both_stories(wrong: Callable[[Scene], None]) -> None:
    scene = Scene()
    wrong(scene)
    court = scene.judged()
    assert len(court.found) == 1, [str(one) for one in court.found]
    found = court.found[0]
    assert WRONG[wrong] in found.what
    assert (found.seed, found.truly != "", found.pumpd != "") == (7, True, True)
    assert f"seed 7, {found.bed}, {found.at_s:.2f} s" in str(found)
