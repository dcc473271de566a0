"""What people write into a chart: one entry each, exact amounts, known words, every reason of a refusal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pumpd.clinical.entries import (
    Adjunct,
    Assessment,
    Checklist,
    Comedication,
    Entry,
    KetamineGiven,
    OpioidGiven,
    PatchOff,
    PatchOn,
    Route,
    SideEffect,
)
from pumpd.clinical.vocabulary import Effect, Medicine, Vocabulary, Word
from pumpd.live.port import Words
from pumpd.safety.decisions import Decision, Refused
from pumpd.safety.events import Assessed, Charted, Event
from tests.api.test_live import hear, say, screen
from tests.api.ward import MemoryWard, client, served

BED = "/api/v1/beds/b1"
WORDS = Words(
    vocabulary=Vocabulary(
        id="site",
        version="1",
        pain=tuple(Word(code, code, "site") for code in ("neuropathic", "nociceptive", "allodynia")),
        side_effects=tuple(Effect(code, code, "site") for code in ("dissociation", "hallucination", "nausea")),
        medicines=(
            Medicine("gabapentin", "gabapentin", "site", ("Neurontin",), sedating=True),
            Medicine("metoprolol", "metoprolol", "site", blunts_tachycardia=True),
        ),
        severities=("absent", "mild", "moderate", "severe"),
        satisfaction="10 fully satisfied",
    ),
    contraindications=("pregnancy", "active psychosis"),
    adjuncts=("midazolam", "haloperidol"),
    rules=("step_size",),
    benzodiazepines=("midazolam", "lorazepam"),
    opioids={"oxycodone": "oxycodone", "oxycontin": "oxycodone", "fentanyl": "fentanyl"},
    factors=frozenset({("oxycodone", "oral"), ("fentanyl", "transdermal")}),
    names={"dormicum": "midazolam"},
)


class ScaleWard(MemoryWard):
    """Its kernel refuses what the real one would of an assessment, and what it is told to of an entry."""

    def __init__(self) -> None:
        super().__init__()
        self.vocabulary = WORDS
        self.refused: tuple[str, ...] = ()

    async def submit(self, bed_id: str, event: Event) -> tuple[Decision, ...]:
        if isinstance(event, Charted) and self.refused:
            return (Refused("chart", event.id, self.refused, event.by),)
        if isinstance(event, Assessed) and event.poss not in (None, 1, 2, 3, 4):
            return (Refused("assessment", bed_id, ("POSS is S, 1, 2, 3 or 4",), event.by),)
        return await super().submit(bed_id, event)


async def post(ward: MemoryWard, path: str, body: Any) -> tuple[int, Any]:
    async with client(ward) as web:
        answer = await web.post(f"{BED}/{path}", json={"by": "RN-KL", **body})
    return answer.status_code, answer.json()


def charted(ward: MemoryWard) -> Charted:
    (event,) = [event for _, event in ward.events if isinstance(event, Charted)]
    return event


@pytest.mark.parametrize(
    ("path", "body", "entry"),
    [
        ("assessments", {"nrs": "7"}, Assessment(nrs=7)),
        (
            "assessments",
            {"pain": ["Neuropathic"], "satisfaction": 8, "mood": "great spirits", "tolerance": "good"},
            Assessment(pain=("neuropathic",), satisfaction=8, mood="great spirits", tolerance="good"),
        ),
        (
            "assessments",
            {"side_effects": [{"name": "dissociation", "severity": "mild"}, {"name": "Nausea", "severity": 0}]},
            Assessment(side_effects=(SideEffect("dissociation", 1), SideEffect("nausea", 0))),
        ),
        (
            "opioids",
            {"drug": "OxyContin", "route": "po", "amount_mg": "10"},
            OpioidGiven("oxycodone", Route.ORAL, 10_000),
        ),
        (
            "opioids",
            {"drug": "fentanyl", "route": "iv", "amount_mcg": 50},
            OpioidGiven("fentanyl", Route.INTRAVENOUS, 50),
        ),
        ("opioids", {"drug": "fentanyl", "patch_mcg_h": 25}, PatchOn("fentanyl", 25_000)),
        ("opioids", {"patch_off": "e-1"}, PatchOff("e-1")),
        ("doses", {"route": "oral", "amount_mg": 35}, KetamineGiven(Route.ORAL, 35_000)),
        ("doses", {"route": "i.m.", "amount_mg": "12.5"}, KetamineGiven(Route.INTRAMUSCULAR, 12_500)),
        ("adjuncts", {"drug": "Midazolam", "amount_mg": 1}, Adjunct("midazolam", True, 1000)),
        ("adjuncts", {"drug": "haloperidol", "amount_mg": "0.5"}, Adjunct("haloperidol", False, 500)),
        ("adjuncts", {"drug": "none", "note": "declined"}, Adjunct("none", False, None, "declined")),
        ("adjuncts", {"drug": "diazepam", "benzodiazepine": True}, Adjunct("diazepam", True)),
        ("comedications", {"drug": "Neurontin"}, Comedication("gabapentin", True)),
        ("comedications", {"drug": "metoprolol"}, Comedication("metoprolol", False)),
        ("comedications", {"drug": "fentanyl"}, Comedication("fentanyl", True)),
        ("comedications", {"drug": "atorvastatin", "sedating": False}, Comedication("atorvastatin", False)),
        (
            "checklist",
            {"answers": {"pregnancy": False, "Active-Psychosis": True}},
            Checklist((("pregnancy", False), ("active psychosis", True))),
        ),
    ],
)
async def test_what_is_written_becomes_exactly_one_entry_of_a_named_person(path: str, body: Any, entry: Entry) -> None:
    ward = ScaleWard()
    status, answer = await post(ward, path, body)
    assert (status, answer.get("recorded")) == (200, ["chart"]), answer
    event = charted(ward)
    assert (event.entry, event.by, event.at_ms, event.corrects) == (entry, "RN-KL", None, None)
    assert answer["entry"] == event.id
    assert len(ward.events) == 1


@pytest.mark.parametrize(
    ("path", "body", "about"),
    [
        ("assessments", {"nrs": True}, "nrs"),
        ("assessments", {"nrs": 6.5}, "nrs"),
        ("assessments", {"nrs": 5, "at": "2026-01-15T10:00:00"}, "at"),
        ("assessments", {"side_effects": [{"name": "nausea", "severity": 4}]}, "side_effects"),
        ("opioids", {"drug": "fentanyl", "route": "iv"}, "body"),
        ("opioids", {"drug": "fentanyl", "amount_mg": 1}, "body"),
        ("opioids", {"drug": "fentanyl", "route": "iv", "amount_mg": 1, "amount_mcg": 1}, "body"),
        ("opioids", {"drug": "fentanyl", "route": "iv", "amount_mg": 1, "patch_mcg_h": 25}, "body"),
        ("opioids", {"drug": "fentanyl", "route": "oral", "patch_mcg_h": 25}, "body"),
        ("opioids", {"drug": "fentanyl", "patch_mcg_h": 12.5001}, "body"),
        ("opioids", {"route": "iv", "amount_mg": "0.0001", "drug": "x"}, "body"),
        ("doses", {"route": "oral"}, "body"),
        ("doses", {"route": "topical", "amount_mg": 1}, "route"),
        *[("doses", {"route": "oral", "amount_mg": bad}, "amount_mg") for bad in (0, -1, "NaN", "inf", 1e9)],
        ("comedications", {"drug": "mirtazapine"}, "sedating"),
        ("adjuncts", {"drug": "chlorpromazine"}, "drug"),
    ],
)
async def test_what_cannot_be_read_reaches_no_bed_and_is_named(path: str, body: Any, about: str) -> None:
    ward = ScaleWard()
    status, answer = await post(ward, path, body)
    assert status == 422, answer
    assert all(reason.split(":")[0].split(".")[0] == about for reason in answer["error"]["reasons"])
    assert ward.events == []


@pytest.mark.req("CHA-03")
async def test_unknown_words_are_refused_all_of_them_each_with_the_nearest_known_one() -> None:
    ward = ScaleWard()
    body = {"pain": ["neuropatic", "nociceptive"], "side_effects": [{"name": "dissociate"}]}
    status, answer = await post(ward, "assessments", body)
    assert status == 422
    assert [reason.split(";")[1].strip() for reason in answer["error"]["reasons"]] == [
        'did you mean "neuropathic"?',
        'did you mean "dissociation"?',
    ]
    assert ward.events == []


@pytest.mark.req("MME-04")
async def test_an_opioid_without_a_factor_is_kept_and_the_answer_says_that_the_total_is_incomplete() -> None:
    ward = ScaleWard()
    status, answer = await post(ward, "opioids", {"drug": "oxycodon", "route": "oral", "amount_mg": 10})
    assert status == 200
    (note,) = answer["notes"]
    assert "incomplete" in note
    assert "oxycodone" in note
    assert charted(ward).entry == OpioidGiven("oxycodon", Route.ORAL, 10_000)


@pytest.mark.req("MME-04")
async def test_an_opioid_by_a_route_without_a_factor_is_kept_and_the_answer_says_that_the_total_is_incomplete() -> None:
    ward = ScaleWard()
    status, answer = await post(ward, "opioids", {"drug": "oxycodone", "route": "sc", "amount_mg": 10})
    assert (status, answer["notes"]) == (200, ["oxycodone sc has no factor: the MME total is incomplete"])
    by_mouth = {"drug": "oxycodone", "route": "oral", "amount_mg": 10}
    patch = {"drug": "fentanyl", "patch_mcg_h": 25}
    assert [(await post(ward, "opioids", known))[1]["notes"] for known in (by_mouth, patch)] == [[], []]


@pytest.mark.req("CHA-05")
async def test_an_adjunct_is_understood_by_its_other_names() -> None:
    ward = ScaleWard()
    status, _ = await post(ward, "adjuncts", {"drug": "dormicum", "amount_mg": 1})
    assert (status, charted(ward).entry) == (200, Adjunct("midazolam", True, 1000))


async def test_when_it_happened_and_what_it_corrects_go_with_the_entry() -> None:
    ward = ScaleWard()
    at = datetime.now(UTC) - timedelta(minutes=20)
    body = {"nrs": 4, "at": at.isoformat(), "corrects": "e-1", "reason": "typed 40"}
    assert (await post(ward, "assessments", body))[0] == 200
    event = charted(ward)
    assert (event.corrects, event.reason) == ("e-1", "typed 40")
    assert event.at_ms is not None
    assert abs(ward.wall_of(event.at_ms) - at) < timedelta(milliseconds=50)


async def test_a_clock_that_is_a_little_ahead_means_now_and_the_kernel_judges_what_lies_in_the_future() -> None:
    ward = ScaleWard()
    for minutes, is_now in ((0.5, True), (10, False)):
        ward.events.clear()
        at = datetime.now(UTC) + timedelta(minutes=minutes)
        assert (await post(ward, "assessments", {"nrs": 4, "at": at.isoformat()}))[0] == 200
        assert (charted(ward).at_ms is None) is is_now


async def test_ids_of_entries_are_never_the_same() -> None:
    ward = ScaleWard()
    ids = {(await post(ward, "assessments", {"nrs": 4}))[1]["entry"] for _ in range(20)}
    assert len(ids) == 20


async def test_sedation_and_pain_together_are_two_records_and_both_are_told() -> None:
    ward = ScaleWard()
    status, answer = await post(ward, "assessments", {"nrs": 4, "poss": 2, "oxygen": "on"})
    assert (status, answer["recorded"]) == (200, ["chart", "sedation"])
    assert [type(event) for _, event in ward.events] == [Charted, Assessed]


@pytest.mark.req("CRS-07")
async def test_where_one_half_of_an_assessment_is_refused_neither_is_recorded() -> None:
    ward = ScaleWard()
    status, answer = await post(ward, "assessments", {"nrs": 4, "poss": 7})
    assert (status, ward.events) == (409, [])
    assert answer["error"]["reasons"] == ["POSS is S, 1, 2, 3 or 4", "nothing of the assessment was recorded"]
    ward.refused = ("NRS is a whole number from 0 to 10",)
    status, answer = await post(ward, "assessments", {"nrs": 11, "poss": 2})
    assert (status, ward.events, answer["error"]["reasons"]) == (409, [], list(ward.refused))


async def test_sedation_is_of_now_and_is_not_charted_for_an_earlier_time() -> None:
    ward = ScaleWard()
    early = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    for body in ({"poss": 3, "at": early}, {"poss": 3, "nrs": 4, "at": early}):
        status, answer = await post(ward, "assessments", body)
        assert (status, "of now" in answer["error"]["reasons"][0]) == (422, True)
    assert ward.events == []
    assert (await post(ward, "assessments", {"poss": 3, "at": datetime.now(UTC).isoformat()}))[0] == 200


async def test_a_refusal_of_the_kernel_lists_all_its_reasons() -> None:
    ward = ScaleWard()
    ward.refused = ("no course is open", "35 mg is 0.49 mg/kg > 0.4 mg/kg (protocol ldk 1)")
    status, answer = await post(ward, "doses", {"route": "oral", "amount_mg": 35})
    assert (status, answer["error"]) == (409, {"code": "refused", "reasons": list(ward.refused)})


async def test_an_unknown_bed_is_404_for_every_route() -> None:
    async with client(ScaleWard()) as web:
        bodies = {"assessments": {"nrs": 1}, "opioids": {"patch_off": "e"}, "adjuncts": {"drug": "none"}}
        written = [(await web.post(f"/api/v1/beds/b9/{path}", json=body)).status_code for path, body in bodies.items()]
        read = [
            (await web.get(f"/api/v1/beds/b9/{what}")).status_code for what in ("chart", "vocabulary", "concentration")
        ]
    assert {*written, *read} == {404}


async def test_the_live_connection_takes_the_same_acts() -> None:
    ward = ScaleWard()
    acts = [
        ("assess", {"nrs": 3, "poss": "S"}),
        ("chart_opioid", {"drug": "fentanyl", "patch_mcg_h": 25}),
        ("chart_dose", {"route": "oral", "amount_mg": 20}),
        ("chart_adjunct", {"drug": "none", "note": "declined"}),
        ("chart_comedication", {"drug": "gabapentin"}),
        ("chart_checklist", {"answers": {"pregnancy": False}}),
    ]
    async with served(ward) as port, screen(port) as socket:
        for number, (op, args) in enumerate(acts):
            command = {"type": "cmd", "id": str(number), "op": op, "args": {"bed": "b1", "by": "RN-KL", **args}}
            await say(socket, command)
            result = await hear(socket, "result")
            assert result["ok"], result
            assert result["data"]["entry"]
    assert len(ward.events) == len(acts) + 1
