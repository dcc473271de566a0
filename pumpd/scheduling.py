"""Asks Linux to share the processors in short slices, and to wake the daemon's threads when they asked for it.

A thread that wakes waits until the running one has used up its slice, some milliseconds. The daemon's event loop and
the system's own workers, which carry the bytes of a line, wait for one another in that way: with short slices a stop
does not wait for milliseconds. Linux 6.12 and later; elsewhere nothing changes. Short slices are the loop's alone: a
journal's thread that had them too took its processor away from the loop each time that it was woken, for up to three
milliseconds and often beside an idle one. It steps back: it takes a processor that is free, or waits.

Where they share a processor Linux is fair: the journal's thread, which has used little, has its turn before the loop,
which has used much, and keeps it until the next tick, up to four milliseconds, beside an idle processor even. So it
asks for a small share. With 14 trips a second the loop waited, ready to run, for more than 300 us 11 times a second; 7
to 8 times since (with the smallest share, 6 times, but then a busy machine leaves next to nothing to the journal).

Linux also lets timers be late by 50 us, so that it need not wake so often. A thread that wants the interpreter's lock
waits for a time like that (daemon.SWITCH_INTERVAL_S) before it asks the thread that has it to let go, and does so after
each read and write. The event loop's thread asks exactly in time; the journal's has patience: it takes the lock when
the loop has nothing to do.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import threading
from contextlib import suppress

SLICE_US = 100
"""The shortest that Linux takes. Longer ones were measured to be worse (docs/bench.md), the default is milliseconds."""
EXACT_NS, PATIENT_NS = 1_000, 2_000_000
LITTLE = 10  # a nice value, a tenth of the usual share: with less a busy machine would starve the journal
_SET_TIMER_SLACK, _RESET_ON_FORK = 29, 1
_CALLS = {"x86_64": 314, "aarch64": 274, "riscv64": 274}
_ATTR = struct.Struct("=IIQiIQQQII")
"""struct sched_attr: size, policy, flags, nice, priority, runtime ns (of a normal thread: its slice), deadline, period,
two clamps."""


def short_slices(slice_us: int = SLICE_US) -> bool:
    """For this thread; those that it will start have none, nor a nice value below 0. Its policy and nice value stay.

    False: the system does not do it.
    """
    call = _CALLS.get(platform.machine())
    if call is None or not _is_plain():  # whoever runs it in another way knows why
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    attributes = _ATTR.pack(_ATTR.size, os.SCHED_OTHER, _RESET_ON_FORK, nice, 0, slice_us * 1000, 0, 0, 0, 0)
    return int(ctypes.CDLL(None).syscall(call, 0, attributes, 0)) == 0


def step_back() -> None:
    """This thread, and those that it will start, never take a processor from one that runs, have a small share of one
    that others want too, and their timers are late: for work that has time.

    Where the system does not do it, or somebody runs the thread in another way, it stays.
    """
    timer_slack(PATIENT_NS)
    if _is_plain():
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
            thread = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, thread, max(LITTLE, os.getpriority(os.PRIO_PROCESS, thread)))


def _is_plain() -> bool:
    return os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_OTHER


def timer_slack(slack_ns: int) -> bool:
    """Timers of this thread, and of those that it will start, may be late by this. False: not done."""
    return int(ctypes.CDLL(None).prctl(_SET_TIMER_SLACK, slack_ns, 0, 0, 0)) == 0
