"""RAS and orders in: what somebody gave, to the microgram or not at all; what somebody ordered, for comparing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pumpd_hl7.message import Message
from pumpd_hl7.profiles.orders import Order, read_orders
from pumpd_hl7.profiles.people import Refused
from pumpd_hl7.profiles.ras import Action, Administration, read_ras
from pumpd_hl7.profiles.standing import order_ids, standing

from pumpd.clinical.entries import AnyEntry, KetamineGiven, OpioidGiven, PatchOn, Route
from pumpd.config.opioids import default_opioids
from pumpd.safety.told_events import StandingOrder
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
        (_ras("1^fentanyl", "12.5", "ug", "IV"), OpioidGiven("fentanyl", Route.INTRAVENOUS, 12, 500)),
        (_ras("1^sufentanil", "0.5", "ug", "IT"), OpioidGiven("sufentanil", Route.INTRATHECAL, 0, 500)),
        (_ras("1^morphine", "2", "mg", "EP^Epidural"), OpioidGiven("morphine", Route.EPIDURAL, 2_000)),
        (_ras("1^morphine", "10", "mg", "PR^Rectal"), OpioidGiven("morphine", Route.RECTAL, 10_000)),
        (_ras("1^morphine", "10", "mg", "NG^Nasogastric"), OpioidGiven("morphine", Route.ENTERAL, 10_000)),
        (_ras("1^fentanyl", "200", "ug", "BU^Buccal"), OpioidGiven("fentanyl", Route.BUCCAL, 200)),
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
        (_ras("1^fentanyl", "12.5001", "ug", "IV"), ("RXA", 7)),  # an entry holds whole nanograms
        (_ras("1^ketamine", "12.5", "ug", "IV"), ("RXA", 7)),
        (_ras("1^morphine", "10", "[drp]"), ("RXA", 7)),
        (_ras("1^morphine", "1", "mL", "SC"), ("RXA", 13)),
        (_ras("1^morphine", "", "mg"), ("RXA", 6)),
        (_ras("1^morphine", "999", ""), ("RXA", 6)),
        (_ras("1^morphine", "0", "mg"), ("RXA", 6)),
        (_ras("1^morphine", "-1", "mg"), ("RXA", 6)),
        (_ras("1^morphine", "ten", "mg"), ("RXA", 6)),
        (_ras("1^morphine", "2", "mg", "AP^Apply Externally"), ("RXR", 1)),
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


def _standing(control: str, *rows: str, orc: str = "") -> StandingOrder | None:
    found = _orders("RDE^O11", f"ORC|{control}|ORD1|RX1{orc}", *rows)
    assert not isinstance(found, Refused), found
    return standing(found[-1], "ehr", OPIOIDS, lambda us: (us - SENT_US) // 1000, 2)


def _rxe(drug: str = "1^Ketamine", least: str = "", units: str = "", **more: str) -> str:
    fields = {2: drug, 3: least, 5: units} | {int(name[1:]): text for name, text in more.items()}
    return "|".join(["RXE", *(fields.get(number, "") for number in range(1, 35))])


@pytest.mark.parametrize(
    ("row", "rate", "text"),
    [
        (_rxe(f23="7", f24="mL/h"), (7_000, None, None), "7 mL/h"),
        (_rxe(f23="0.1", f24="mg/kg/h"), (None, None, 100_000), "0.1 mg/kg/h"),
        (_rxe(f23="2", f24="mg/h"), (None, 2_000_000, None), "2 mg/h"),
        (_rxe(f23="1.5", f24="ug/kg/min"), (None, None, 90_000), "1.5 mcg/kg/min"),
        (_rxe(least="0.1", units="mg/kg/h"), (None, None, 100_000), "0.1 mg/kg/h"),
        (_rxe(least="7", units="mg", f22="H1"), (None, 7_000_000, None), "7 mg/h"),
        (_rxe(least="7", units="mL", f22="H1"), (7_000, None, None), "7 mL/h"),
        (_rxe(f23="20", f24="drops/min"), (None, None, None), "20 drops/min"),
    ],
)
def test_an_infusion_that_is_ordered_stands_with_its_rate(
    row: str, rate: tuple[int | None, int | None, int | None], text: str
) -> None:
    order = _standing("NW", row, "RXR|IV^Intravenous")
    assert order is not None
    assert ((order.rate_ul_h, order.ng_h, order.ng_kg_h), order.text, order.route) == (rate, text, "Intravenous")
    assert (order.id, order.also, order.percent, order.names[0]) == ("ehr:ORD1", "ehr:RX1", 2, "ketamine")


@pytest.mark.parametrize(
    ("strength", "conc"),
    [
        ({"f25": "50", "f26": "mg", "f33": "50", "f34": "mL"}, 1_000),
        ({"f25": "4", "f26": "mg/mL"}, 4_000),
        ({"f25": "50", "f26": "mg"}, None),
        ({"f25": "50", "f26": "mmol", "f33": "50", "f34": "mL"}, None),
    ],
)
def test_its_concentration_is_the_strength_in_its_volume(strength: dict[str, str], conc: int | None) -> None:
    order = _standing("NW", _rxe(f23="7", f24="mL/h", **strength))
    assert order is not None
    assert order.conc_ug_ml == conc


def test_it_stands_from_its_start_to_its_end_and_may_be_on_hold() -> None:
    row = _rxe(f23="7", f24="mL/h")
    order = _standing("HD", "TQ1|||||||20260115111530+0000|202601151215+0000", row)
    assert order is not None
    assert (order.from_ms, order.until_ms, order.held) == (3_600_000, 7_170_000, True)
    order = _standing("NW", row, orc="||||^^^20260115111530+0000^20260115")
    assert order is not None
    assert (order.from_ms, order.until_ms, order.held) == (3_600_000, None, False)


@pytest.mark.parametrize(
    ("control", "row"),
    [
        ("NW", _rxe("1^Paracetamol", f23="100", f24="mL/h")),
        ("NW", _rxe("1^Morphine", "10", "mg")),
        ("DC", _rxe(f23="7", f24="mL/h")),
        ("UA", _rxe(f23="7", f24="mL/h")),
    ],
)
def test_another_drug_a_single_dose_and_an_order_that_ends_do_not_stand(control: str, row: str) -> None:
    assert _standing(control, row) is None


def test_an_order_that_ends_need_not_name_its_drug() -> None:
    found = _orders("ORM^O01", "ORC|DC|ORD1|RX1")
    assert not isinstance(found, Refused)
    assert [(one.control, order_ids(one, "ehr")) for one in found] == [("DC", ("ehr:ORD1", "ehr:RX1"))]
    assert isinstance(_orders("ORM^O01", "ORC|NW|ORD1|RX1"), Refused)
