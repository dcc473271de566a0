"""The protocol file: what the kernel gets from it at each bed, and what it may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.config.defaults import default_dir
from pumpd.config.load import inspect_ward, load_ward
from pumpd.config.protocol import start_vitals, sub_anaesthetic_band
from pumpd.config.protocol_file import ProtocolFile, SubAnaestheticTable
from pumpd.config.read import Parsed, read_record
from pumpd.safety.limits import Cap, Limit
from pumpd.safety.policy import BedPolicy
from pumpd.safety.protocol_policy import Observation, ProtocolPolicy, ProtocolRule, VitalRange
from tests.config.conftest import Break

SHIPPED = default_dir() / "protocols" / "ldk.toml"
BY = "protocol ldk"
MIN, H = 60_000, 3_600_000


def own(ward: Path, *changes: tuple[str, str]) -> Path:
    """The ward with its own copy of the shipped protocol, changed in these places (each old text occurs once)."""
    text = SHIPPED.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        text = text.replace(old, new)
    folder = ward.parent / "protocols"
    folder.mkdir(exist_ok=True)
    (folder / "ldk.toml").write_text(text, encoding="utf-8")
    return ward


def table(name: str) -> tuple[str, str]:
    """A change that takes the whole table out."""
    lines = SHIPPED.read_text(encoding="utf-8").splitlines(keepends=True)
    begin = lines.index(f"[{name}]\n")
    end = next((n for n in range(begin + 1, len(lines)) if lines[n].startswith("[")), len(lines))
    return "".join(lines[begin:end]), ""


def bed(ward: Path, number: int = 0) -> BedPolicy:
    loaded = load_ward(ward)
    assert not isinstance(loaded, list), [str(problem) for problem in loaded]
    return loaded.beds[number].policy


def protocol(ward: Path, number: int = 0) -> ProtocolPolicy:
    policy = bed(ward, number).protocol
    assert policy is not None
    return policy


def problems(ward: Path) -> list[str]:
    loaded = load_ward(ward)
    assert isinstance(loaded, list)
    return [f"{problem.key}: {problem.message}" for problem in loaded]


def warnings(ward: Path) -> list[str]:
    return [f"{warning.key}: {warning.message}" for warning in inspect_ward(ward).warnings]


@pytest.mark.req("LIB-08")
def test_the_shipped_protocol_holds_the_published_numbers(ward_file: Break) -> None:
    policy = protocol(ward_file())
    assert (policy.id, policy.set_by, policy.approved_by) == ("ldk", BY, "")
    assert (policy.max_infusions, policy.course_ms, policy.extra_stop) == (3, 120 * H, True)
    assert (policy.start, policy.step, policy.step_interval_ms) == (Limit(100, BY), Limit(100, BY), 30 * MIN)
    assert (policy.nrs_every_ms, policy.nrs_grace_ms) == (4 * H, 30 * MIN)
    expected = (Observation(H, 15 * MIN), Observation(3 * H, 30 * MIN), Observation(None, H))
    assert policy.observations == expected
    assert (policy.adjunct_required, policy.adjuncts) == (True, ("midazolam", "lorazepam", "haloperidol"))
    assert len(policy.contraindications) == 6
    assert (policy.sub_anaesthetic_low_ug_kg, policy.sub_anaesthetic_high_ug_kg) == (100, 900)
    assert (policy.over_percent, policy.over_ms, policy.over_ul_h, policy.over_ul_h_ms) == (10, 15 * MIN, 600, 5 * MIN)
    assert (policy.under_percent, policy.under_ms) == (10, 15 * MIN)
    assert policy.predicted_pg_ml == 200_000


@pytest.mark.req("LIB-08")
def test_oral_ketamine_reaches_plasma_with_17_percent_and_counts_in_full(ward_file: Break) -> None:
    routes = {route.route: route for route in protocol(ward_file()).routes}
    assert set(routes) == {"oral", "im", "sc", "sublingual", "iv"}
    assert (routes["oral"].bioavailability_ppm, routes["oral"].window_ppm) == (170_000, 1_000_000)
    assert routes["im"].absorption_per_h_milli == 3000
    assert "30 to 40 %" in routes["oral"].potency
    assert all(route.source for route in routes.values())


@pytest.mark.req("LIB-08")
def test_the_number_of_infusions_the_plan_and_the_checklist_cannot_be_set_aside(ward_file: Break) -> None:
    binding = {
        ProtocolRule.PLAN, ProtocolRule.CHECKLIST, ProtocolRule.INFUSION_COUNT, ProtocolRule.COURSE_WINDOW
    }  # fmt: skip
    assert set(ProtocolRule) - set(protocol(ward_file()).overridable) == binding


@pytest.mark.req("LIB-08")
def test_a_start_requires_what_the_beds_monitors_can_measure(ward_file: Break) -> None:
    expected = (
        VitalRange("rr", 10_000, 30_000),
        VitalRange("spo2", None, None),
        VitalRange("pulse", 50_000, 150_000),
    )
    assert protocol(ward_file()).start_vitals == expected


def test_of_several_signals_the_first_that_is_measured_is_required() -> None:
    read = read_record(SHIPPED, ProtocolFile)
    assert isinstance(read, Parsed)
    tables = read.record.start_vital
    everything = start_vitals(tables, {"rr", "spo2", "hr", "nibp_sys"})
    assert [vital.signal for vital in everything] == ["rr", "spo2", "hr", "nibp_sys"]
    assert everything[3] == VitalRange("nibp_sys", 90_000, 180_000)
    assert [vital.signal for vital in start_vitals(tables, set())] == ["rr", "spo2", "pulse"]


@pytest.mark.req("LIB-08")
def test_a_bed_that_cannot_measure_what_is_required_is_a_warning(ward_file: Break) -> None:
    found = warnings(ward_file())
    message = "bed[1]: every start here is refused: no monitor reports rr and spo2 and pulse or hr, which the protocol"
    assert any(one.startswith(message) for one in found)
    assert not any(one.startswith("bed[0]: every start") for one in found)


@pytest.mark.req("LIB-08")
def test_nobodys_approval_is_a_warning_and_somebodys_is_not(ward_file: Break) -> None:
    assert "approved_by: nobody has approved this protocol yet" in warnings(ward_file())
    approved = own(ward_file(), ('approved_by = ""', 'approved_by = "Pharmacy and therapeutics committee"'))
    assert not any("approved" in one for one in warnings(approved))
    assert protocol(approved).approved_by == "Pharmacy and therapeutics committee"


@pytest.mark.req("LIB-08")
def test_a_protocol_lowers_caps_and_the_initial_rate_and_is_named(ward_file: Break) -> None:
    ward = own(
        ward_file(),
        ('per_infusion = "0.5 mg/kg"', 'per_infusion = "0.3 mg/kg"\nper_course = "0.9 mg/kg"'),
        ('start = "0.1 mg/kg/h"', 'start = "0.05 mg/kg/h"'),
    )
    drug = bed(ward).pumps[0].drug
    assert drug is not None
    assert drug.caps is not None
    assert (drug.caps.per_infusion, drug.caps.per_course) == (Cap(300, BY), Cap(900, BY))
    assert drug.caps.per_window == Cap(1000, "drug library 2026.2, palliative-adult")
    assert drug.initial == Limit(50, BY)


@pytest.mark.req("LIB-08")
def test_a_protocols_cap_never_falls_on_a_drug_whose_dose_is_not_judged(ward_file: Break) -> None:
    ward = ward_file(('drug = "ketamine"\nconcentration = "2 mg/mL"', 'drug = "morphine"'))
    drug = bed(ward, 1).pumps[0].drug
    assert drug is not None
    assert drug.caps is None


@pytest.mark.req("LIB-08")
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('per_infusion = "0.5 mg/kg"', 'per_infusion = "0.6 mg/kg"'), "dose_cap.per_infusion: 0.6 mg/kg is above"),
        (
            ('start = "0.1 mg/kg/h"', 'start = "0.6 mg/kg/h"'),
            "titration.start: 0.6 mg/kg/h is above the soft",
        ),
        (
            ('step = "0.1 mg/kg/h"', 'step = "2 mg/kg/h"'),
            "titration.step: 2 mg/kg/h is above the soft limit",
        ),
        (("[dose_cap]", '[ceiling]\nhard = "2 mg/kg/h"\n[dose_cap]'), "ceiling.hard: 2 mg/kg/h is above the 1 mg/kg/h"),
    ],
)
def test_a_protocol_never_raises_a_number_of_the_library(
    ward_file: Break, change: tuple[str, str], problem: str
) -> None:
    assert any(one.startswith(problem) for one in problems(own(ward_file(), change)))


@pytest.mark.req("LIB-08")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("max_infusions = 3", "max_infusion = 3"), 'course.max_infusion: unknown key; did you mean "max_infusions"?'),
        (("max_infusions = 3", "max_infusions = 0"), "course.max_infusions: "),
        (('extra_infusion = "stop"', 'extra_infusion = "halt"'), 'expected "stop", "alarm", found "halt"'),
        (('any = ["rr"]', 'any = ["rrr"]'), '"rrr" is no vital sign; did you mean "rr"?'),
        (("low = 10\nhigh = 30", "low = 30\nhigh = 10"), "expected low < high"),
        (('rules = ["start_rate",', 'rules = ["start_rat",'), 'did you mean "start_rate"?'),
        (('drugs = ["midazolam",', 'drugs = ["morphine",'), 'adjunct.drugs[0]: "morphine" is no benzodiazepine'),
        (('drugs = ["midazolam",', 'drugs = ["midazolan",'), 'did you mean "midazolam"?'),
        (('until = "3 h"', 'until = "30 min"'), "observation[1].until: expected a later until"),
        (('until = "3 h"\n', ""), "observation[1].until: expected an until in every observation but the last"),
        (('route = "im"', 'route = "oral"'), 'route[1].route: duplicate route "oral"'),
        (("bioavailability_percent = 17\n", "bioavailability_percent = 170\n"), "less than or equal to 100"),
        (("fraction_low_percent = 10", "fraction_low_percent = 30"), "expected 0 < fraction_low_percent <="),
        (('level = "200 ng/mL"', 'level = "200 ng"'), "a plasma concentration; expected one of ng/mL, mcg/mL"),
    ],
)
def test_a_mistake_in_a_protocol_is_named_with_its_key(ward_file: Break, change: tuple[str, str], words: str) -> None:
    found = problems(own(ward_file(), change))
    assert any(words in one for one in found), found


@pytest.mark.req("LIB-08")
@pytest.mark.parametrize(
    "name", ["titration", "observations", "nrs", "adjunct", "checklist", "override", "sub_anaesthetic", "delivery"]
)
def test_a_course_needs_all_of_its_tables(ward_file: Break, name: str) -> None:
    found = problems(own(ward_file(), table(name)))
    assert found == [f"{name}: required where there is a [course]; pumpd's own ldk.toml has it"]


@pytest.mark.req("LIB-08")
def test_tables_of_a_course_mean_nothing_without_it(ward_file: Break) -> None:
    found = problems(own(ward_file(), table("course")))
    assert "titration: means nothing without [course]" in found
    assert "route: means nothing without [course]" in found


@pytest.mark.req("LIB-08")
def test_a_protocol_of_before_courses_still_runs_and_says_that_none_is_kept(ward_file: Break) -> None:
    ward = ward_file()
    folder = ward.parent / "protocols"
    folder.mkdir()
    old = 'schema = 1\nid = "ldk"\nname = "LDK"\nversion = "1"\napproved_by = "ward"\nsource = "an earlier version"\n'
    (folder / "ldk.toml").write_text(old, encoding="utf-8")
    assert bed(ward).protocol is None
    assert any(one.startswith("course: no [course]: no course is kept") for one in warnings(ward))
    bare = ward_file(('[protocol]\nfile = "protocols/ldk.toml"\n', ""))
    assert bed(bare).protocol is None
    assert any(one.startswith("protocol: no [protocol]: no course is kept") for one in warnings(bare))


@pytest.mark.req("LIB-08")
def test_a_cap_beyond_the_sub_anaesthetic_band_is_a_warning(ward_file: Break) -> None:
    ward = own(ward_file(), ('reference_high = "4.5 mg/kg"', 'reference_high = "2 mg/kg"'))
    assert any("the cap per infusion is above 0.4 mg/kg" in one for one in warnings(ward))


def test_the_band_is_rounded_inwards() -> None:
    band = SubAnaestheticTable(
        reference="test",
        reference_low="0.999 mg/kg",
        reference_high="0.999 mg/kg",
        fraction_low_percent=10,
        fraction_high_percent=20,
        source="test",
    )  # type: ignore[arg-type]
    assert sub_anaesthetic_band(band) == (100, 199)
