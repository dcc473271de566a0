"""Deliberate bugs in the shortcut of a quiet frame: it passes over what it must not.

Most of what it asks is asked twice over (a rate above the ceiling is another rate, or was told already), so that one
question less changes nothing here; tests/safety/test_glance.py asks about each, and about what is remembered as calm.
"""

from __future__ import annotations

from tests.model.mutate import Mutant

GLANCE_MUTANTS = (
    Mutant("glance: another rate", "glance", "report.rate_ul_h != status.rate_ul_h or ", ""),
    Mutant(
        "glance: a stop under way, a change that nobody has seen", "quiet_status", "not is_calm_pump(p, pump) or ", ""
    ),
    Mutant("glance: a value beyond its quiet span", "quiet_vitals", "not low <= value <= high or ", ""),
    Mutant("glance: what a monitor said is in no state", "quiet_frame", "samples[name] = samples_of(monitor)", "pass"),
    Mutant(
        "glance: a pump's report is in no state", "quiet_frame", "pumps[name] = reported(pump, pumps[name])", "pass"
    ),
    Mutant("glance: values stay fresh for longer", "calm_policy", "fresh_ms = min(", "fresh_ms = max("),
)
