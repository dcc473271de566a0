"""`pumpd devices probe`: which device is on this line? Asks for status and identity, never for control."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from pumpd.cli.common import PROBLEMS, print_json, print_lines
from pumpd.cli.devices.listen import AsJson, Port

if TYPE_CHECKING:
    from pumpd.device import Driver
    from pumpd.safety.events import Event

ENOUGH = 3  # believable frames after which a driver has been understood
DriverName = Annotated[str | None, typer.Option("--driver", metavar="DRIVER", help="Try this one only.")]
Seconds = Annotated[float, typer.Option("--seconds", min=0.5, help="How long each driver is tried.")]


@dataclass
class Finding:
    """What one driver understood. sure: "certain", "likely", "not this", or "no line" with its detail."""

    driver: str
    sure: str = "not this"
    model: str | None = None
    serial: str | None = None
    software: str | None = None
    frames: int = 0
    garbled: int = 0
    detail: str = ""
    up: bool = field(default=False, repr=False)


def probe(port: Port, driver: DriverName = None, seconds: Seconds = 5.0, as_json: AsJson = False) -> None:
    """Identify the device on a line without commanding it: each driver asks for status and identity in turn.

    Remote control is never taken. Exit code 1: no driver understood the line.
    """
    from pumpd.cli.devices.lines import driver_or_leave, link_of, link_or_leave, quiet_logs
    from pumpd.registry import drivers

    link = link_of(port)
    link_or_leave(link)
    quiet_logs()
    candidates = [driver_or_leave(driver)] if driver else list(drivers().values())
    findings = asyncio.run(_probe_all(link, candidates, seconds))
    if as_json:
        print_json({"link": link, "findings": [_document(f) for f in findings]})
    else:
        print_lines(_line(f) for f in findings)
    if not any(f.sure in ("certain", "likely") for f in findings):
        raise typer.Exit(PROBLEMS)


async def _probe_all(link: str, candidates: list[type[Driver]], seconds: float) -> list[Finding]:
    findings: list[Finding] = []
    for candidate in candidates:
        findings.append(await _probe(link, candidate, seconds))
        if findings[-1].sure == "certain":
            break
    return findings


async def _probe(link: str, driver: type[Driver], seconds: float) -> Finding:
    from pumpd.cli.devices.lines import open_session

    finding, done = Finding(driver.info.name), asyncio.Event()

    def post(event: Event) -> None:
        note(finding, event)
        if finding.frames >= ENOUGH and finding.model is not None:
            done.set()

    session = open_session(link, driver, post)
    try:
        await asyncio.wait_for(done.wait(), seconds)
    except TimeoutError:
        finding.detail = finding.detail or "no more was heard"
    finally:
        await session.close()
    finding.sure = judge(finding, driver.info.integrity == "crc16")
    return finding


def note(finding: Finding, event: Event) -> None:
    """Add what one event says about the device."""
    from pumpd.device import Garbled, Identity, PumpStatus, Vitals
    from pumpd.safety.events import Heard, LinkChanged, LinkState

    if isinstance(event, LinkChanged):
        finding.up = finding.up or event.state is LinkState.UP
        finding.detail = event.detail
    if not isinstance(event, Heard):
        return
    fact = event.fact
    if isinstance(fact, Identity):
        finding.model = fact.model or finding.model
        finding.serial = fact.serial or finding.serial
        finding.software = fact.software or finding.software
    elif isinstance(fact, PumpStatus | Vitals):
        finding.frames += 1
        if isinstance(fact, PumpStatus):
            finding.serial = fact.serial or finding.serial
    elif isinstance(fact, Garbled):
        finding.garbled += 1


def judge(finding: Finding, strong: bool) -> str:
    """How sure we are: a CRC cannot agree by chance three times, a weaker check with garbage beside it can."""
    if not finding.up:
        return "no line"
    if finding.frames >= ENOUGH and (strong or finding.garbled == 0):
        return "certain"
    return "likely" if finding.frames else "not this"


def _document(finding: Finding) -> dict[str, object]:
    document = asdict(finding)
    del document["up"]
    return document


def _line(finding: Finding) -> str:
    known = [f"{k} {v}" for k in ("model", "serial", "software") if (v := getattr(finding, k)) is not None]
    counted = f"{finding.frames} frames understood, {finding.garbled} garbled"
    if finding.sure == "no line":
        counted = finding.detail
    return f"{finding.driver}: {finding.sure} ({counted})" + (f": {', '.join(known)}" if known else "")
