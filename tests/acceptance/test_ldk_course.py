"""The first hours of a course on the real stack, in a film's time: a nurse over HTTP, a pump that speaks real bytes,
the daemon, its journal, and the report that comes of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pumpd.cli.demo import demo_ward
from pumpd.cli.film import film_daemon, hold_for_journal, run_film
from pumpd.sim import SimWard
from pumpd.sim.fast_time import FastLoop
from pumpd.sim.http import HttpClient
from pumpd.sim.ldk_course import END, NRS, first_infusion, ldk_course
from pumpd.sim.nurse import Nurse
from pumpd.sim.script import At, Step
from tests.acceptance.daemon import said

FACTOR = 100_000.0  # as fast as the machine can


@dataclass(frozen=True)
class Course:
    """What is left of it: the nurse, the report as JSON, what was told, and the journal."""

    nurse: Nurse
    report: dict[str, Any]
    told: list[str]
    journal: str


async def played(loop: FastLoop, folder: Path) -> Course:
    sim = await SimWard.start(1, "ldk-course", folder=folder / "lines", links="tcp", waves=False)
    daemon = film_daemon(demo_ward(folder, sim, 0), loop, FACTOR)
    told: list[str] = []
    try:
        await daemon.start()
        try:
            http = HttpClient("127.0.0.1", daemon.port)
            nurse = Nurse(http, sim.beds[0], tell=told.append)
            hold_for_journal(loop, daemon)
            loop.fast.set_factor(FACTOR)
            await nurse.play(first_infusion(daemon.clock.wall().year))
            loop.fast.set_factor(1.0)
            report = await http.get(f"courses/{await nurse.course()}/report?format=json")
            assert report.ok, report.body
        finally:
            await daemon.stop()
    finally:
        await sim.close()
    return Course(nurse, report.body, told, daemon.config.journal_url)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return run_film(lambda loop: played(loop, tmp_path_factory.mktemp("course")))


@pytest.mark.slow
@pytest.mark.req("DEM-01")
def test_every_act_of_the_nurse_ends_as_the_script_has_it(course: Course) -> None:
    assert course.nurse.surprises == []
    assert course.nurse.refusals == 1
    assert any("more than 0.1 mg/kg/h" in line for line in course.told)


@pytest.mark.slow
@pytest.mark.req("DEM-01", "CEI-09")
def test_the_pump_is_stopped_at_the_cap_and_the_report_says_how_much_was_given(course: Course) -> None:
    (infusion,) = course.report["infusions"]
    assert infusion["phase"] == "stopped by cap"
    assert 34.5 < infusion["low"]["value"] <= infusion["high"]["value"] < 35
    assert "cap per infusion" in infusion["why"]
    assert infusion["plan"]["value"] == 0.5


@pytest.mark.slow
@pytest.mark.req("DEM-01")
def test_no_alarm_is_late_lost_or_technical_though_hours_passed_in_seconds(course: Course) -> None:
    alarms = course.report["alarms"]
    assert {alarm["condition"] for alarm in alarms} == {"pump changed", "cap near:infusion", "cap reached"}
    assert all(alarm["acknowledged"] or alarm["ended"] for alarm in alarms)
    assert "cap_reached" in course.nurse.seen


@pytest.mark.slow
@pytest.mark.req("DEM-01")
async def test_the_films_journal_replays_to_the_same_decisions_and_its_chain_is_whole(course: Course) -> None:
    """The kernel never knew that its time was simulated."""
    code, text = await said("replay", "--journal", course.journal)
    assert code == 0, text
    code, text = await said("db", "verify", "--journal", course.journal)
    assert code == 0, text


@pytest.mark.slow
@pytest.mark.req("DEM-01")
def test_the_report_holds_the_baseline_the_pain_and_the_refused_step_with_their_origins(course: Course) -> None:
    report = course.report
    rows = {row["name"]: row for row in report["outcomes"]}
    mme = rows["Opioids (MME a day)"]
    assert mme["baseline"]["value"] == 458.8
    assert "entry e-" in mme["baseline"]["origin"]
    assert rows["Pain (NRS 0 to 10)"]["baseline"]["value"] == 9
    (refusal,) = report["refusals"]
    assert (refusal["act"], refusal["why"]) == ("rate", "pain 9/10")
    assert report["head"]["generation"] == "demo"
    assert report["head"]["patient"]["age"] == 55


def test_the_script_gives_458_8_before_and_310_0_at_the_end() -> None:
    """By hand, with the oral factors of cdc-2022; patches only before."""
    factors = {"oxycodone": Decimal("1.5"), "hydromorphone": Decimal(5), "morphine": Decimal(1)}

    def total(first_min: float, last_min: float) -> Decimal:
        given = [
            (step.at_min - 60 * (step.ago_h or 0), step.body)
            for step in ldk_course(2026)
            if step.what == "opioids" and "amount_mg" in step.body
        ]
        return sum(
            (factors[body["drug"]] * Decimal(body["amount_mg"]) for at, body in given if first_min < at <= last_min),
            Decimal(0),
        )

    assert total(15 - 24 * 60, 15) + (75 + 12) * Decimal("2.4") == Decimal("458.8")
    assert total(END - 24 * 60, END) == Decimal("310.0")
    off = [step.at_min for step in ldk_course(2026) if "patch_off" in step.body]
    on = [step for step in ldk_course(2026) if "patch_mcg_h" in step.body]
    assert len(on) == len(off) == 3
    assert max(off) < END - 24 * 60


def test_the_script_is_three_infusions_on_days_1_3_and_5_and_pain_every_4_hours() -> None:
    steps = ldk_course(2026)
    starts = [step.at_min for step in steps if step.where is At.PUMP and step.what == "start"]
    assert [round((at - starts[0]) / 1440, 3) for at in starts] == [0, 2, 4]
    scored = sorted(step.at_min for step in steps if "nrs" in step.body)
    assert max(later - earlier for earlier, later in pairwise(scored)) <= 240
    assert (NRS[0], set(NRS[25:])) == (9, {5})
    assert sum(step.refused for step in steps) == 3


async def test_an_unexpected_answer_is_told_and_does_not_end_the_course() -> None:
    """A nurse whose daemon refuses what the script wants taken."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 409 Conflict\r\n\r\n{"error": {"code": "refused", "reasons": ["no weight"]}}')
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    sim = await SimWard.start(1, "ldk-course", waves=False)
    try:
        told: list[str] = []
        nurse = Nurse(HttpClient("127.0.0.1", server.sockets[0].getsockname()[1]), sim.beds[0], tell=told.append)
        await nurse.play([Step(0, "course"), Step(0, "checklist", refused=True)])
    finally:
        await sim.close()
        server.close()
    assert nurse.surprises == ["course {}: refused (no weight)"]
    assert nurse.refusals == 1
