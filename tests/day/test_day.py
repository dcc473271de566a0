"""24 hours at eight beds in virtual time: everything that was scripted is alarmed in time, and nothing else alarms.

One fixture plays the day; every test looks at it from another side. A broken kernel must not survive two hours of it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import pumpd.safety.kernel as kernel
from pumpd.safety.policy import Priority
from tests.day.play import POLL_MS, Played, play, play_day
from tests.day.report import APART_MS, write
from tests.day.rows import DAY, SHORT, episodes_of
from tests.day.shipped import shipped_beds, without_course
from tests.model.mutants import MUTANTS
from tests.model.mutate import mutated

pytestmark = pytest.mark.timeout(400)  # 20 s on two quiet cores, and a busy machine is no fault of the day
BEDS = 8
SHORT_MS = 2 * 3_600_000


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> list[Played]:
    return play_day(tmp_path_factory.mktemp("day"), BEDS)


@pytest.mark.slow
@pytest.mark.req(
    "RSP-02",
    "RSP-04",
    "RSP-05",
    "RSP-06",
    "RSP-08",
    "INT-01",
    "INT-05",
    "INT-07",
    "INT-08",
    "QUA-02",
    "QUA-03",
    "CEI-03",
    "ALA-01",
)
def test_everything_scripted_is_alarmed_in_time_stops_its_pump_and_nothing_else_alarms(day: list[Played]) -> None:
    assert [problem for played in day for problem in played.problems] == []


@pytest.mark.slow
def test_every_alarm_that_the_script_demands_was_judged(day: list[Played]) -> None:
    judged = sum(len(played.watches) for played in day)
    assert judged == sum(len(row.must) for row in DAY) > 50
    assert all(played.steps > 100_000 for played in day), "a frame a second, a status every four"
    assert day[0].frames > 80_000, "the first bed is heard through the drivers"


@pytest.mark.slow
@pytest.mark.req("INT-03")
def test_pumps_were_started_by_hands_only_and_often(day: list[Played]) -> None:
    """That no other start happened is among the problems; here: the script did give the occasion."""
    assert sum(played.starts for played in day) > 20


@pytest.mark.slow
@pytest.mark.req("RSP-09")
def test_each_bed_counts_its_patients_episodes(day: list[Played]) -> None:
    assert [played.episodes for played in day] == [episodes_of(played.bed) for played in day]


@pytest.mark.slow
def test_the_burden_is_reported_and_bearable(day: list[Played]) -> None:
    print("\n" + write(day))
    scripted = sum(bool(row.must) for row in DAY)
    episodes = sum(played.burden.episodes(APART_MS) for played in day)
    assert episodes <= scripted, "no more HIGH episodes than things went wrong"
    assert all(played.burden.count(Priority.HIGH) <= 20 for played in day)


# --- the negative control


def short_day(folder: Path, with_kernel: object) -> Played:
    config = without_course(shipped_beds(folder, 2, poll_ms=POLL_MS)[1])
    return play(config, 2, SHORT, with_kernel, until_ms=SHORT_MS)  # type: ignore[arg-type]


RED = (
    "a respiratory interlock trips nothing",
    "a rule alarms only while its pump is armed",
    "a pending delay never ends",
    "missing counted as normal",
    "tick counted as heard",
    "the running dose is ignored, only requests are checked",
    "a sensor that is off is not told",
    "the audio pause never ends",
    "resetting a trip asks for the old rate",
    "ack taken for verification",
)


def test_the_short_day_is_clean_with_the_real_kernel(tmp_path: Path) -> None:
    assert short_day(tmp_path, kernel).problems == ()


@pytest.mark.parametrize("name", RED)
def test_a_broken_kernel_turns_the_day_red(name: str, tmp_path: Path) -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    with mutated(mutant) as broken:
        assert short_day(tmp_path, broken).problems != ()
