"""`pumpd simulate`: one simulated device on a line of its own, for a bench."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import typer

from pumpd.cli.common import could_not_run, print_lines

Kind = Annotated[Literal["pump", "monitor"], typer.Argument(help="What is simulated.")]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="The name of its driver (`pumpd devices drivers`).")]
Link = Annotated[str, typer.Option("--link", metavar="LINK", help="pty:PATH, tcp:PORT (0 for any), serial:///dev/…")]
Serial = Annotated[str | None, typer.Option("--serial", help="The serial number that it reports.")]
Rate = Annotated[str, typer.Option("--rate", metavar="RATE", help='What a pump infuses; "0 mL/h" is on hold.')]
Seed = Annotated[int, typer.Option("--seed", help="Another seed, another patient.")]


def simulate(
    kind: Kind, model: Model, link: Link, serial: Serial = None, rate: Rate = "7 mL/h", seed: Seed = 1
) -> None:
    """Simulate one pump or monitor until Ctrl-C; prints the link that a ward file would name."""
    from pumpd.cli.serve import first_of, told_to_end
    from pumpd.config.problems import did_you_mean
    from pumpd.config.quantity import FLOW, QuantityError
    from pumpd.sim import CATALOG, simulate_device

    of_kind = [name for name, one in CATALOG.items() if one.kind == kind]
    if model not in of_kind:
        could_not_run(f'no simulated {kind} "{model}"{did_you_mean(model, of_kind)}')
    try:
        rate_ul_h = FLOW.parse(rate)
    except QuantityError as error:
        could_not_run(str(error))

    def ready(url: str) -> None:
        print_lines([f"SIMULATED {kind} {model}: {url}"])

    async def until_told() -> None:
        device = simulate_device(model, link, serial=serial, seed=seed, rate_ul_h=rate_ul_h, on_ready=ready)
        await first_of(device, told_to_end().wait())

    try:
        asyncio.run(until_told())
    except (ValueError, OSError) as error:
        could_not_run(str(error))
