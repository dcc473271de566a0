"""`pumpd devices probe`: which device is on this line, and how sure is that? Nothing is ever commanded."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pumpd.cli.common import PROBLEMS, could_not_run, new_table, print_json, print_lines, print_table, several
from pumpd.cli.devices.listen import Port, ReceiveOnly
from pumpd.cli.driver_files import DriverFiles, use_driver_files

if TYPE_CHECKING:
    from pumpd.cli.devices.probing.evidence import Evidence, Verdict
    from pumpd.cli.devices.probing.search import Search

DriverNames = Annotated[
    list[str] | None, typer.Option("--driver", metavar="DRIVER", help="Try only this one; may be given again.")
]
Seconds = Annotated[float, typer.Option("--seconds", min=0.5, help="How long the line is listened to at each setting.")]
AskSeconds = Annotated[float, typer.Option("--ask-seconds", min=0.5, help="How long each driver's questions may take.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def probe(
    port: Port,
    driver: DriverNames = None,
    seconds: Seconds = 4.5,
    ask_seconds: AskSeconds = 4.0,
    receive_only: ReceiveOnly = False,
    as_json: AsJson = False,
    driver_file: DriverFiles = None,
) -> None:
    """Identify the device on a line without commanding it.

    First the line is only listened to, at every line setting of a driver. If nobody is understood, each driver's
    harmless questions are sent in turn: nothing is set, started, stopped or silenced, no control is taken.

    Exit code 0: one device was identified, certain or likely. 1: none, or several that cannot be told apart. 2: no
    line.
    """
    from pumpd.cli.devices.lines import driver_or_leave, link_of, link_or_leave, quiet_logs
    from pumpd.cli.devices.probing.search import NoLine, Search
    from pumpd.registry import drivers

    use_driver_files(driver_file)
    link = link_or_leave(link_of(port, receive_only))
    quiet_logs()
    candidates = [driver_or_leave(name) for name in driver] if driver else list(drivers().values())
    search = Search(link, seconds, ask_seconds, not link.receive_only, say=lambda words: print_lines([words], err=True))
    try:
        with contextlib.suppress(KeyboardInterrupt):  # what was found until then is told
            asyncio.run(search.run(candidates))
    except NoLine as error:
        could_not_run(str(error))
    if as_json:
        print_json(document(search))
    else:
        _print(search)
    if not search.verdict.identified:
        raise typer.Exit(PROBLEMS)


def document(search: Search) -> dict[str, Any]:
    """Everything as JSON."""
    found = search.verdict
    return {
        "link": str(search.link),
        "sure": found.sure.value,
        "driver": found.drivers[0] if found.identified else None,
        "candidates": list(found.drivers),
        "says": conclusion(search),
        "sent": [frame.hex(" ") for frame in search.sent],
        "findings": [_finding(one) for one in search.ranking],
    }


def _finding(one: Evidence) -> dict[str, Any]:
    return {
        "driver": one.info.name,
        "device": f"{one.info.vendor} {one.info.model}",
        "quality": one.info.quality,
        "sure": one.sure.value,
        "evidence": one.words(),
        "line": one.line or None,
        "asked": one.asked,
        "integrity": one.info.integrity.value,
        "frames": one.frames,
        "garbled": one.garbled,
        "heard_bytes": one.heard_bytes,
        "model": one.model,
        "serial": one.serial,
        "software": one.software,
    }


def _print(search: Search) -> None:
    from pumpd.cli.devices.probing.evidence import Sure

    understood = [one for one in search.ranking if one.sure.rank < Sure.NOTHING.rank or one.failed]
    if understood:
        table = new_table("", ("sure", "driver", "device", "line", "because"))
        for one in understood:
            name = f"{one.info.name} UNVERIFIED" if one.info.unverified else one.info.name
            device = f"{one.info.vendor} {one.info.model}"
            table.add_row(one.sure.value, name, device, one.line or "TCP", one.words())
        print_table(table)
    print_lines([conclusion(search), sent_words(search)])


def conclusion(search: Search) -> str:
    """One sentence: who it is and how sure, or what was heard instead."""
    from pumpd.cli.devices.probing.evidence import Sure, hint

    found: Verdict = search.verdict
    if not found.drivers:
        heard = max((one.heard_bytes for one in search.found), default=0)
        words = f"nothing understood ({heard} bytes heard)" if heard else "nothing was heard"
        return f"{words}: {hint(search.sample)}"
    best = search.ranking[0]
    if len(found.drivers) > 1:
        return f"{found.sure.value}, but cannot be told apart: {', '.join(found.drivers)}; compare what each decodes"
    if found.sure is Sure.POSSIBLE:
        return f"possible: {best.info.name} ({best.words()}): too little to be sure; probe again, longer"
    return f"{found.sure.value}: {best.info.name} ({best.words()})"


def sent_words(search: Search) -> str:
    """What left this computer: a person who stands beside an infusing pump wants to know."""
    if not search.sent:
        return "nothing was sent: it was only listened to"
    return f"sent: {several(len(search.sent), 'frame')}, all of them questions that change nothing"
