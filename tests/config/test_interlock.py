"""The ward file's [interlock] table, per ward and per bed, and the drug library's classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.config.load import inspect_ward, load_ward
from pumpd.config.model import WardConfig
from pumpd.safety.policy import BedPolicy, MonitoringLost, RespiratoryStop
from tests.config.conftest import WARD, Break
from tests.library import write_library

ALL = """\
[interlock]
monitoring_lost = "stop"
respiratory_stop = "ketamine+opioids"
resume_vitals = ["spo2", "rr", "etco2"]
"""
BED = '\n[bed.interlock]\nmonitoring_lost = "alarm"\nresume_vitals = ["spo2"]\n'


def policies(path: Path) -> list[BedPolicy]:
    ward = load_ward(path)
    assert isinstance(ward, WardConfig), ward
    return [bed.policy for bed in ward.beds]


def problem(path: Path) -> str:
    (found,) = inspect_ward(path).problems
    return str(found)


@pytest.mark.req("INT-03", "INT-07", "INT-08")
def test_without_a_word_a_ward_alarms_stops_ketamine_only_and_asks_for_rr_and_spo2(ward_file: Break) -> None:
    policy = policies(ward_file())[0]
    assert policy.monitoring_lost is MonitoringLost.ALARM
    assert policy.respiratory_stop is RespiratoryStop.KETAMINE
    assert policy.resume_vitals == ("rr", "spo2")
    assert (policy.times.resume_steady_ms, policy.times.resume_valid_ms) == (60_000, 300_000)


@pytest.mark.req("INT-03", "INT-07", "INT-08")
def test_the_ward_chooses_and_a_bed_goes_before_it_key_by_key(ward_file: Break) -> None:
    first, second = policies(ward_file(("[[bed]]", f"{ALL}[[bed]]"), more=BED))
    assert first.monitoring_lost is MonitoringLost.STOP
    assert first.resume_vitals == ("spo2", "rr", "etco2")
    assert second.monitoring_lost is MonitoringLost.ALARM
    assert second.resume_vitals == ("spo2",)
    assert first.respiratory_stop is second.respiratory_stop is RespiratoryStop.KETAMINE_AND_OPIOIDS


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('monitoring_lost = "ignore"', 'interlock.monitoring_lost: expected "alarm", "stop", found "ignore"'),
        (
            'respiratory_stop = "opioids"',
            'interlock.respiratory_stop: expected "ketamine", "ketamine+opioids", found "opioids"',
        ),
        ("monitoring_lost = true", "interlock.monitoring_lost: expected 'alarm' or 'stop', found true"),
        (
            'respiratory_stops = "ketamine"',
            'interlock.respiratory_stops: unknown key; did you mean "respiratory_stop"?',
        ),
        ('resume_vitals = ["rr", "sp02"]', 'interlock.resume_vitals: "sp02" is no vital sign; did you mean "spo2"?'),
        ('resume_vitals = "rr"', 'interlock.resume_vitals: expected a list in brackets, found "rr"'),
        ('resume_vitals = ["no_breath"]', 'interlock.resume_vitals: "no_breath" is no vital sign'),
    ],
)
def test_a_mistake_is_one_precise_line(ward_file: Break, line: str, words: str) -> None:
    path = ward_file(("[[bed]]", f"[interlock]\n{line}\n\n[[bed]]"))
    number = WARD.splitlines().index("[[bed]]") + 2
    assert problem(path).startswith(f"{path}:{number}: {words}")


def test_a_mistake_in_a_beds_own_table_names_the_bed(ward_file: Break) -> None:
    path = ward_file(more='\n[bed.interlock]\nmonitoring_lost = "halt"\n')
    assert 'bed[1].interlock.monitoring_lost: expected "alarm", "stop"' in problem(path)


def test_settings_that_cannot_work_at_a_bed_are_warned_of(ward_file: Break) -> None:
    path = ward_file(("[[bed]]", f"{ALL}[[bed]]"), more=BED)
    warned = [str(warning) for warning in inspect_ward(path).warnings]
    assert any("bed[1]: a stopped pump can never be resumed here: no monitor reports spo2" in one for one in warned)
    other = ward_file(("[[bed]]", f"{ALL}[[bed]]"))
    warned = [str(warning) for warning in inspect_ward(other).warnings]
    assert any('bed[1]: monitoring_lost = "stop" does nothing here' in one for one in warned)
    assert not any("bed[0]" in one and "resumed" in one for one in warned)


@pytest.mark.req("INT-07")
@pytest.mark.parametrize("drug", ["morphine", "hydromorphone", "fentanyl"])
def test_an_opioid_of_the_library_is_known_as_one_and_has_no_ceiling(ward_file: Break, drug: str) -> None:
    change = ('drug = "ketamine"\nconcentration = "2 mg/mL"', f'drug = "{drug}"')
    loaded = inspect_ward(ward_file(change))
    assert loaded.ward is not None, loaded.problems
    pump = loaded.ward.beds[1].policy.pumps[0]
    assert pump.drug is not None
    assert (pump.drug.opioid, pump.drug.governed, pump.drug.hard) == (True, False, None)
    assert not any("concentration" in str(warning) for warning in loaded.warnings)
    ketamine = loaded.ward.beds[0].policy.pumps[0].drug
    assert ketamine is not None
    assert not ketamine.opioid


def test_a_ceiling_of_a_drug_without_one_in_the_library_is_refused(ward_file: Break) -> None:
    change = ('drug = "ketamine"\nconcentration = "2 mg/mL"', 'drug = "morphine"\nceiling = { hard = "0.5 mg/kg/h" }')
    assert "bed[1].pump[0].ceiling.hard: the drug library has no ceiling of this drug" in problem(ward_file(change))


def library(ward: Path, old: str, new: str) -> Path:
    """The ward with its own drug library, changed in one place."""
    write_library(ward.parent, (old, new))
    return ward


def test_a_library_with_a_class_that_nobody_knows_or_a_judged_drug_without_limits_is_refused(ward_file: Break) -> None:
    words = problem(library(ward_file(), 'class = "ketamine"', 'class = "ketamin"'))
    assert 'drug[0].class: expected "ketamine", "opioid",' in words
    assert 'found "ketamin"; did you mean "ketamine"?' in words
    words = problem(library(ward_file(), 'label = "morphine"\ngoverned = false', 'label = "morphine"\ngoverned = true'))
    assert 'the dose of "morphine" is judged (governed = true), but its limits are missing' in words
