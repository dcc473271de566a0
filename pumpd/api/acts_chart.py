"""What people write into a chart and a course, as the events that it becomes. The kernel accepts or refuses."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from pumpd.api.acts import Acts, unknown_bed
from pumpd.api.bodies_chart import (
    AdjunctBody,
    AssessmentBody,
    Charting,
    ChecklistBody,
    ComedicationBody,
    OpioidBody,
)
from pumpd.api.bodies_course import ProtocolOverrideBody
from pumpd.api.errors import ApiError
from pumpd.api.words import known_word, unknown
from pumpd.clinical.entries import AnyEntry, Assessment, Checklist, OpioidGiven, PatchOff, PatchOn, Route
from pumpd.clinical.vocabulary import find, in_codes, word_problems
from pumpd.clinical.words import meant, plain_word
from pumpd.live.hub import LiveHub
from pumpd.live.port import UnknownBed, WardPort, Words
from pumpd.safety.assessments import score_reasons
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Assessed, Charted, ProtocolOverride
from pumpd.safety.protocol_policy import ProtocolRule

NEAR = timedelta(minutes=1)  # so much may pass between seeing and sending, and so far may two clocks be apart


NO_DRUG = "none"  # the decision of a named person to give no adjunct
OF_NOW = "at: poss, rass and oxygen are always of now; chart apart what was found earlier"


class ChartActs:
    """Raises ApiError with all reasons; what is refused has left nothing in the chart."""

    def __init__(self, acts: Acts, hub: LiveHub, ward: WardPort) -> None:
        self._acts, self._hub, self._ward = acts, hub, ward

    async def assess(self, bed: str, body: AssessmentBody) -> bytes:
        """Sedation and oxygen, the rest, or both: both are taken, or neither."""
        scores, entry = body.assessed(), self._assessment(bed, body)
        if scores is not None and self._is_old(body):
            raise ApiError(
                422, "invalid", "at: poss, rass and oxygen are always of now; chart what was found earlier apart"
            )
        if scores is None and (entry != Assessment() or body.corrects):
            return await self._write(bed, body, entry)
        if entry == Assessment() and not body.corrects:
            return await self._acts.submit(bed, scores or Assessed(body.by), recorded=["sedation"])
        return await self._both(bed, body, scores or Assessed(body.by), entry)

    async def chart(self, bed: str, body: Charting) -> bytes:
        """Any entry without words of a vocabulary."""
        return await self._write(bed, body, body.entry())

    async def opioid(self, bed: str, body: OpioidBody) -> bytes:
        """An opioid without a factor is kept; the answer says that the total is then not the whole."""
        opioids, entry = self.words(bed).opioids, body.entry()
        if isinstance(entry, PatchOff) or not opioids:
            return await self._write(bed, body, entry)
        code = opioids.get(plain_word(entry.drug))
        if code is not None:
            known = replace(entry, drug=code)
            return await self._write(bed, body, known, *_without_factor(known, self.words(bed)))
        note = f'"{entry.drug}" has no factor: the MME total is incomplete{meant(entry.drug, opioids)}'
        return await self._write(bed, body, entry, note)

    async def adjunct(self, bed: str, body: AdjunctBody) -> bytes:
        """A drug that is not one of the protocol's needs to be described."""
        words, entry = self.words(bed), body.entry()
        listed = (*words.adjuncts, NO_DRUG)
        said = words.names.get(plain_word(body.drug), body.drug)
        drug = known_word(said, (*listed, *words.benzodiazepines)) or said
        calming = drug in words.benzodiazepines
        if body.benzodiazepine is None and not calming and drug not in listed:
            why = "(of another drug say whether it is a benzodiazepine)"
            raise ApiError(422, "invalid", f"{unknown('drug', body.drug, listed)} {why}")
        return await self._write(bed, body, replace(entry, drug=drug, benzodiazepine=entry.benzodiazepine or calming))

    async def comedication(self, bed: str, body: ComedicationBody) -> bytes:
        """Whether it sedates is known of some drugs, and asked of the others."""
        words, entry = self.words(bed), body.entry()
        known = find(words.vocabulary.medicines, body.drug) if words.vocabulary else None
        said = words.names.get(plain_word(body.drug), body.drug)
        named = {plain_word(name) for name in words.benzodiazepines} | set(words.opioids)
        sedates = plain_word(said) in named or (known is not None and known.sedating)
        if known is None and not sedates and body.sedating is None:
            raise ApiError(422, "invalid", f'sedating: say whether "{body.drug}" adds to sedation')
        drug = said if known is None else known.code
        return await self._write(bed, body, replace(entry, drug=drug, sedating=entry.sedating or sedates))

    async def checklist(self, bed: str, body: ChecklistBody) -> bytes:
        """Every contra-indication by the protocol's name."""
        names = _checked("answers", list(body.answers), self.words(bed).contraindications)
        return await self._write(bed, body, Checklist(tuple(zip(names, body.answers.values(), strict=True))))

    async def override(self, bed: str, body: ProtocolOverrideBody) -> bytes:
        """One rule of the protocol is set aside; where it does not allow that, the refusal is on record."""
        (rule,) = _checked("rule", [body.rule], tuple(ProtocolRule))
        return await self._acts.submit(bed, ProtocolOverride(rule, body.by, body.reason))

    def words(self, bed: str) -> Words:
        """The vocabulary of the bed."""
        try:
            return self._ward.words(bed)
        except UnknownBed:
            raise unknown_bed(bed) from None

    def _assessment(self, bed: str, body: AssessmentBody) -> Assessment:
        """With the vocabulary's own words; all that are unknown are named."""
        vocabulary, entry = self.words(bed).vocabulary, body.entry()
        if vocabulary is None:
            return entry
        problems = word_problems(entry, vocabulary)
        if problems:
            raise ApiError(422, "invalid", *problems)
        known = in_codes(entry, vocabulary)
        assert isinstance(known, Assessment)
        return known

    async def _both(self, bed: str, body: AssessmentBody, scores: Assessed, entry: Assessment) -> bytes:
        """The scores are judged first, by the rule that the kernel judges by; then nothing can part the two."""
        if score_reasons(scores):
            await self._told(bed, scores, "nothing of the assessment was recorded")
        event = self._charted(bed, body, entry)
        first = await self._acts.decide(bed, event)
        second = await self._told(bed, scores, f"the rest of the assessment is recorded as entry {event.id}")
        return self._acts.done((*first, *second), entry=event.id, recorded=["chart", "sedation"])

    async def _told(self, bed: str, scores: Assessed, beside: str) -> tuple[Decision, ...]:
        """As decide; where it fails the caller is told what became of the other half."""
        try:
            return await self._acts.decide(bed, scores)
        except ApiError as error:
            raise ApiError(error.status, error.code, *error.reasons, beside, temporary=error.temporary) from None

    def _is_old(self, body: Charting) -> bool:
        return body.at is not None and self._now() - body.at > NEAR

    async def _write(self, bed: str, body: Charting, entry: AnyEntry, *notes: str) -> bytes:
        event = self._charted(bed, body, entry)
        return self._acts.done(await self._acts.decide(bed, event), *notes, entry=event.id, recorded=["chart"])

    def _charted(self, bed: str, body: Charting, entry: AnyEntry) -> Charted:
        return Charted(f"e-{secrets.token_hex(8)}", entry, body.by, self._at_ms(body), body.corrects, body.reason)

    def _at_ms(self, body: Charting) -> int | None:
        """None: now. A clock that is a little ahead of ours means now too."""
        if body.at is None or timedelta() < body.at - self._now() <= NEAR:
            return None
        return self._ward.kernel_ms(body.at)

    def _now(self) -> datetime:
        return self._ward.wall_of(self._hub.now_ms())


def _without_factor(entry: OpioidGiven | PatchOn, words: Words) -> list[str]:
    """What to say of a known opioid by a route that no table has a factor for."""
    route = entry.route if isinstance(entry, OpioidGiven) else Route.TRANSDERMAL
    if not words.factors or (entry.drug, route.value) in words.factors:
        return []
    return [f"{entry.drug} {route.value} has no factor: the MME total is incomplete"]


def _checked(what: str, said: Sequence[str], words: Sequence[str]) -> list[str]:
    """The words as they are listed. Raises ApiError for what is unknown, all of it."""
    found = [(text, known_word(text, words)) for text in said]
    reasons = [unknown(what, text, words) for text, word in found if word is None]
    if reasons:
        raise ApiError(422, "invalid", *reasons)
    return [word or text for text, word in found]
