"""`python -m pumpd.sim.conformance DRIVER --captures FOLDER`: the kit for a driver of any installed package.

Exit code 0: it conforms; 1: it does not, with what is wrong; 2: the kit could not run.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import structlog

from pumpd.registry import broken, drivers
from pumpd.sim.catalog import CATALOG
from pumpd.sim.conformance.captures import CapturesError
from pumpd.sim.conformance.case import Case, case_of
from pumpd.sim.conformance.checks import CHECKS


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pumpd.sim.conformance", description="The conformance kit.")
    parser.add_argument("driver", help="its name, as in `pumpd devices drivers`")
    parser.add_argument("--captures", type=Path, required=True, help="the folder of its *.txt captures")
    parser.add_argument("--only", metavar="CHECK", help="one check by name")
    chosen = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # lines are cut on purpose
    case = _case(chosen.driver, chosen.captures)
    if isinstance(case, str):
        sys.stderr.write(f"{case}\n")
        return 2
    return 1 if _run(case, chosen.only) else 0


def _case(name: str, captures: Path) -> Case | str:
    """The driver's case, or why there is none."""
    driver, model = drivers().get(name), CATALOG.get(name)
    if driver is None:
        why = next((f": {one.reason}" for one in broken() if one.name == name), "")
        return f"no driver {name!r} in the entry-point group pumpd.drivers{why}"
    if model is None:
        return f"no simulator {name!r} in the entry-point group pumpd.simulators"
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
