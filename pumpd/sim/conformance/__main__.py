"""`python -m pumpd.sim.conformance DRIVER --captures FOLDER`: the kit for a driver of any installed package.

Exit code 0: it conforms; 1: it does not, with what is wrong; 2: the kit could not run.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path
from random import Random

import structlog

from pumpd.registry import broken, drivers
from pumpd.sim.catalog import BROKEN, CATALOG
from pumpd.sim.conformance.captures import CapturesError
from pumpd.sim.conformance.case import Case, case_of
from pumpd.sim.conformance.checks import CHECKS
from pumpd.sim.conformance.fuzz import Fuzz


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pumpd.sim.conformance", description="The conformance kit.")
    parser.add_argument("driver", help="its name, as in `pumpd devices drivers`")
    parser.add_argument("--captures", type=Path, required=True, help="the folder of its *.txt captures")
    parser.add_argument("--only", metavar="CHECK", help="one check by name")
    parser.add_argument("--fuzz", type=float, metavar="SECONDS", help="instead: broken bytes for so long")
    parser.add_argument("--seed", default="1", help="of the broken bytes")
    chosen = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # lines are cut on purpose
    case = _case(chosen.driver, chosen.captures)
    if isinstance(case, str):
        sys.stderr.write(f"{case}\n")
        return 2
    if chosen.fuzz is not None:
        return 1 if _fuzz(case, chosen.fuzz, chosen.seed) else 0
    return 1 if _run(case, chosen.only) else 0


def _fuzz(case: Case, seconds: float, seed: str) -> list[str]:
    """False claims; what a driver raises is raised."""
    fuzz, end_s = Fuzz(case), time.monotonic() + seconds
    while time.monotonic() < end_s:
        try:
            fuzz.run(Random(f"{seed} {fuzz.tally.runs}"))
        except Exception as error:
            error.add_note(f"seed {seed}, run {fuzz.tally.runs - 1}")
            raise
    false = fuzz.tally.too_many(case.info.integrity)
    sys.stdout.write(
        f"{case.name}: {fuzz.tally.runs} connections, {fuzz.tally.frames} frames, {len(false)} false claims\n"
    )
    sys.stdout.writelines(f"        {one}\n" for one in false[:5])
    return false


def _case(name: str, captures: Path) -> Case | str:
    """The driver's case, or why there is none."""
    driver, model = drivers().get(name), CATALOG.get(name)
    if driver is None:
        why = next((f": {one.reason}" for one in broken() if one.name == name), "")
        return f"no driver {name!r} in the entry-point group pumpd.drivers{why}"
    if model is None:
        why = f": {BROKEN[name]}" if name in BROKEN else ""
        return f"no simulator {name!r} in the entry-point group pumpd.simulators{why}"
    try:
        return case_of(driver, captures, model)
    except CapturesError as error:
        return str(error)


def _run(case: Case, only: str | None) -> int:
    """How many checks failed; says each."""
    failed = 0
    for check in CHECKS:
        if not check.applies(case) or only not in (None, check.name):
            continue
        findings = check.findings(case)
        failed += bool(findings)
        sys.stdout.write(f"{'FAILED' if findings else 'passed'}  {check.name}: {check.text}\n")
        sys.stdout.writelines(f"        {finding}\n" for finding in findings)
    sys.stdout.write(f"{case.name}: {failed} checks failed\n" if failed else f"{case.name} conforms\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
