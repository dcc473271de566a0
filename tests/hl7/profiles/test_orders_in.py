"""RAS and orders in: what somebody gave, to the microgram or not at all; what somebody ordered, for comparing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pumpd_hl7.message import Message
from pumpd_hl7.profiles.orders import Order, read_orders
from pumpd_hl7.profiles.people import Refused
from pumpd_hl7.profiles.ras import Action, Administration, read_ras

from pumpd.clinical.entries import AnyEntry, KetamineGiven, OpioidGiven, PatchOn, Route
from pumpd.config.opioids import default_opioids
from tests.hl7.mutated import fixture, mutations, put, read

SENT_US = 1_768_472_130_000_000  # 2026-01-15 10:15:30 UTC
OPIOIDS = default_opioids()
PID = "PID|||100042^^^HOSP^MR||Test^Ada^^^^^L||19700101|F"


def _ras(drug: str, amount: str, unit: str, route: str = "PO", **more: str) -> Message:
    fields = {1: "0", 2: "1", 3: "20260115101530+0000", 5: drug, 6: amount, 7: unit, 10: "42^Nurse^Grace", 20: "CP"}
    fields |= {21: "A"} | {int(name[1:]): text for name, text in more.items()}
    rxa = "|".join(["RXA", *(fields.get(number, "") for number in range(1, 25))])
    head = "MSH|^~\\&|EHR|H|PUMPD|H|20260115101530+0000||RAS^O17|7|P|2.6"
    return read("\r".join((head, PID, "ORC|RE|ORD1^EHR|RX1^PHARM", rxa, f"RXR|{route}")) + "\r")


def _one(message: Message) -> Administration:
    found = read_ras(message, OPIOIDS)
    assert not isinstance(found, Refused), found
    (one,) = found
    return one


def _refused(message: Message) -> tuple[str, int]:
    found = read_ras(message, OPIOIDS)
    assert isinstance(found, Refused), found
    return found.problems[0].segment, found.problems[0].field


@pytest.mark.parametrize(
    ("message", "entry"),
    [
        (_ras("1^Morphine^L", "10", "mg"), OpioidGiven("morphine", Route.ORAL, 10_000)),
        (_ras("1^MS Contin 30 mg tablet^L", "30", "mg"), OpioidGiven("morphine", Route.ORAL, 30_000)),
        (_ras("1^fentaNYL", "25", "ug", "IV^Intravenous^HL70162"), OpioidGiven("fentanyl", Route.INTRAVENOUS, 25)),
        (_ras("1^oxycodone", "0.01", "g"), OpioidGiven("oxycodone", Route.ORAL, 10_000)),
        (_ras("1^fentanyl", "37.5", "ug/h", "TD"), PatchOn("fentanyl", 37_500)),
        (_ras("1^fentanyl", "25", "ug", "TD", f12="H1"), PatchOn("fentanyl", 25_000)),
        (_ras("1^Ketamine", "25", "mg", "IM"), KetamineGiven(Route.INTRAMUSCULAR, 25_000)),
        (
            _ras("1^morphine", "0.5", "mL", "SC", f13="10", f14="mg", f23="1", f24="mL"),
            OpioidGiven("morphine", Route.SUBCUTANEOUS, 5_000),
        ),
        (
            _ras("1^naloxone / oxycodone", "10", "mg"),
            OpioidGiven("naloxone / oxycodone", Route.ORAL, 10_000),
        ),
        (_ras("1^Paracetamol", "1", "g"), None),
        (_ras("1^Paracetamol", "1", "drops", "EP"), None),
        (_ras("1^Ketamine", "3.5", "mL", "IV", f12="H1"), None),
        (_ras("1^morphine", "10", "mg", f20="RE"), None),
        (_ras("1^morphine", "10", "mg", f20="NA"), None),
        (_ras("1^morphine", "10", "mg", f21="D"), None),
    ],
)
def test_what_was_given_is_charted_to_the_microgram(message: Message, entry: AnyEntry | None) -> None:
    given = _one(message)
    assert (given.entry, bool(given.why)) == (entry, entry is None)
    assert (given.person.mrn, given.at_us, given.by) == ("100042", SENT_US, "Grace Nurse 42")


@pytest.mark.parametrize(
    ("message", "where"),
    [
        (_ras("1^morphine", "10", ""), ("RXA", 7)),
        (_ras("1^fentanyl", "12.5", "ug", "IV"), ("RXA", 7)),  # an entry holds whole micrograms
        (_ras("1^morphine", "10", "[drp]"), ("RXA", 7)),
        (_ras("1^morphine", "1", "mL", "SC"), ("RXA", 13)),
        (_ras("1^morphine", "", "mg"), ("RXA", 6)),
        (_ras("1^morphine", "999", ""), ("RXA", 6)),
        (_ras("1^morphine", "0", "mg"), ("RXA", 6)),
        (_ras("1^morphine", "-1", "mg"), ("RXA", 6)),
        (_ras("1^morphine", "ten", "mg"), ("RXA", 6)),
        (_ras("1^morphine", "2", "mg", "EP^Epidural"), ("RXR", 1)),
        (_ras("1^fentanyl", "25", "mg/h", "TD"), ("RXA", 7)),
        (_ras("", "10", "mg"), ("RXA", 5)),
        (_ras("1^morphine", "10", "mg", f3="yesterday"), ("RXA", 3)),
        (_ras("1^morphine", "10", "mg", f20="??"), ("RXA", 20)),
        (_ras("1^morphine", "10", "mg", f21="X"), ("RXA", 21)),
        (put(put(_ras("1^morphine", "10", "mg", f21="D"), "ORC", 2, ""), "ORC", 3, ""), ("ORC", 3)),
    ],
)
def test_what_is_not_understood_is_refused_with_its_field(message: Message, where: tuple[str, int]) -> None:
    assert _refused(message) == where


def test_a_correction_names_the_same_administration() -> None:
    first, corrected = _one(_ras("1^morphine", "10", "mg")), _one(_ras("1^morphine", "5", "mg", f21="U"))
    assert (first.key, corrected.action) == (corrected.key, Action.UPDATE)
    assert first.key
    assert _one(put(_ras("1^morphine", "10", "mg"), "RXA", 2, "2")).key != first.key


def test_our_own_message_of_an_infusion_charts_nothing() -> None:
    assert _one(fixture("ras_o17_rate_change")).entry is None


def test_no_broken_field_charts_another_dose() -> None:
    whole = _ras("1^Morphine^L", "10", "mg", f13="10", f14="mg", f23="1", f24="mL")
    for what, message in mutations(whole):
        found = read_ras(message, OPIOIDS)
        for one in () if isinstance(found, Refused) else found:
            allowed = {10_000} | ({20_261_399_000} if what.startswith("RXA-6") else set())
            if isinstance(one.entry, OpioidGiven):
                assert one.entry.amount_ug in allowed, what
                assert one.entry.drug == "morphine", what
            else:
                assert one.entry is None, what


def _orders(kind: str, *rows: str) -> tuple[Order, ...] | Refused:
    head = f"MSH|^~\\&|EHR|H|PUMPD|H|20260115101530+0000||{kind}|7|P|2.6"
    return read_orders(read("\r".join((head, PID, *rows)) + "\r"))


def test_an_order_tells_drug_dose_and_rate() -> None:
    rate = "|" * 18 + "3.5|mL/h"
    for kind, row in (
        ("RDE^O11", f"RXE||1^Ketamine|10||mg{rate}"),
        ("OMP^O09", "RXO|1^Ketamine|10||mg" + "|" * 17 + "3.5|mL/h"),
    ):
        found = _orders(kind, "ORC|NW|ORD1^EHR|RX1^PHARM", row)
        assert not isinstance(found, Refused)
        (order,) = found
        assert (order.placer, order.filler, order.control) == ("ORD1^EHR", "RX1^PHARM", "NW")
        assert order.drug[0] == "Ketamine"
        assert order.dose is not None
        assert (order.dose.number, order.dose.unit and order.dose.unit.ucum) == (Decimal(10), "mg")
        assert order.rate is not None
        assert order.rate.rate_ul_h == 3_500


def test_an_order_without_identifier_drug_or_number_is_refused_with_its_field() -> None:
    for orc, row, where in (
        ("ORC|NW", "RXE||1^Ketamine|10||mg", ("ORC", 2)),
        ("ORC|NW|O1", "RXE|||10||mg", ("RXE", 2)),
        ("ORC|NW|O1", "RXE||1^Ketamine|lots||mg", ("RXE", 3)),
    ):
        found = _orders("RDE^O11", orc, row)
        assert isinstance(found, Refused)
        assert (found.problems[0].segment, found.problems[0].field) == where
