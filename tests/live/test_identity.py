"""How much of who a patient is leaves the server for each screen; the cost is one encoding per bed and variant."""

from __future__ import annotations

import json

import pytest

from pumpd.access.roles import Identity
from pumpd.safety.events import Patient, Sex
from tests.live.fakes import PATIENT, Picture, Ward

SECRETS = ("4711", "Baker", "Ann", "1950", "AB")
OTHER = Patient("0815", "Okoye", "Ngozi", "1961-05-06", Sex.FEMALE, 60_000)


def shown(ward: Ward, identity: Identity) -> dict[str, object]:
    bed: dict[str, object] = json.loads(ward.hub.snapshot(identity))["beds"][0]["patient"]
    return bed


def test_names_are_told_as_far_as_the_identity_of_the_screen_goes() -> None:
    ward = Ward()
    assert shown(ward, Identity.FULL) == {"mrn": "4711", "name": "Baker, Ann", "initials": "AB", "weight_kg": 72}
    assert shown(ward, Identity.INITIALS) == {"mrn": None, "name": None, "initials": "AB", "weight_kg": 72}
    assert shown(ward, Identity.NONE) == {"mrn": None, "name": None, "initials": None, "weight_kg": 72}


def test_without_an_identity_no_byte_of_a_patient_is_in_any_frame() -> None:
    ward = Ward()
    client = ward.hub.join(2)
    said = [client.next_frame(ward.hub, 0), ward.hub.ward_json().decode(), (ward.hub.bed_json("b1") or b"").decode()]
    ward.change("b1", patient=OTHER)
    ward.hub.tick()
    said.append(client.next_frame(ward.hub, 0))
    for secret in (*SECRETS, "0815", "Okoye", "Ngozi", "1961"):
        assert all(secret not in (frame or "") for frame in said), secret


@pytest.mark.parametrize("identity", Identity)
def test_a_change_of_the_patient_reaches_each_screen_in_its_own_words(identity: Identity) -> None:
    ward, picture = Ward(), Picture()
    client = ward.hub.join(2, "none", identity)
    picture.take(client.next_frame(ward.hub, 0) or "")
    ward.change("b1", patient=OTHER)
    ward.hub.tick()
    picture.take(client.next_frame(ward.hub, 0) or "")
    assert picture.beds == {bed["id"]: bed for bed in json.loads(ward.hub.ward_json(identity))["beds"]}
    assert ("Okoye" in str(picture.beds["b1"])) == (identity is Identity.FULL)


def test_a_variant_is_made_when_somebody_wants_it_and_once_for_all_of_its_kind() -> None:
    ward = Ward()
    before = ward.hub.encodes
    clients = [ward.hub.join(2, "none", identity) for identity in Identity for _ in range(10)]
    for client in clients:
        client.next_frame(ward.hub, 0)
    assert ward.hub.encodes - before == len(Identity) * len(ward.views)
    ward.change("b1", patient=PATIENT)
    ward.breathe("b1", 9)
    ward.hub.tick()
    frames = {id(client.next_frame(ward.hub, 0)) for client in clients}
    assert len(frames) == len(Identity), "one frame object for each variant, not for each screen"
