"""ADT: who is at which bed, what an event changes there, and that no field of a message can bind the wrong patient."""

from __future__ import annotations

import pytest
from pumpd_hl7.message import Message
from pumpd_hl7.profiles.adt import Admission, Adt, Departure, Ignored, Merge, Transfer, Update, read_adt
from pumpd_hl7.profiles.binding import BedEvent, Changes, Places, events_of
from pumpd_hl7.profiles.people import Location, Person, Refused

from pumpd.safety.events import Patient, PatientBound, PatientReleased, Sex
from tests.hl7.mutated import fixture, mutations, put, read, without

ADA = Patient("100042", "Test", "Ada", "1970-01-01", Sex.FEMALE, 70_000)
BEN = Patient("200001", "Other", "Ben", "1950-02-03", Sex.MALE, 80_000)
LOCATIONS = {"PACU^Bay 3^1": "bed-1", "OR^4^1": "bed-2"}
BY = "ADT of HIS"


def _adt(trigger: str, pv1: str = "PV1||I|PACU^Bay 3^1^HOSP", *more: str) -> Message:
    pid = "PID|||100042^^^HOSP^MR||Test^Ada^^^^^L||19700101|F"
    head = f"MSH|^~\\&|HIS|H|PUMPD|H|20260115100000+0000||ADT^{trigger}|7|P|2.6"
    return read("\r".join((head, f"EVN|{trigger}", pid, pv1, *more)) + "\r")


def _said(message: Message) -> Adt:
    found = read_adt(message)
    assert not isinstance(found, Refused), found
    return found


def _changes(message: Message, one: Patient | None = None, two: Patient | None = None) -> Changes:
    return events_of(_said(message), Places({"bed-1": one, "bed-2": two}, LOCATIONS), BY)


def _events(message: Message, one: Patient | None = None, two: Patient | None = None) -> tuple[BedEvent, ...]:
    return _changes(message, one, two).events


def _kinds(events: tuple[BedEvent, ...]) -> list[tuple[str, type]]:
    return [(bed, type(event)) for bed, event in events]


def test_a_transfer_says_who_where_to_and_where_from() -> None:
    person = Person("100042", "Test", "Ada", "1970-01-01", Sex.FEMALE)
    here, prior = Location("PACU", "Bay 3", "1", "HOSP"), Location("OR", "4", "1", "HOSP")
    assert read_adt(fixture("adt_a02")) == Transfer("A02", person, here, prior)
    assert read_adt(fixture("adt_a03")) == Departure("A03", person, here)


@pytest.mark.req("QUA-06")
def test_a_transfer_releases_the_old_bed_and_the_old_patient_before_it_binds() -> None:
    events = _events(fixture("adt_a02"), BEN, ADA)
    assert _kinds(events) == [("bed-2", PatientReleased), ("bed-1", PatientReleased), ("bed-1", PatientBound)]
    bound = events[-1][1]
    assert isinstance(bound, PatientBound)
    assert bound.patient == ADA, "names as told, the weight as it was known at the old bed"


@pytest.mark.parametrize("trigger", ["A01", "A04", "A13", "A02"])
@pytest.mark.req("QUA-06")
def test_who_arrives_is_bound_to_the_bed_of_pv1_3(trigger: str) -> None:
    ((bed, event),) = _events(_adt(trigger))
    assert (bed, event) == ("bed-1", PatientBound(Patient("100042", "Test", "Ada", "1970-01-01", Sex.FEMALE, None), BY))


def test_a_message_that_comes_again_changes_nothing() -> None:
    assert _changes(_adt("A01"), ADA) == Changes(why="known already")
    assert _events(_adt("A03"), None, BEN) == ()


def test_a_place_that_is_no_bed_of_ours_binds_nobody() -> None:
    assert _changes(_adt("A01", "PV1||I|ICU^1^1"), BEN) == Changes(why="ICU^1^1 is no bed of ours")
    assert _events(_adt("A01", "PV1||I|PACU^Bay 3"), BEN) == ()
    assert _events(_adt("A01", "PV1||I|")) == ()


@pytest.mark.req("QUA-06")
def test_who_moves_to_a_place_that_is_not_ours_is_released() -> None:
    for trigger in ("A01", "A02", "A13"):
        assert _kinds(_events(_adt(trigger, "PV1||I|ICU^1^1"), ADA)) == [("bed-1", PatientReleased)]
    assert _events(_adt("A04", "PV1||O|CLINIC^1"), ADA) == (), "to be registered elsewhere is not to have left"


@pytest.mark.parametrize("trigger", ["A03", "A11"])
@pytest.mark.req("QUA-06")
def test_who_leaves_is_released_and_nobody_else(trigger: str) -> None:
    assert _events(_adt(trigger), ADA, BEN) == (("bed-1", PatientReleased(BY, f"ADT {trigger}")),)
    assert _events(_adt(trigger), BEN) == ()
    assert _kinds(_events(_adt(trigger, "PV1||I|"), None, ADA)) == [("bed-2", PatientReleased)]


def test_an_outpatients_visit_elsewhere_that_ends_releases_nobody() -> None:
    assert _events(_adt("A03", "PV1||O|CLINIC^1"), ADA) == ()
    assert _kinds(_events(_adt("A03", "PV1||O|PACU^Bay 3^1"), ADA)) == [("bed-1", PatientReleased)]


