"""What people write into a chart and a course, as the events that it becomes. The kernel accepts or refuses."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from msgspec.structs import replace

from pumpd.api.acts import Acts, unknown_bed
from pumpd.api.bodies_chart import (
    AdjunctBody,
    AssessmentBody,
    Charting,
    ChecklistBody,
    ComedicationBody,
    CourseEndBody,
    OpioidBody,
    ProtocolOverrideBody,
)
from pumpd.api.errors import ApiError
from pumpd.api.words import known_word, nearest, unknown
from pumpd.clinical.entries import AnyEntry, Assessment, Checklist, PatchOff, SideEffect
from pumpd.live.hub import LiveHub
from pumpd.live.port import UnknownBed, WardPort, Words
from pumpd.safety.assessments import score_reasons
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Assessed, Charted, ProtocolOverride

SCORES_OLD = timedelta(minutes=1)  # sedation is judged as it is now; so much may pass between seeing and sending


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
        drug = known_word(entry.drug, opioids)
        if drug is not None:
            return await self._write(bed, body, replace(entry, drug=drug))
        near = nearest(entry.drug, opioids)
        hint = f"; did you mean {near!r}? Then correct this entry" if near else ""
        return await self._write(bed, body, entry, f"{entry.drug!r} has no factor: the MME total is incomplete{hint}")

    async def adjunct(self, bed: str, body: AdjunctBody) -> bytes:
        """A drug that is not one of the protocol's needs to be described."""
        words, entry = self.words(bed), body.entry()
        drug = known_word(body.drug, (*words.adjuncts, *words.benzodiazepines, "none")) or body.drug
        known = drug in words.benzodiazepines
        if body.benzodiazepine is None and not known and drug not in (*words.adjuncts, "none"):
            near = unknown("drug", body.drug, (*words.adjuncts, "none"))
            raise ApiError(422, "invalid", f"{near} (another drug: say whether it is a benzodiazepine)")
        return await self._write(bed, body, replace(entry, drug=drug, benzodiazepine=entry.benzodiazepine or known))

    async def comedication(self, bed: str, body: ComedicationBody) -> bytes:
        """Whether it sedates is known of some drugs, and asked of the others."""
        words, entry = self.words(bed), body.entry()
        sedating = (*words.sedating, *words.benzodiazepines, *words.opioids)
        drug = known_word(body.drug, sedating or ("",))
        if drug is None and body.sedating is None:
            raise ApiError(422, "invalid", f"sedating: say whether {body.drug!r} adds to sedation")
        return await self._write(
            bed, body, replace(entry, drug=drug or body.drug, sedating=entry.sedating or bool(drug))
        )

    async def checklist(self, bed: str, body: ChecklistBody) -> bytes:
        """Every contra-indication by the protocol's name."""
        listed = self.words(bed).contraindications
        names = _checked("answers", list(body.answers), listed)
        answers = zip(names, body.answers.values(), strict=True)
        return await self._write(bed, body, Checklist(tuple(answers)))

    async def end_course(self, bed: str, body: CourseEndBody) -> bytes:
        """The reason is the entry's; a correction is not meant."""
        return await self._write(bed, body, body.entry())

    async def override(self, bed: str, body: ProtocolOverrideBody) -> bytes:
        """One rule of the protocol is set aside, where the protocol allows it."""
        (rule,) = _checked("rule", [body.rule], self.words(bed).rules)
        return await self._acts.submit(bed, ProtocolOverride(rule, body.by, body.reason))

    def words(self, bed: str) -> Words:
        """The vocabulary of the bed."""
        try:
            return self._ward.words(bed)
        except UnknownBed:
            raise unknown_bed(bed) from None

    def _assessment(self, bed: str, body: AssessmentBody) -> Assessment:
        words, entry = self.words(bed), body.entry()
        wrong: list[str] = []
        pain = _checked("pain", entry.pain, words.pain, wrong)
        named = _checked("side_effects", [one.name for one in entry.side_effects], words.side_effects, wrong)
        if wrong:
            raise ApiError(422, "invalid", *wrong)
        effects = tuple(SideEffect(name, one.severity) for name, one in zip(named, entry.side_effects, strict=True))
        return replace(entry, pain=tuple(pain), side_effects=effects)

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
        return body.at is not None and self._ward.wall_of(self._hub.now_ms()) - body.at > SCORES_OLD

    async def _write(self, bed: str, body: Charting, entry: AnyEntry, *notes: str) -> bytes:
        event = self._charted(bed, body, entry)
        return self._acts.done(await self._acts.decide(bed, event), *notes, entry=event.id, recorded=["chart"])

    def _charted(self, bed: str, body: Charting, entry: AnyEntry) -> Charted:
        at_ms = None if body.at is None else self._ward.kernel_ms(body.at)
        return Charted(f"e-{secrets.token_hex(8)}", entry, body.by, at_ms, body.corrects, body.reason)


def _checked(what: str, said: Sequence[str], words: Sequence[str], wrong: list[str] | None = None) -> list[str]:
    """The vocabulary's words; what is unknown goes to wrong, or is refused at once, all of it."""
    found = [(text, known_word(text, words)) for text in said]
    reasons = [unknown(what, text, words) for text, word in found if word is None]
    if wrong is None and reasons:
        raise ApiError(422, "invalid", *reasons)
    (wrong if wrong is not None else []).extend(reasons)
    return [word or text for text, word in found]
