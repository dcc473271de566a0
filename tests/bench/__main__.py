"""`python -m tests.bench [names] [--quick] [--minutes M]`: every goal beside its limit, in one interleaved run.

Names: stop_path links ingest hl7_reader hl7_server parser mixed kernel pk journal lateness device_lost alarm_latency
(all by default), and soak by itself.
Prints one table, writes .bench/report.md and .bench/report.json; ends with 1 if a goal fails.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable

from tests.bench import (
    alarm_latency,
    device_lost,
    frames,
    hl7_reader,
    hl7_server,
    ingest,
    journal,
    lateness,
    links,
    mixed,
    parser,
    pk,
    soak,
    stop_path,
)
from tests.bench.daemon import ROOT
from tests.bench.report import Row, foreign_cpu, markdown, save

Bench = Callable[[bool, float], list[Row]]
BENCHES: dict[str, Bench] = {
    "stop_path": lambda quick, _: stop_path.run(stop_path.QUICK if quick else stop_path.FULL),
    "links": lambda quick, _: links.run(2, 2.0) if quick else links.run(),
    "ingest": lambda quick, _: ingest.run(2, 3.0) if quick else ingest.run(),
    "hl7_reader": lambda quick, _: hl7_reader.run(2 if quick else 7),
    "hl7_server": lambda quick, _: hl7_server.run(2, 1000) if quick else hl7_server.run(),
    "parser": lambda quick, _: parser.run(3 if quick else 7) + frames.run(3 if quick else 7),
    "mixed": lambda quick, _: mixed.run(1, 8.0) if quick else mixed.run(),
    "kernel": lambda quick, _: parser.run_kernel(2 if quick else 5),
    "pk": lambda quick, _: pk.run(3 if quick else 9),
    "journal": lambda quick, _: journal.measure(100, 20, 10) if quick else journal.measure(100, 60, 40),
    "lateness": lambda quick, _: lateness.run(1, 8.0) if quick else lateness.run(),
    "device_lost": lambda quick, _: device_lost.run(10, 2) if quick else device_lost.run(),
    "alarm_latency": lambda quick, _: alarm_latency.run(gap_s=0.05) if quick else alarm_latency.run(),
}
ALONE: dict[str, Bench] = {"soak": lambda _, minutes: soak.run(minutes)}


def main() -> int:
    read = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    read.add_argument("names", nargs="*", choices=[*BENCHES, *ALONE, []], help="which benches (default: all but soak)")
    read.add_argument("--quick", action="store_true", help="fewer rounds and seconds: a check of the bench itself")
    read.add_argument("--minutes", type=float, default=10.0, help="of soak")
    asked = read.parse_args()
    rows: list[Row] = []
    for name in asked.names or BENCHES:
        began = time.monotonic()
        print(f"{name} (load average {foreign_cpu():.2f}, {os.cpu_count()} cores)", flush=True)
        rows += (BENCHES | ALONE)[name](asked.quick, asked.minutes)
        print(f"  took {time.monotonic() - began:.0f} s", flush=True)
    print("\n" + markdown(rows))
    save(rows, ROOT / ".bench")
    return int(any(row.verdict == "FAIL" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
