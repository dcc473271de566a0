"""Deliberate bugs in what is believed of breathing; see tests.model.mutants."""

from __future__ import annotations

from tests.model.mutate import Mutant

BREATH_MUTANTS = (
    # held values
    Mutant("held counted as live", "samples", "    if silent or d.breath.held:\n", "    if False:\n"),
    Mutant(
        "the flag holds nothing",
        "samples",
        "    if flag is not None and flag.value_milli and flag.at_ms > stale_ms:\n",
        "    if False:\n",
    ),
    Mutant("the counter holds nothing", "samples", "    if count_ms < limit_ms:\n", "    if True:\n"),
    Mutant(
        "any count holds any rate",
        "samples",
        "contradicted = not rr_milli or count_ms * rr_milli > MS_PER_MIN * 1000",
        "contradicted = True",
    ),
    Mutant(
        "a rate of 0 taken for a held one",
        "samples",
        "if sample is not None and sample.value_milli:  #",
        "if sample is not None and sample.value_milli is not None:  #",
    ),
    Mutant(
        "a held value makes a pending delay begin anew",
        "doubtful",
        "    if doubted.keys().isdisjoint(needed) and held_signals(d).isdisjoint(needed):",
        "    if doubted.keys().isdisjoint(needed):",
    ),
    Mutant("another source speaks for a held value", "quality", "        if held:\n", "        if False:\n"),
    Mutant("a held value does not say so", "look_vitals", "why=HELD", "why=None"),
    Mutant(
        "a held value is a lost sensor",
        "samples",
        "    good_ms = sample.good_ms if trusted else since.since_ms",
        "    good_ms = since.since_ms",
    ),
    Mutant(
        "no breath is unwatched breathing",
        "bed_alarms",
        "    if d.breath.held and sees_no_breath(d):\n",
        "    if False:\n",
    ),
    # jumps
    Mutant(
        "a jump delays an alarm for as long as it is far",
        "samples",
        "min(change * 1000 // milli_per_s, d.policy.breathing.jump_max_ms)",
        "change * 1000 // milli_per_s",
    ),
    Mutant(
        "a jump delays no breath",
        "doubtful",
        "not d.breath.doubts or not_breathing(d, live) or abnormal_co2(d, live)",
        "not d.breath.doubts or abnormal_co2(d, live)",
    ),
    Mutant("a rate that falls to 0 is doubted", "doubtful", ' or live.get("rr") == 0', ""),
    Mutant("abnormal EtCO2 ends no doubt", "doubtful", " or abnormal_co2(d, live):", ":"),
    Mutant(
        "no deadline for the end of a doubt",
        "kernel",
        "    if d.breath.doubts or d.breath.differ:\n",
        "    if d.breath.differ:\n",
    ),
    Mutant("the old patient's values doubt the next one's", "people", "doubts={}, assessed={}", "assessed={}"),
    # sources
    Mutant("sources are not compared", "advisories", "    if len(d.policy.monitors) > 1:\n", "    if False:\n"),
    Mutant(
        "a disagreement of a moment is told",
        "advisories",
        "None if since is None or d.now - since.since_ms < limits.difference_ms else",
        "None if since is None else",
    ),
    Mutant(
        "a disagreement that is over counts on",
        "advisories",
        "        if widest(d, amount) is not None:\n",
        "        if widest(d, amount) is not None or amount.signal in before:\n",
    ),
    Mutant(
        "an advisory ends an alarm about the patient",
        "kernel",
        "    found.update(advisories(d))\n",
        "    found = advisories(d) or found\n",
    ),
    Mutant("capnography is no answer on oxygen", "advisories", "or not given.on or sees_co2(d):", "or not given.on:"),
    Mutant(
        "oxygen advises nothing", "advisories", "    if given is None or not given.on", "    if True or not given.on"
    ),
    # assessments and episodes
    Mutant(
        "a slow source is stale between its reports", "freshness", "times.vitals_live_reports * monitor.period_ms", "0"
    ),
    Mutant(
        "a slow source is believed for minutes",
        "freshness",
        "times.vitals_live_reports * monitor.period_ms",
        "20 * monitor.period_ms",
    ),
    Mutant("POSS ignored", "quality", "    if d.breath.assessed:\n", "    if False:\n"),
    Mutant("the old patient's POSS stays", "people", "assessed={}, oxygen=None,", "oxygen=None,"),
    Mutant(
        "nobody's assessment is taken",
        "assessments",
        "    reasons = unnamed(event.by) + score_reasons(event)",
        "    reasons = score_reasons(event)",
    ),
    Mutant("asleep is no assessment", "assessments", "    if event.asleep:\n", "    if False:\n"),
    Mutant(
        "the next patient inherits the episodes",
        "people",
        "assessed={}, oxygen=None, runs={}, episodes=0",
        "assessed={}, oxygen=None",
    ),
    Mutant(
        "an episode is counted again and again",
        "episodes",
        "begins = goes_on and not going",
        "begins = fulfilled(runs)",
    ),
    Mutant("an episode is not told", "episodes", "        if goes_on is not going:", "        if going:"),
    Mutant("episodes are not counted", "respiration", "    count_episodes(d, live, watch.criteria)\n", ""),
    Mutant(
        "a quiet value ends nothing",
        "respiration",
        "    if not d.rules and not d.breath.runs and is_quiet(live, watch):",
        "    if is_quiet(live, watch):",
    ),
)
