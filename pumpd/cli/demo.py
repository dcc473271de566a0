"""`pumpd demo`: a simulated ward and the whole daemon in one process, to be seen in a browser."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pumpd.cli.common import could_not_run, print_lines
from pumpd.cli.film import FACTOR, run_film

if TYPE_CHECKING:
    from pumpd.config.model import WardConfig
    from pumpd.daemon import Daemon
    from pumpd.sim import SimWard
    from pumpd.sim.fast_time import FastLoop

HOST = "127.0.0.1"
PORTS_TRIED = 50
BEDS, ALL_BEDS = 4, 8
SIGNED_IN = "Whoever opens the page, on this machine only, is signed in as demo. A real ward asks for a password."

Beds = Annotated[int, typer.Option("--beds", min=1, max=200, help="How many beds.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="The page's port; a busy one: the next free.")]
ScenarioName = Annotated[
    str, typer.Option("--scenario", help="calm, overspeed, bradypnoea, apnoea, stop-ignored, cable, ldk-course")
]
Factor = Annotated[
    float, typer.Option("--factor", min=1, max=100_000, help="ldk-course: simulated seconds in a real one, at most.")
]
Devices = Annotated[
    str,
    typer.Option("--devices", help="usual: an Asena and a Capnostream at each bed; all: every model in turn, 8 beds"),
]
Seed = Annotated[int, typer.Option("--seed", help="Another seed, other patients.")]
# for tests: shortens a scenario's waiting; devices, alarms and ages keep real time
Pace = Annotated[
    float, typer.Option("--pace", min=0.01, max=10, hidden=True, help="0.1: the script ten times as fast.")
]


def demo(
    beds: Beds = BEDS,
    port: Port = 8080,
    scenario: ScenarioName = "calm",
    devices: Devices = "usual",
    seed: Seed = 1,
    pace: Pace = 1.0,
    factor: Factor = FACTOR,
) -> None:
    """Show a simulated ward: invented patients, pumps and monitors that speak real bytes, the real daemon.

    Scenario ldk-course plays five days of one bed in simulated time. Everything lives in a temporary folder that is
    removed on Ctrl-C.
    """
    from pumpd.config.problems import did_you_mean
    from pumpd.loop import run_loop
    from pumpd.sim import SCENARIOS

    if scenario not in SCENARIOS:
        could_not_run(f'unknown scenario "{scenario}"{did_you_mean(scenario, SCENARIOS)}')
    if devices not in ("usual", "all"):
        could_not_run(f'unknown choice of devices "{devices}": usual or all')
    if devices == "all" and beds == BEDS:
        beds = ALL_BEDS
    chosen = free_port(port)
    if chosen is None:
        could_not_run(f"ports {port} to {port + PORTS_TRIED - 1} are all in use")
    if port and chosen != port:
        print_lines([f"note: port {port} is in use, taking {chosen}"])
    if not SCENARIOS[scenario].admitted and beds != BEDS:
        print_lines([f"note: scenario {scenario} has one bed"])
    with tempfile.TemporaryDirectory(prefix="pumpd-demo-") as folder:
        if SCENARIOS[scenario].admitted:
            run_loop(_demo(Path(folder), beds, chosen, scenario, seed, pace, every_model() if devices == "all" else ()))
        else:
            run_film(lambda loop: _course(loop, Path(folder), chosen, seed, factor))
    print_lines(["pumpd demo: ended, nothing is left behind"])


def every_model() -> tuple[tuple[str, str], ...]:
    """A pump and a monitor for each of eight beds, so that all sixteen models are seen; bed 1's pump can be stopped."""
    from pumpd.registry import drivers
    from pumpd.sim.catalog import CATALOG

    pumps = [name for name, model in CATALOG.items() if model.kind == "pump" and name in drivers()]
    monitors = [name for name, model in CATALOG.items() if model.kind == "monitor" and name in drivers()]
    pumps.sort(key=lambda name: not drivers()[name].info.pump.can_stop)
    return tuple(zip(pumps, monitors, strict=False))


async def _demo(
    folder: Path, beds: int, port: int, scenario: str, seed: int, pace: float, models: tuple[tuple[str, str], ...]
) -> None:
    from pumpd.cli.serve import serve
    from pumpd.sim import SimWard

    sim = await SimWard.start(beds, scenario, seed, folder / "lines", models=models, pace=pace, play=False, begin=False)
    admitting: list[asyncio.Task[None]] = []
    try:
        ward = demo_ward(folder, sim, port)

        def started(daemon: Daemon) -> None:
            admitting.append(asyncio.create_task(_admit(daemon.port, sim), name="admission"))
            print_lines(
                [
                    f"pumpd demo: http://{HOST}:{daemon.port}/",
                    f"All data are SIMULATED: {beds} invented patients, scenario {scenario}. Ctrl-C ends it.",
                    SIGNED_IN,
                ]
            )

        await serve(ward, started)
    finally:
        for task in admitting:
            task.cancel()
        await asyncio.gather(*admitting, return_exceptions=True)
        await sim.close()


async def _admit(port: int, sim: SimWard) -> None:
    """A nurse plans and starts every infusion; then the scenario plays."""
    from pumpd.sim.admission import admit
    from pumpd.sim.http import HttpClient

    surprises = await admit(HttpClient(HOST, port), sim.doses())
    print_lines((f"the demo's nurse: {words}" for words in surprises), err=True)
    sim.play()


async def _course(loop: FastLoop, folder: Path, port: int, seed: int, factor: float) -> None:
    """The film, then real speed until Ctrl-C."""
    from pumpd.cli.film import film_daemon, show_course
    from pumpd.cli.logs import set_up_logs
    from pumpd.sim import SimWard

    set_up_logs()
    sim = await SimWard.start(1, "ldk-course", seed, folder / "lines", links="tcp", waves=False)
    daemon = film_daemon(demo_ward(folder, sim, port), loop, factor)
    try:
        await daemon.start()
        try:
            print_lines(
                [
                    f"pumpd demo: http://{HOST}:{daemon.port}/",
                    "All data are SIMULATED: one invented patient, a course of five days.",
                    SIGNED_IN,
                    f"TIME IS SIMULATED: up to {factor:g} times as fast as yours, into the future. Ctrl-C ends it.",
                ]
            )
            await show_course(loop, daemon, sim, factor)
        finally:
            await daemon.stop()
    finally:
        await sim.close()


def demo_ward(folder: Path, sim: SimWard, port: int) -> WardConfig:
    """The simulated ward's file, written and then read as any ward file is."""
    from pumpd.config.defaults import default_dir
    from pumpd.config.load import load_ward

    files = default_dir()
    path = folder / "ward.toml"
    text = sim.ward_toml(
        port=port,
        journal_url=f"sqlite+aiosqlite:///{folder / 'pumpd.db'}",
        library=files / "drug_library.toml",
        protocol=files / "protocols" / "ldk.toml",
        alarms=files / "alarms" / "adult.toml",
        host=HOST,
    )
    path.write_text(text, encoding="utf-8")
    ward = load_ward(path)
    if isinstance(ward, list):
        could_not_run("the demo's own ward file is wrong: " + "; ".join(str(problem) for problem in ward))
    return replace(ward, generation="demo")


def free_port(first: int) -> int | None:
    """first, or the next port that nobody listens on; 0 stays 0 (any)."""
    if first == 0:
        return 0
    return next((port for port in range(first, min(first + PORTS_TRIED, 65536)) if _is_free(port)), None)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # as the server will bind: a port in TIME_WAIT is free, one that somebody listens on is not
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
