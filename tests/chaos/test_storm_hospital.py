"""What the storm's verdict sees of people's acts, of patients who change, of the hub and of HL7; all of it pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pumpd.device import CommandOutcome, Outcome
from pumpd.safety.alarms import Phase
from pumpd.safety.decisions import Permitted, SetRate
from pumpd.safety.events import Patient, PatientBound, RateRequested, Sex
from pumpd.safety.told_events import NoticeTold, Word
from tests.chaos.storm.drain import due_by_hub
from tests.chaos.storm.ehr import Mail, Sent
from tests.chaos.storm.ghost import TOLD_RATE, Happened
from tests.chaos.storm.hands import Deed
from tests.chaos.storm.hospital import HubNotes, Seen
from tests.chaos.storm.story import Came, Stay, Told
from tests.chaos.storm_scene import BED, END_MS, ML, NORMAL_UL_H, PUMP, Scene, told

pytestmark = pytest.mark.chaos
BY, RATE_UL_H, ORDER, WORD = "Hand 1", 12_000, "o7", "w1"
ALARM = {"id": "a1", "state": "active", "priority": "high", "acknowledged": None}


def whole() -> Scene:
    """A rate by hand, an alarm at the hub and at the EHR, an admission: everywhere alike."""
    scene = Scene(hub=HubNotes(cut_ms=END_MS), mail=Mail())
    assert scene.hub is not None
    assert scene.mail is not None
    scene.deeds.append(Deed(20_000, 20_100, "rate", BED, BY, 200))
    scene.story.acts.append((20_050, RateRequested("r1", PUMP, RATE_UL_H, BY, "")))
    scene.decide(20_050, Permitted("rate", PUMP, BY), SetRate(PUMP, ORDER, RATE_UL_H, 70_000, ""))
    scene.pump.events += [Happened(20_200, TOLD_RATE, "host"), Happened(20_200, f"rate {RATE_UL_H}", "host")]
    scene.story.outcomes.append((20_300, CommandOutcome(ORDER, Outcome.DONE, "")))
    scene.alarm(30_000, "over_soft")
    scene.hub.events += [
        (f"j-{BED}-20050-1", BED, "rate", {"pump": PUMP, "order_id": ORDER}),
        (f"j-{BED}-30000-0", BED, "alarm", {"phase": "start", "alarm": ALARM}),
    ]
    scene.hub.seen.append(Seen(40_000, 40_100, BED, True, 900, 3, {PUMP: NORMAL_UL_H / 1000}))
    sent = Sent("H1", "HIS", "A01", 50_000, BED, "EHR-1", answered_ms=50_100, code="AA")
    scene.mail.sent["H1"] = sent
    scene.mail.taken["a1"] = b"alarm"
    scene.post.came["H1"] = [Came("H1", "HIS", "applied", WORD)]
    scene.post.made["a1"] = ("sent", b"alarm")
    scene.story.acts.append((50_050, bound()))
    scene.story.stays += [Stay(0, 0, 0, "DEMO-1"), Stay(50_050, 50_050, 50_050, "EHR-1")]
    scene.story.told[PUMP] = [of_the_next(at_ms) for at_ms in range(1000, END_MS, 1000)]
    return scene


def bound() -> PatientBound:
    patient = Patient("EHR-1", "Quill", "Ada", "1956-02-03", Sex.FEMALE, 70_000)
    return PatientBound(patient, "ADT A01 of his", word=Word("his", WORD))


def of_the_next(at_ms: int) -> Told:
    """As `told`, with what was given to whoever came at 50 s."""
    if at_ms <= 50_050:
        return told(at_ms)
    given = (at_ms - 50_050) * 10
    return replace(told(at_ms), low_ng=max(0, given - 20_000), high_ng=given + 20_000)


def test_stories_of_people_patients_hub_and_ehr_that_agree_are_no_disagreement() -> None:
    court = whole().judged()
    assert [str(one) for one in court.found] == []
    for what in (
        "acts by hand: rate, answered 200",
        "rates that the pump took",
        "events in the hub's history",
        "looks at the hub that were live",
        "rates seen on the hub",
        "HL7 acknowledged: HIS A01",
        "admissions by ADT that bound",
        "alarm steps due at the EHR",
        "changes of patient whose dose was compared",
    ):
        assert court.counts[what], what


def act_lost(scene: Scene) -> None:
    scene.deeds.append(Deed(60_000, 60_100, "stop", BED, "Hand 2", 200))


def act_doubled(scene: Scene) -> None:
    scene.story.acts.append((21_000, RateRequested("r2", PUMP, RATE_UL_H, BY, "")))


def refusal_not_recorded(scene: Scene) -> None:
    scene.deeds.append(Deed(60_000, 60_100, "resume", BED, "Hand 2", 409, "refused"))


def refused_and_done(scene: Scene) -> None:
    scene.deeds[0] = replace(scene.deeds[0], status=422)


def rate_undecided(scene: Scene) -> None:
    scene.pump.events.append(Happened(80_000, "rate 30000", "host"))


def rate_other_than_decided(scene: Scene) -> None:
    scene.pump.events[-1] = Happened(20_200, "rate 30000", "host")


def rate_never_reached(scene: Scene) -> None:
    scene.pump.events.clear()


def rate_without_outcome(scene: Scene) -> None:
    scene.story.outcomes.clear()


def former_patients_dose(scene: Scene) -> None:
    reports = scene.story.told[PUMP]
    scene.story.told[PUMP] = [
        row if row.at_ms < 50_050 else replace(row, high_ng=(row.high_ng or 0) + ML) for row in reports
    ]


def dose_of_the_former_as_certain(scene: Scene) -> None:
    reports = scene.story.told[PUMP]
    scene.story.told[PUMP] = [row if row.at_ms < 60_000 else told(int(row.at_ms)) for row in reports]


def hub_misses(scene: Scene) -> None:
    del hub(scene).events[1]


def hub_invents(scene: Scene) -> None:
    hub(scene).events.append((f"j-{BED}-99-0", BED, "stop", {}))


def hub_differs(scene: Scene) -> None:
    hub(scene).events[1] = (*hub(scene).events[1][:3], {"phase": "start", "alarm": {**ALARM, "state": "ended"}})


def hub_shows_old(scene: Scene) -> None:
    scene.dark.add(60_000, 70_000, "daemon down")
    hub(scene).seen.append(Seen(66_000, 66_050, BED, True, 4000, 0, {}))


def hub_shows_an_old_rate(scene: Scene) -> None:
    hub(scene).seen.append(Seen(66_000, 66_050, BED, True, 100, 1, {PUMP: 90.0}))


def hub_alarms_differ(scene: Scene) -> None:
    hub(scene).alarms = (frozenset({"a1"}), frozenset({"a1", "a2"}))


def hub_ended(scene: Scene) -> None:
    hub(scene).unwilling.append("ended by itself with 1")


def message_lost(scene: Scene) -> None:
    scene.post.came["H1"] = [Came("H1", "HIS", "received", WORD)]


def message_doubled(scene: Scene) -> None:
    scene.post.came["H1"] *= 2


def admission_not_done(scene: Scene) -> None:
    scene.story.acts = [one for one in scene.story.acts if not isinstance(one[1], PatientBound)]


def admission_done_twice(scene: Scene) -> None:
    scene.story.acts.append((51_000, bound()))


def message_not_arrived(scene: Scene) -> None:
    scene.post.made["a2"] = ("sent", b"another")


def message_given_up(scene: Scene) -> None:
    scene.post.made["a2"] = ("dead", b"another")


def message_with_two_contents(scene: Scene) -> None:
    mail(scene).differing.add("a1")


def alarm_not_told(scene: Scene) -> None:
    scene.alarm(31_000, "over_soft", phase=Phase.UPDATE)
    hub(scene).events.append((f"j-{BED}-31000-0", BED, "alarm", {"phase": "update", "alarm": ALARM}))


def screen_blind(scene: Scene) -> None:
    scene.notes.blind.append((60_000, 70_000))


def hub(scene: Scene) -> HubNotes:
    assert scene.hub is not None
    return scene.hub


def mail(scene: Scene) -> Mail:
    assert scene.mail is not None
    return scene.mail


WRONG: dict[Callable[[Scene], None], str] = {
    act_lost: "an act lost",
    act_doubled: "an act doubled",
    refusal_not_recorded: "a refusal that is not recorded",
    refused_and_done: "refused, and done all the same",
    rate_undecided: "a rate that nobody decided",
    rate_other_than_decided: "a rate that nobody decided",
    rate_never_reached: "a rate that never reached its pump",
    rate_without_outcome: "a rate without an outcome",
    former_patients_dose: "a former patient's counted",
    dose_of_the_former_as_certain: "at least overstates",
    hub_misses: "missing in the hub's history",
    hub_invents: "in the hub's history only",
    hub_differs: "another alarm in the hub's history",
    hub_shows_old: "old values shown as live",
    hub_shows_an_old_rate: "a rate on the hub that is not true",
    hub_alarms_differ: "alarms differ at the end",
    hub_ended: "ended or did not start",
    message_lost: "an acknowledged HL7 message lost",
    message_doubled: "an HL7 message doubled",
    admission_not_done: "an admission not done once",
    admission_done_twice: "an admission not done once",
    message_not_arrived: "HL7 sent that did not arrive",
    message_given_up: "HL7 given up",
    message_with_two_contents: "one MSH-10, two messages",
    alarm_not_told: "an alarm that the EHR was not told of",
    screen_blind: "a blind screen",
}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_the_verdict_sees_what_people_the_hub_and_the_ehr_would_say_otherwise(wrong: Callable[[Scene], None]) -> None:
    scene = whole()
    wrong(scene)
    found = scene.judged().found
    assert [one for one in found if WRONG[wrong] in one.what], [str(one) for one in found]
    assert len(found) == 1, [str(one) for one in found]


def test_an_admission_that_is_older_than_who_lies_there_is_told_instead_of_done() -> None:
    scene = whole()
    admission_not_done(scene)
    scene.story.notices.append((50_080, NoticeTold("his:older", "his", "not applied")))
    assert scene.judged().found == []


def test_what_was_before_a_ward_was_first_told_of_is_not_due_at_the_hub() -> None:
    due = {"j-b-1-0": ("b", 1), "j-b-2-0": ("b", 2), "j-b-3-0": ("b", 3)}
    assert due_by_hub(due, {"j-b-2-0", "j-b-3-0"})
    assert not due_by_hub(due, {"j-b-1-0", "j-b-3-0"})
