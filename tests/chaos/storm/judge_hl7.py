"""HL7: what was acknowledged is kept once and was done; what was made has arrived, the same under the same id."""

from __future__ import annotations

from pumpd.safety.alarms import Phase
from pumpd.safety.decisions import AlarmChanged
from pumpd.safety.events import PatientBound
from tests.chaos.storm.court import Court
from tests.chaos.storm.ehr import Mail, Sent
from tests.chaos.storm.story import Post

EHR = "EHR"
SOON_MS = 60_000  # an older word is told of with the message, or soon after


def judge_mail(court: Court, mail: Mail, post: Post) -> None:
    """Everything that came, everything that went."""
    if not mail.drained:
        court.say("ehr", court.outcome.ended_ms, "HL7 that never arrived", "the EHR took everything", "messages wait")
    for sent in mail.sent.values():
        _came(court, sent, post)
    for name in post.came.keys() - mail.sent.keys():
        court.say("ehr", court.outcome.ended_ms, "a message that nobody sent", "none", name)
    _went(court, mail, post)
    _alarms(court, mail, post)


def _came(court: Court, sent: Sent, post: Post) -> None:
    rows = post.came.get(sent.control_id, [])
    kind = f"{sent.app} {sent.trigger}"
    court.counts[f"HL7 acknowledged: {kind}" if sent.code else f"HL7 never answered: {kind}"] += 1
    court.counts["HL7 answered negatively, and sent again"] += len(sent.refusals)
    truly = f"{kind} {sent.control_id} at {sent.bed}, answered {sent.code or 'never'}"
    told = ", ".join(row.state for row in rows) or "no row"
    if len(rows) > 1:
        court.say("ehr", sent.first_ms, "an HL7 message doubled", truly, told)
    elif sent.code and [row.state for row in rows] != ["applied"]:
        court.say("ehr", sent.first_ms, "an acknowledged HL7 message lost", truly, told)
    elif sent.code and sent.mrn.startswith(EHR) and sent.trigger == "A01":
        _admitted(court, sent, rows[0].word, truly)


def _admitted(court: Court, sent: Sent, word: str, truly: str) -> None:
    """Bound once, at that bed; or the bed says that the message is older than who lies there."""
    binds = [
        story.bed
        for story in court.stories.values()
        for _, event in story.acts
        if isinstance(event, PatientBound) and event.word is not None and event.word.id == word
    ]
    answered_ms = sent.answered_ms or sent.first_ms
    notices = [
        notice
        for at_ms, notice in court.stories[sent.bed].notices
        if notice.id == "his:older" and sent.first_ms <= at_ms <= answered_ms + SOON_MS
    ]
    court.counts["admissions by ADT that bound" if binds else "admissions by ADT that were older"] += 1
    if binds != [sent.bed] and not (not binds and notices):
        court.say(sent.bed, sent.first_ms, "an admission not done once", truly, f"bound at {binds}, {notices}")


def _went(court: Court, mail: Mail, post: Post) -> None:
    court.counts["HL7 delivered more than once"] += sum(many > 1 for many in mail.deliveries.values())
    for name in mail.differing:
        court.say("ehr", court.outcome.ended_ms, "one MSH-10, two messages", name, "other bytes came later")
    for name, (state, raw) in post.made.items():
        court.counts[f"HL7 made: {state}"] += 1
        taken = mail.taken.get(name)
        if state == "sent" and taken != raw:
            there = "never came" if taken is None else "came with other bytes"
            court.say("ehr", court.outcome.ended_ms, "HL7 sent that did not arrive", f"{name} {there}", state)
        elif state not in ("sent", "waiting", "thinned"):
            court.say("ehr", court.outcome.ended_ms, "HL7 given up", f"{name}: nothing was refused", state)
    for name in mail.taken.keys() - post.made.keys():
        court.say("ehr", court.outcome.ended_ms, "HL7 that the journal does not know", name, "no row")


def _alarms(court: Court, mail: Mail, post: Post) -> None:
    """Every step in an alarm's life is told to the EHR, under an id that follows from it."""
    for story in court.stories.values():
        indexes: dict[int, int] = {}
        for row in story.decided:
            index = indexes[row.seq] = indexes.get(row.seq, -1) + 1
            if not isinstance(row.decision, AlarmChanged) or row.at_ms > court.outcome.ended_ms:
                continue
            alarm, phase = row.decision.alarm, row.decision.phase
            name = alarm.id if phase is Phase.START else f"{alarm.id}.{row.seq}.{index}"
            court.counts["alarm steps due at the EHR"] += 1
            if name not in mail.taken and row.at_ms >= court.ghost.begun_ms:
                told = post.made.get(name, ("not even made", b""))[0]
                court.say(
                    story.bed, row.at_ms, "an alarm that the EHR was not told of", f"{alarm.condition} {phase}", told
                )
