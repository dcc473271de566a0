"""Two stories side by side: what the ghost saw, and what pumpd's journal says."""

from __future__ import annotations

from tests.chaos.storm.court import Court
from tests.chaos.storm.judge_alarms import (
    judge_acknowledged,
    judge_lives,
    judge_monitor,
    judge_pump_line,
    judge_record,
    judge_seen,
)
from tests.chaos.storm.judge_doses import judge_doses
from tests.chaos.storm.judge_hands import judge_hands, judge_rates
from tests.chaos.storm.judge_hl7 import judge_mail
from tests.chaos.storm.judge_hub import judge_hub, judge_rate_shown
from tests.chaos.storm.judge_stops import judge_stops
from tests.chaos.storm.run import Outcome
from tests.chaos.storm.story import BedStory, Post

TOLD = 3000  # characters of an output
CRASHES = ("Traceback", "thread ended")


def judge(outcome: Outcome, stories: dict[str, BedStory], post: Post | None = None) -> Court:
    """Everything, bed by bed."""
    court = Court(outcome, stories)
    _tools(court)
    for told in stories.values():
        judge_lives(court, told)
    for pump in outcome.ghost.pumps:
        story = stories.get(pump.bed)
        if story is None:
            court.say(pump.bed, outcome.ghost.begun_ms, "bed unknown", "it was there", "the journal has no such bed")
            continue
        judge_doses(court, pump, story)
        judge_stops(court, pump, story)
        judge_pump_line(court, pump)
        judge_rates(court, pump, story)
    for monitor in outcome.ghost.monitors:
        judge_monitor(court, monitor)
    judge_record(court)
    judge_seen(court)
    judge_acknowledged(court)
    judge_hands(court)
    _screens(court)
    if outcome.hub is not None:
        judge_hub(court, outcome.hub)
    if outcome.mail is not None and post is not None:
        judge_mail(court, outcome.mail, post)
    return court


def _screens(court: Court) -> None:
    """Rates as screens showed them; and no screen was blind for long while the daemon was well."""
    pumps = {pump.id: pump for pump in court.ghost.pumps}
    for from_ms, until_ms, name, rate_ml_h in court.outcome.notes.rates:
        judge_rate_shown(court, pumps[name], (from_ms, until_ms), rate_ml_h, "a screen")
    whole = (court.ghost.daemon, court.ghost.machine)
    for from_ms, until_ms in court.outcome.notes.blind:
        if court.ghost.begun_ms < from_ms < court.outcome.ended_ms and all(
            one.clear(from_ms, until_ms) for one in whole
        ):
            court.counts["screens without an answer while the daemon was well"] += 1
            truly = f"asked at {court.s(from_ms)} s, nothing until {court.s(until_ms)} s"
            court.say("daemon", from_ms, "a blind screen", truly, "no answer")


def _tools(court: Court) -> None:
    """The hash chain, the replay, and daemons that ended by themselves."""
    outcome, at_ms = court.outcome, court.outcome.ended_ms
    for name, (code, text) in outcome.said.items():
        court.counts[f"{name}: exit code {code}"] += 1
        if code != 0:
            court.say("all", at_ms, name, "nobody has touched the journal", text[-TOLD:])
    for words in outcome.unwilling:
        court.say("daemon", at_ms, "ended or did not start", "nobody ended it", words)
    for text in outcome.outputs:
        for sign in [sign for sign in CRASHES if sign in text]:
            told = text[text.index(sign) :][:TOLD]
            court.say("daemon", at_ms, "a crash", "nothing that it may crash on", told)
