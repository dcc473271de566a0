"""Recorded vitals through the real kernel in virtual time: which alarms, when, how long; two profiles compared."""

from pumpd.evaluation.columns import Recording, RecordingError
from pumpd.evaluation.recording import read_recording
from pumpd.evaluation.run import Episode, Evaluation, bench_policy, evaluate

__all__ = ["Episode", "Evaluation", "Recording", "RecordingError", "bench_policy", "evaluate", "read_recording"]
