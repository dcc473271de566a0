"""The second judge: hl7apy's tables of HL7 v2, in a process of its own (`python -m pumpd_hl7.judge`).

hl7apy needs tens of milliseconds for a message, minutes for some, and its tables lack what the device profiles use:
it is asked for what they hold, and what they do not hold is said. Segments are judged one by one
(`find_groups=False`: grouping silently drops the segments that a structure does not know), the structure only where
grouping kept them all. One JSON list of texts on standard input, one line of JSON for each on standard output.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pumpd.gateways import Finding

START_S, EACH_S = 30.0, 10.0
_WHERE = re.compile(r"\b([A-Z][A-Z0-9]{2})_(\d+)")
_KNOWN_GAPS = ("not in table HL70125",)  # its table of value types is the one of 2.3, without CWE
_STANDARD = {
    "SEGMENT": "\r",
    "GROUP": "\r",
    "FIELD": "|",
    "COMPONENT": "^",
    "SUBCOMPONENT": "&",
    "REPETITION": "~",
    "ESCAPE": "\\",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What hl7apy says of one message; unjudged: what it could not look at."""

    findings: tuple[Finding, ...]
    unjudged: str = ""


def judge(texts: Sequence[str]) -> list[Judged]:
    """Asks a new process. One that is still busy when its time is over has judged nothing more. Raises OSError where
    it cannot be run at all.
    """
    if not texts:
        return []
    command = [sys.executable, "-m", __name__]
    limit_s = START_S + EACH_S * len(texts)
    try:
        done = subprocess.run(command, input=json.dumps(list(texts)).encode(), capture_output=True, timeout=limit_s)  # noqa: S603, PLW1510
        said, why = done.stdout, done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    except subprocess.TimeoutExpired as late:
        said, why = late.stdout or b"", f"not done within {limit_s:g} s"
    lines = [_read(json.loads(line)) for line in said.rpartition(b"\n")[0].splitlines()]  # whole ones alone
    if not lines and "No module named" in why:
        raise OSError(f"hl7apy cannot be run: {why}")
    return lines + [Judged((), f"hl7apy gave up: {why}")] * (len(texts) - len(lines))


def _read(row: dict[str, Any]) -> Judged:
    return Judged(tuple(Finding(**finding) for finding in row["findings"]), row["unjudged"])


def main() -> None:
    """The process itself."""
    for text in json.load(sys.stdin):
        print(json.dumps(asdict(judge_here(text))), flush=True)  # noqa: T201 - it is what is said to the parent


def judge_here(text: str) -> Judged:
    """In this process: blocks. text: with standard delimiters."""
    lines = [line for line in text.split("\r") if line]
    version = (lines[0].split("|") + [""] * 12)[11].split("^")[0]
    findings: list[Finding] = []
    unknown: set[str] = set()
    counted: dict[str, int] = {}
    for line in lines:
        name = line[:3]
        counted[name] = counted.get(name, 0) + 1
        try:
            findings += _segment(line, name, counted[name], version)
        except Exception as error:  # noqa: BLE001 - whatever its tables do not hold comes as any exception
            unknown.add(f"{name} ({type(error).__name__})")
    structure, why = _structure("\r".join(lines), len(lines))
    unjudged = [f"no table for {' '.join(sorted(unknown))}"] * bool(unknown) + [why] * bool(why)
    return Judged(tuple(findings) + tuple(structure), "; ".join(unjudged))


def _segment(line: str, name: str, sequence: int, version: str) -> list[Finding]:
    from hl7apy.consts import VALIDATION_LEVEL  # noqa: PLC0415 - in the process that needs it alone
    from hl7apy.parser import parse_segment  # noqa: PLC0415
    from hl7apy.validation import Validator  # noqa: PLC0415

    parsed = parse_segment(line, version, _STANDARD, VALIDATION_LEVEL.TOLERANT)
    return _reported(lambda file: Validator.validate(parsed, report_file=file), name, sequence)


def _structure(text: str, count: int) -> tuple[list[Finding], str]:
    """Which segments are missing or too many: (findings, why it could not be told)."""
    from hl7apy.parser import parse_message  # noqa: PLC0415

    try:
        parsed = parse_message(text, find_groups=True)
        if sum(1 for line in parsed.to_er7().split("\r") if line) != count:
            return [], "its structure table does not hold every segment"
        found = _reported(lambda file: parsed.validate(report_file=file), "MSH", 1)
    except Exception as error:  # noqa: BLE001 - it has no structure for ORU_R40 and raises AttributeError, and others
        return [], f"no structure ({type(error).__name__})"
    return [one for one in found if one.rule == "hl7apy.structure"], ""


def _reported(validate: Callable[[str], object], name: str, sequence: int) -> list[Finding]:
    """What it writes into its report: it raises the first error only."""
    from hl7apy.exceptions import ValidationError, ValidationWarning  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report"
        with contextlib.suppress(ValidationError, ValidationWarning):
            validate(str(report))
        lines = report.read_text(encoding="utf-8").splitlines()
    return [_finding(line, name, sequence) for line in lines if line and not any(gap in line for gap in _KNOWN_GAPS)]


def _finding(line: str, name: str, sequence: int) -> Finding:
    kind, _, text = line.partition(": ")
    found = _WHERE.search(text)
    rule = "hl7apy.structure" if "child" in text and found is None else "hl7apy"
    field = int(found[2]) if found is not None and found[1] == name else 0
    return Finding(name, sequence, field, rule, text[:250], "error" if kind == "Error" else "warning")


if __name__ == "__main__":
    main()
