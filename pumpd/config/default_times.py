"""The default times, for tools that judge recordings without a ward."""

from __future__ import annotations

from pumpd.config.defaults import default_dir
from pumpd.config.read import read_record
from pumpd.config.site_files import TimesFile
from pumpd.config.times import kernel_times
from pumpd.safety.policy import Times, WeightRange


def default_times() -> tuple[Times, WeightRange]:
    """Kernel times and weight range of the default times.toml. Raises ValueError when that file is damaged."""
    parsed = read_record(default_dir() / "times.toml", TimesFile)
    if isinstance(parsed, list):
        raise ValueError("; ".join(str(problem) for problem in parsed))
    weight = parsed.record.weight
    return kernel_times(parsed.record), WeightRange(weight.min, weight.max)
