"""`pumpd doctor`: looks at everything that a ward needs, and says what to do. Changes nothing, opens no serial line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pumpd.cli.common import inspect_or_leave, print_json, print_lines
from pumpd.cli.doctor.finding import Finding, exit_code, fail, ok, warn

if TYPE_CHECKING:
    from pumpd.config.load import Loaded

Config = Annotated[Path, typer.Option("--config", metavar="FILE", help="The ward file; see `pumpd check`.")]
Call = Annotated[bool, typer.Option("--call/--no-call", help="Connect to TCP lines that nobody here has.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def doctor(config: Config, as_json: AsJson = False, call: Call = True) -> None:
    """Look at ports, rights, clock, disk, database, broker, certificates and sign-in of a ward. Changes nothing.

    A TCP line that nobody on this machine has is connected to for a moment, and nothing is sent; one that is held
    (by the daemon that runs) is left alone, since such ports take one caller only. No serial line is opened.

    Run it as the user that the daemon runs as. Exit code 0: all is as it should be. 1: warnings. 2: something fails.
    """
    findings = examined(inspect_or_leave(config), call=call)
    if as_json:
        rows = [{"area": f.area, "level": str(f.level), "said": f.said, "do": f.todo} for f in findings]
        print_json({"exit_code": exit_code(findings), "findings": rows})
    else:
        print_lines(map(_line, findings))
    raise typer.Exit(exit_code(findings))


def _line(finding: Finding) -> str:
    todo = f"\n        -> {finding.todo}" if finding.todo else ""
    return f"{finding.level.upper():4}  {finding.area}: {finding.said}{todo}"


def examined(loaded: Loaded, *, call: bool = True) -> list[Finding]:
    """Everything, the ward file first. Without one that can be read only the machine is looked at."""
    from pumpd.cli.doctor import broker, certificates, lines, machine, site

    found = [fail("ward file", str(problem), "pumpd check says the same") for problem in loaded.problems]
    found += [warn("ward file", str(warning), "see there") for warning in loaded.warnings]
    ward = loaded.ward
    if ward is None:
        return [*found, *machine.clock(), *machine.limits(0)]
    found.append(ok("ward file", f"{len(ward.beds)} beds, {sum(len(bed.devices) for bed in ward.beds)} devices"))
    for name in ward.unverified:
        found.append(warn("ward file", f"driver {name} is UNVERIFIED", "its values are not to be relied on"))
    keep_free = 0 if ward.capture is None else ward.capture.keep_free_bytes
    found += [*machine.clock(), *machine.disk(site.journal_folder(ward), keep_free)]
    found += [
        *machine.limits(sum(len(bed.devices) for bed in ward.beds)),
        *lines.lines(ward, call=call),
        lines.page(ward.server),
    ]
    found += [*site.database(ward), *site.secrets(ward.access_folder)]
    if ward.bus is not None:
        found += broker.broker(ward.bus, ward.beds[0].id)
    return [*found, *certificates.certificates(ward)]
