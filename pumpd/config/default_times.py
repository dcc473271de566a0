"""The default times, for tools that judge recordings without a ward."""

from __future__ import annotations

from pumpd.config.breathing_file import breathing
from pumpd.config.defaults import default_dir
from pumpd.config.read import read_record
from pumpd.config.times import kernel_times
from pumpd.config.times_file import TimesFile
from pumpd.safety.policy import Breathing, Times, WeightRange


def default_times() -> tuple[Times, WeightRange]:
    """Kernel times and weight range of the default times.toml. Raises ValueError when that file is damaged."""
    record = _default_file()
    return kernel_times(record), WeightRange(record.weight.min, record.weight.max)


def default_breathing() -> Breathing:
    """How the default times.toml has respiratory values believed. Raises ValueError when that file is damaged."""
    return breathing(_default_file().breathing)


def _default_file() -> TimesFile:
    parsed = read_record(default_dir() / "times.toml", TimesFile)
    if isinstance(parsed, list):
        raise ValueError("; ".join(str(problem) for problem in parsed))
    return parsed.record
