"""The times file into the values that the kernel and the shell take."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import Any

from pumpd.config.defaults import default_dir
from pumpd.config.model import LinkTimes, ShellTimes
from pumpd.config.problems import Problem
from pumpd.config.read import MISSING, Parsed
from pumpd.config.times_file import TimesFile
from pumpd.safety.policy import Times

_UNWATCHED = {
    "jump": "no [breathing.jump]: values that change faster than they can are believed at once",
    "disagree": "no [breathing.disagree]: two sources that contradict each other are not told of",
    "episode": "no [[breathing.episode]]: episodes of respiratory depression are not counted",
}


def times_warnings(times: Parsed[TimesFile]) -> list[Problem]:
    """What a times file, perhaps of an earlier version, leaves out: allowed, but a person should know."""
    table = times.record.breathing
    left_out = [words for part, words in _UNWATCHED.items() if not getattr(table, part, None)]
    return [times.source.problem(("breathing",), f"{words}; pumpd's own times.toml has it") for words in left_out]


def with_defaults(problems: list[Problem]) -> list[Problem]:
    """The same; where a key is missing it says what pumpd's own times.toml has there."""
    own = tomllib.loads((default_dir() / "times.toml").read_text(encoding="utf-8"))
    return [_with_default(problem, own) for problem in problems]


def _with_default(problem: Problem, own: dict[str, Any]) -> Problem:
    value: Any = own
    *tables, key = problem.key.split(".")
    for table in tables:
        value = value.get(table, {}) if isinstance(value, dict) else {}
    if problem.message != MISSING or not isinstance(value, dict) or not isinstance(value.get(key), str | int):
        return problem
    shown = f'"{value[key]}"' if isinstance(value[key], str) else value[key]
    return replace(problem, message=f"{MISSING}; pumpd's own times.toml has {key} = {shown}")


def kernel_times(times: TimesFile) -> Times:
    """What the kernel takes."""
    kernel = times.kernel
    return Times(
        vitals_live_ms=kernel.vitals_live,
        vitals_withdraw_ms=kernel.vitals_withdraw,
        pump_stale_polls=kernel.pump_stale_polls,
        pump_stale_min_ms=kernel.pump_stale_min,
        stop_repeat_ms=kernel.stop_repeat,
        stop_unconfirmed_ms=kernel.stop_unconfirmed,
        verify_read_ms=kernel.verify_read,
        soft_override_max_ms=kernel.soft_override_max,
        monitoring_lost_ms=kernel.monitoring_lost,
        resume_steady_ms=kernel.resume_steady,
        resume_valid_ms=kernel.resume_valid,
        stop_flight_ms=kernel.stop_flight,
        infusion_ends_ms=kernel.infusion_ends,
        vitals_live_reports=kernel.vitals_live_reports,
        vitals_withdraw_reports=kernel.vitals_withdraw_reports,
    )


def link_times(times: TimesFile) -> LinkTimes:
    """What the links take."""
    links = times.links
    return LinkTimes(
        backoff_first_ms=links.backoff_first,
        backoff_max_ms=links.backoff_max,
        connect_timeout_ms=links.connect_timeout,
        silent_reopen_ms=links.silent_reopen,
        write_buffer_bytes=links.write_buffer_bytes,
    )


def shell_times(times: TimesFile) -> ShellTimes:
    """What the daemon takes."""
    shell = times.shell
    return ShellTimes(
        durable_ms=shell.durable,
        checkpoint_ms=shell.checkpoint,
        kernel_late_ms=shell.kernel_late,
        late_clear_ms=shell.late_clear,
        restart_first_ms=shell.restart_first,
        restart_max_ms=shell.restart_max,
        drain_ms=shell.drain,
        unwatched_ms=shell.unwatched,
        silent_ms=shell.silent,
        clock_step_ms=shell.clock_step,
        clock_shown_ms=shell.clock_shown,
        outbox_stuck_ms=shell.outbox_stuck,
    )
