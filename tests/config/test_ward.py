"""What a right ward file becomes: effective ceilings with who set them, enforcement, defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.config.defaults import default_dir
from pumpd.config.load import inspect_ward, load_ward
from pumpd.config.model import WardConfig
from pumpd.safety.limits import Limit
from pumpd.safety.policy import Enforcement, PumpPolicy
from tests.config.conftest import Break


def ward_of(path: Path) -> WardConfig:
    loaded = inspect_ward(path)
    assert loaded.ward is not None, [str(p) for p in loaded.problems]
    return loaded.ward


def pump(ward: WardConfig, index: int) -> PumpPolicy:
    return ward.beds[index].policy.pumps[0]


def limits(ward: WardConfig, index: int) -> tuple[Limit, Limit]:
    drug = pump(ward, index).drug
    assert drug is not None
    assert drug.hard is not None
    assert drug.soft is not None
    return drug.hard, drug.soft


def test_the_shipped_default_files_are_right() -> None:
    ward = ward_of(default_dir() / "ward.toml")
    assert len(ward.beds) == 2


@pytest.mark.req("CEI-02")
def test_without_overrides_the_library_sets_both_ceilings_and_is_named(ward_file: Break) -> None:
    library = "drug library 2026.2, palliative-adult"
    assert limits(ward_of(ward_file()), 0) == (Limit(1000, library), Limit(500, library))


@pytest.mark.req("CEI-02")
def test_the_lowest_of_ward_bed_and_pump_sets_the_ceiling_and_is_named(ward_file: Break) -> None:
    ward = '[ceiling]\nhard = "0.8 mg/kg/h"\nsoft = "0.4 mg/kg/h"\n'
    bed = '[bed.ceiling]\nhard = "0.7 mg/kg/h"\n'
    own = '[bed.pump.ceiling]\nhard = "0.9 mg/kg/h"\nsoft = "300 mcg/kg/h"\n'
    loaded = ward_of(ward_file(more=own + bed + ward))
    assert limits(loaded, 0) == (Limit(800, "ward file 4b"), Limit(400, "ward file 4b"))
    assert limits(loaded, 1) == (Limit(700, "ward file 4b, bed 4b-02"), Limit(300, "ward file 4b, pump 4b-02-p1"))


@pytest.mark.req("CEI-02")
def test_a_protocol_lowers_the_ceiling_and_the_soft_limit_never_stays_above_the_hard(ward_file: Break) -> None:
    path = ward_file(("protocols/ldk.toml", "own.toml"))
    text = (default_dir() / "protocols" / "ldk.toml").read_text(encoding="utf-8")
    (path.parent / "own.toml").write_text(text + '\n[ceiling]\nhard = "0.3 mg/kg/h"\n', encoding="utf-8")
    assert limits(ward_of(path), 0) == (Limit(300, "protocol ldk"), Limit(300, "protocol ldk"))


@pytest.mark.req("CEI-02")
@pytest.mark.parametrize("status", ["draft", "retired"])
def test_only_a_released_library_may_be_used(ward_file: Break, status: str) -> None:
    path = ward_file()
    text = (default_dir() / "drug_library.toml").read_text(encoding="utf-8")
    (path.parent / "drug_library.toml").write_text(text.replace('"released"', f'"{status}"'), encoding="utf-8")
    problems = load_ward(path)
    assert isinstance(problems, list)
    assert [p.key for p in problems] == ["status"]
    assert problems[0].file.endswith("drug_library.toml")


@pytest.mark.req("CEI-07")
def test_enforcement_is_stop_unless_written_otherwise_and_alarm_takes_no_control(ward_file: Break) -> None:
    ward = ward_of(ward_file(('enforcement = "stop"', 'enforcement = "alarm"')))
    assert [pump(ward, n).enforcement for n in (0, 1)] == [Enforcement.ALARM, Enforcement.STOP]
    assert [ward.beds[n].devices[0].control for n in (0, 1)] == [False, True]
    assert ward.beds[0].devices[1].control is False


def test_a_monitorless_bed_and_a_pump_without_concentration_are_warnings(ward_file: Break) -> None:
    loaded = inspect_ward(ward_file(('concentration = "2 mg/mL"\n', "")))
    assert loaded.ward is not None
    assert pump(loaded.ward, 1).concentration_ug_ml is None
    words = " ".join(w.message for w in loaded.warnings)
    assert "breathing is not watched" in words
    assert "not verified" in words


def test_a_file_beside_the_ward_file_goes_before_the_default_of_that_name(ward_file: Break) -> None:
    path = ward_file()
    text = (default_dir() / "times.toml").read_text(encoding="utf-8")
    (path.parent / "times.toml").write_text(text.replace('stop_repeat = "1 s"', 'stop_repeat = "700 ms"'))
    ward = ward_of(path)
    assert ward.beds[0].policy.times.stop_repeat_ms == 700
    assert str(path.parent / "times.toml") in ward.files


def test_the_default_times_are_those_of_the_requirements(ward_file: Break) -> None:
    policy = ward_of(ward_file()).beds[0].policy
    times = policy.times
    assert (times.vitals_live_ms, times.vitals_withdraw_ms) == (5000, 15000)
    assert (times.pump_stale_polls, times.pump_stale_min_ms) == (2, 5000)
    assert (times.stop_repeat_ms, times.stop_unconfirmed_ms) == (1000, 5000)
    assert times.soft_override_max_ms == 12 * 3_600_000
    assert times.monitoring_lost_ms == 30_000
    assert policy.profile.audio_pause_max_ms == 120_000


@pytest.mark.req("QUA-01")
def test_a_wave_is_no_value_that_a_bed_waits_for(ward_file: Break) -> None:
    bed = ward_of(ward_file()).beds[0]
    assert "co2_wave" in bed.devices[1].info.signals
    assert set(bed.devices[1].info.signals) - set(bed.policy.monitors[0].signals) == {"co2_wave"}
