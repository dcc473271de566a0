"""Recorded vitals through the real safety kernel in virtual time: which alarms, when, how long."""

from pumpd.evaluation.recording import Recording, RecordingError, read_recording
from pumpd.evaluation.run import Episode, Evaluation, bench_policy, evaluate

__all__ = ["Episode", "Evaluation", "Recording", "RecordingError", "bench_policy", "evaluate", "read_recording"]