@pytest.mark.parametrize(
    ("pv1", "where"),
    [
        ("PV1||I|PACU^Bay 3^1|||OR^4^1", "bed-2"),  # PV1-3 left as it was
        ("PV1||I|OR^4^1|||PACU^Bay 3^1", "bed-2"),  # as the standard has it
        ("PV1||I|OR^4^1", "bed-2"),
        ("PV1||I||||OR^4^1", "bed-2"),
    ],
)
@pytest.mark.req("QUA-06")
def test_a_transfer_that_is_taken_back_returns_the_patient(pv1: str, where: str) -> None:
    assert _kinds(_events(_adt("A12", pv1), ADA)) == [("bed-1", PatientReleased), (where, PatientBound)]


def test_a_transfer_taken_back_of_a_patient_who_is_nowhere_goes_by_pv1_6() -> None:
    assert _kinds(_events(_adt("A12", "PV1||I|PACU^Bay 3^1|||OR^4^1"))) == [("bed-2", PatientBound)]


def test_an_update_counts_only_with_a_place_and_moves_nobody() -> None:
    assert isinstance(_said(_adt("A08", "PV1||I|")), Ignored)
    renamed = put(_adt("A08"), "PID", 5, "Married^Ada")
    assert _events(renamed, None, ADA) == (
        ("bed-2", PatientBound(Patient("100042", "Married", "Ada", "1970-01-01", Sex.FEMALE, 70_000), BY)),
    )
    assert _events(_adt("A08"), BEN) == ()
    assert _kinds(_events(_adt("A08"))) == [("bed-1", PatientBound)]
    assert isinstance(_said(_adt("A08")), Update)


def test_what_an_update_leaves_empty_stays_known() -> None:
    blank = put(put(put(_adt("A08"), "PID", 5, ""), "PID", 7, ""), "PID", 8, "")
    assert _changes(blank, ADA).why == "known already"


def test_a_merge_renames_the_patient_who_was_known_by_the_old_identifier() -> None:
    merged = _adt("A40", "MRG|99^^^HOSP^MR")
    assert isinstance(_said(merged), Merge)
    old = Patient("99", "Test", "Ada", "1970-01-01", Sex.FEMALE, 70_000)
    assert _events(merged, old, BEN) == (("bed-1", PatientBound(ADA, BY, "99")),)
    assert _events(merged, BEN) == ()
    assert isinstance(_said(_adt("A40", "MRG|100042^^^HOSP^MR")), Ignored)
    assert isinstance(_said(_adt("A40", "MRG|")), Ignored)


@pytest.mark.parametrize(
    ("row", "weight_g"),
    [
        ("OBX|1|NM|68063^MDC_ATTR_PT_WEIGHT^MDC||71.5|kg|||||F", 71_500),
        ("OBX|1|NM|29463-7^Body weight^LN||71.5|kg^kg^UCUM|||||F", 71_500),
        ("OBX|1|NM|29463-7^Body weight^LN||71500|g|||||F", 71_500),
        ("OBX|1|NM|29463-7^Body weight^LN||158|[lb_av]|||||F", 70_000),
        ("OBX|1|NM|29463-7^Body weight^LN||71.5||||||F", 70_000),
        ("OBX|1|NM|29463-7^Body weight^LN||-71.5|kg|||||F", 70_000),
        ("OBX|1|NM|29463-7^Body weight^LN||NaN|kg|||||F", 70_000),
        ("OBX|1|NM|29463-7^Body weight^LN||71.5|kg|||||W", 70_000),
        ("OBX|1|NM|8302-2^Body height^LN||171|cm|||||F", 70_000),
    ],
)
def test_the_weight_stays_unless_a_known_observation_tells_it(row: str, weight_g: int) -> None:
    changes = _changes(_adt("A08", "PV1||I|PACU^Bay 3^1", row), ADA)
    weights = [event.patient.weight_g for _, event in changes.events if isinstance(event, PatientBound)]
    assert weights == ([] if weight_g == 70_000 else [weight_g])


def test_other_events_are_nothing_to_a_bed() -> None:
    assert isinstance(_said(_adt("A31")), Ignored)


def test_the_medical_record_number_is_the_patient() -> None:
    chosen = put(_adt("A01"), "PID", 3, "V1^^^H^VN~SSN1^^^US^SS~77^^^H^PI~100042^^^H^MR")
    said = _said(chosen)
    assert isinstance(said, Admission)
    assert said.person.mrn == "100042"


@pytest.mark.parametrize("text", ["", '""', "Unknown Patient", "V1^^^H^VN", "1^^^US^SS~2^^^H^AN", "^^^H^MR", "X" * 81])
@pytest.mark.parametrize("trigger", ["A01", "A03", "A08", "A31", "A40"])
def test_without_an_identifier_the_message_is_refused_and_pid_3_named(text: str, trigger: str) -> None:
    refused = read_adt(put(_adt(trigger), "PID", 3, text))
    assert isinstance(refused, Refused)
    assert [(problem.segment, problem.field) for problem in refused.problems] == [("PID", 3)]
    assert isinstance(read_adt(without(_adt(trigger), "PID")), Refused)


@pytest.mark.parametrize("name", ["adt_a02", "adt_a03"])
@pytest.mark.req("QUA-06")
def test_no_broken_field_binds_another_patient_or_another_bed(name: str) -> None:
    for what, message in mutations(fixture(name)):
        said = read_adt(message)
        if isinstance(said, Refused):
            assert all(problem.segment == "PID" for problem in said.problems), what
            continue
        for bed, event in events_of(said, Places({"bed-1": BEN, "bed-2": ADA}, LOCATIONS), BY).events:
            if isinstance(event, PatientBound):
                assert bed == "bed-1", what
                assert event.patient.mrn == "100042" or what.startswith("PID-3"), what
            else:
                assert event.by == BY
