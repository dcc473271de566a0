"""Ward screens that look at the daemon while something else is measured: fanscreens.c, for they are other machines.

Screens in Python would take a tenth of the processors that the daemon needs, in pieces of half a millisecond.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.bench.daemon import TOKEN

HERE = Path(__file__).parent
FOR_EVER_S = 86_400
SLOTS = 65_536  # of the file of times, which nobody fills here


class Screens:
    """`number` screens on 127.0.0.1:port that read and acknowledge, from now until `end`. They sign in with TOKEN."""

    def __init__(self, folder: Path, port: int, number: int) -> None:
        """folder: for the program and its file. Raises CalledProcessError or FileNotFoundError without a C compiler."""
        program, times = folder / "fanscreens", folder / "times"
        compiler = os.environ.get("CC", "cc")
        subprocess.run([compiler, "-O2", "-o", str(program), str(HERE / "fanscreens.c")], check=True)
        times.write_bytes(bytes(8 * SLOTS))
        command = [str(program), str(port), str(number), "0", "1", "0", str(FOR_EVER_S), str(times)]
        env = os.environ | {"SCREENS_TOKEN": os.environ[TOKEN]}
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=env, preexec_fn=_give_way)  # noqa: PLW1509

    def end(self) -> None:
        """Raises RuntimeError if they ended before: then nothing was measured beside screens."""
        left = self._process.poll()
        self._process.kill()
        self._process.wait()
        if left is not None:
            raise RuntimeError(f"the screens ended by themselves: {left}")


def _give_way() -> None:
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
