"""Who the patients are stays in the ward: not one byte of it is in any topic or payload, present or historical."""

from __future__ import annotations

import secrets

from pumpd.bus.hush import hush_of
from pumpd.safety.alarms import AckReason
from pumpd.safety.decisions import InterlockState
from pumpd.safety.events import Acknowledged, Patient, PatientBound, SelfFault, Sex, StopRequested
from tests.bus.brokers import Ear, Mosquitto, listening
from tests.daemon.house import House


def somebody() -> Patient:
    given, family = (secrets.token_hex(5).translate(LETTERS).capitalize() for _ in range(2))
    return Patient(f"MRN{secrets.token_hex(4)}", f"{family} van {given}", given, "1949-07-23", Sex.FEMALE, 61_000)


LETTERS = str.maketrans("0123456789", "ghijklmnop")


def words_of(patient: Patient) -> list[bytes]:
    whole = (patient.mrn, patient.given_name, *patient.family_name.split(" van "), patient.birth_date, "19490723")
    return [word.lower().encode() for word in whole]


def told(ear: Ear, patient: Patient) -> list[bytes]:
    said = b"\n".join(one.topic.encode() + b" " + one.payload for one in ear.heard).lower()
    return [word for word in words_of(patient) if word in said]


async def live_with(house: House, patient: Patient) -> None:
    """The patient comes, and whatever can be written down names them."""
    bed, tell = house.bed.id, house.daemon.ward.submit
    await tell(bed, PatientBound(patient, "R. Keller"))
    await tell(bed, SelfFault("hl7_owed", f"ADT of {patient.family_name}, {patient.given_name}", active=True))
    await tell(bed, SelfFault("strange", f"{patient.mrn} {patient.birth_date}", active=True))
    await tell(bed, StopRequested(f"{bed}-p1", "R. Keller", f"{patient.given_name} asked for it"))
    await house.until(lambda: house.pump.interlock is InterlockState.STOP_VERIFIED)
    for alarm in house.view.alarms:
        why = f"{patient.family_name} is in theatre"
        await tell(bed, Acknowledged(alarm.id, patient.family_name, AckReason.OTHER, why))


async def test_nothing_that_names_a_patient_leaves_the_ward(mosquitto: Mosquitto, ward: House) -> None:
    here, before = somebody(), somebody()
    async with listening(mosquitto.broker) as ear:
        await ear.until(lambda: ear.last("/frame"))
        mosquitto.kill()
    await live_with(ward, before)
    await mosquitto.start()
    async with listening(mosquitto.broker, name="second") as ear:
        await ear.until(lambda: [event for event in ear.all("/event") if event["historical"]])
        await ward.daemon.ward.submit(ward.bed.id, PatientBound(here, "R. Keller"))
        stays = {frame["stay"] for frame in ear.all("/frame")}
        await live_with(ward, here)
        await ear.until(lambda: {frame["stay"] for frame in ear.all("/frame")} - stays)
        await ear.until(lambda: any(e["kind"] == "alarm" and not e["historical"] for e in ear.all("/event")))
        assert told(ear, here) == []
        assert told(ear, before) == []
        assert None not in {frame["stay"] for frame in ear.all("/frame")}


def test_a_sentence_loses_the_words_by_which_the_patient_is_known() -> None:
    hush = hush_of([Patient("M-1007", "de la Cruz", "Ana María", "1949-07-23", Sex.FEMALE, None)])
    said = hush("m-1007: CRUZ, María, born 19490723, SpO2 86 %")
    assert said == "(withheld): (withheld), (withheld), born (withheld), SpO2 86 %"
