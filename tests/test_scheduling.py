"""Short slices of the processors: asked for, and nothing else about the thread changes."""

from __future__ import annotations

import ctypes
import os
import platform
import threading
from dataclasses import dataclass, field

from pumpd import scheduling

READ = {"x86_64": 315, "aarch64": 275, "riscv64": 275}


def slice_ns() -> int:
    """What the system says of this thread: 0 where it knows no slices."""
    room = ctypes.create_string_buffer(scheduling._ATTR.size)
    assert ctypes.CDLL(None).syscall(READ[platform.machine()], 0, room, len(room), 0) == 0
    return int(scheduling._ATTR.unpack(room.raw)[5])


@dataclass
class Found:
    asked: bool | None = None
    before: tuple[int, int, int] = (0, 0, 0)
    after: tuple[int, int, int] = (0, 0, 0)
    child_ns: list[int] = field(default_factory=list)


def look() -> tuple[int, int, int]:
    return os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK, os.getpriority(os.PRIO_PROCESS, 0), slice_ns()


def ask(found: Found) -> None:
    found.before = look()
    found.asked = scheduling.short_slices()
    found.after = look()
    child = threading.Thread(target=lambda: found.child_ns.append(slice_ns()))
    child.start()
    child.join()


def in_a_thread_of_its_own(policy: int) -> Found:
    found = Found()

    def run() -> None:
        os.sched_setscheduler(0, policy, os.sched_param(0))
        ask(found)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found


def test_a_thread_gets_short_slices_for_itself_alone_and_keeps_its_policy_and_its_nice_value() -> None:
    found = in_a_thread_of_its_own(os.SCHED_OTHER)
    assert found.asked is True
    assert found.after[:2] == found.before[:2]
    if found.before[2] > 0:  # the system knows slices
        assert found.after[2] == scheduling.SLICE_US * 1000
        assert found.child_ns == [found.before[2]]


def test_a_thread_that_somebody_runs_in_another_way_is_left_as_it_is() -> None:
    found = in_a_thread_of_its_own(os.SCHED_BATCH)
    assert found.asked is False
    assert found.after == found.before


def test_a_thread_that_steps_back_takes_no_processor_from_another_nor_do_those_that_it_starts() -> None:
    found: list[tuple[int, int, int]] = []
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def look_back() -> None:
        nice = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        found.append((os.sched_getscheduler(0), nice, slack_ns()))

    def run() -> None:
        scheduling.step_back()
        look_back()
        child = threading.Thread(target=look_back)
        child.start()
        child.join()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [(os.SCHED_BATCH, scheduling.LITTLE, scheduling.PATIENT_NS)] * 2
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before, "this thread stays as it is"


def slack_ns() -> int:
    return int(ctypes.CDLL(None).prctl(30, 0, 0, 0, 0))


def test_timers_of_a_thread_and_of_those_that_it_starts_are_as_exact_as_it_asked() -> None:
    found: list[int | bool] = []

    def run() -> None:
        found.append(scheduling.timer_slack(scheduling.EXACT_NS))
        found.append(slack_ns())
        child = threading.Thread(target=lambda: found.append(slack_ns()))
        child.start()
        child.join()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [True, scheduling.EXACT_NS, scheduling.EXACT_NS]
