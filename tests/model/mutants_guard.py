"""Deliberate bugs in starting again after a stop, in unwatched breathing and in opioid pumps (INT-03, 07, 08)."""

from __future__ import annotations

from tests.model.mutate import Mutant

GUARD_MUTANTS = (
    Mutant(
        "reset implies resume",
        "interlock",
        ", resume=Resume.NEEDED if needs_resume(pump) else Resume.NOT_NEEDED",
        "",
    ),
    Mutant(
        "a start without a resume is left alone",
        "resume",
        "        return interlock.trip(d, pump, p, WITH",
        "        return p\n        (d, pump, p, WITH",
    ),
    Mutant("a resume is granted without asking the vital signs", "resume", "    found += vital_reasons(d)\n", ""),
    Mutant(
        "a resume is granted while a rule is pending",
        "resume",
        "    return [rule for rule in known if rule.interlock or any(",
        "    return [rule for rule in known if False and any(",
    ),
    Mutant(
        "a rule that could stop the pump does not restart the wait",
        "resume",
        "if rule.interlock or any(term",
        "if any(term",
    ),
    Mutant("a moment in limits is enough", "resume", "and steady_ms < wanted_ms:", "and steady_ms < 0:"),
    Mutant(
        "a gap in the vital signs does not restart the wait",
        "resume",
        "        if name not in live:\n            return False\n",
        "        if name not in live:\n            continue\n",
    ),
    Mutant("a resume is granted without a dose", "resume", "    found += ceiling.unverifiable(d, pump)\n", ""),
    Mutant(
        "a resume is granted before the reset",
        "resume",
        "    found = lock_reasons(pump, p)\n",
        "    found: list[str] = []\n",
    ),
    Mutant(
        "a resume is granted to another pump",
        "resume",
        '        found.append("the device on the line is not the configured one")\n    if not p.live:\n',
        "        pass\n    if False:\n",
    ),
    Mutant("a permission never expires", "resume", "until_ms is None or until_ms <= d.now", "until_ms is None"),
    Mutant(
        "a permission survives that breathing stops",
        "resume",
        "timed_out or refused or d.stop_rule is not None or breathing.is_unwatched(d)",
        "timed_out or refused",
    ),
    Mutant(
        "a permission survives the patient",
        "people",
        "        lock = without_permission(p.lock)\n",
        "        lock = p.lock\n",
    ),
    Mutant(
        "a pump that cannot be stopped any more and runs without a resume is not told",
        "pump_alarms",
        "if p.lock.resume is not Resume.NEEDED or p.report",
        "if True or p.lock.resume is not Resume.NEEDED or p.report",
    ),
    Mutant(
        "the site's stop when breathing is unwatched is ignored",
        "breathing",
        "    return unwatched_stop(d, pump) if d.blind_ms",
        "    return None if d.blind_ms",
    ),
    Mutant(
        "breathing unwatched stops pumps where the site wants an alarm",
        "breathing",
        "d.policy.monitoring_lost is not MonitoringLost.STOP or",
        "False or",
    ),
    Mutant(
        "breathing unwatched is not told", "bed_alarms", "    if is_unwatched(d) and drug_runs(d):\n", "    if False:\n"
    ),
    Mutant(
        "an opioid pump is not stopped", "breathing", "    return with_opioids and pump", "    return False and pump"
    ),
    Mutant(
        "an opioid pump is stopped although the site says no",
        "breathing",
        "    with_opioids = d.policy.respiratory_stop is RespiratoryStop.KETAMINE_AND_OPIOIDS\n",
        "    with_opioids = True\n",
    ),
)
