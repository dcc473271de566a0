"""Deliberate bugs in accounting for doses, in caps, infusions, two channels, over-infusion (CEI-09, CEI-11, DOS-04)."""

from __future__ import annotations

from tests.model.mutate import Mutant

DOSE_MUTANTS = (
    Mutant(
        "a mark does not end the counter's run",
        "dose",
        "    closed = replace(dose, low_nl=low_nl, anchor_ul=dose.count_ul, run_rate_nl=0, ",
        "    closed = replace(dose, ",
    ),
    Mutant(
        "what flows before a concentration is named counts as that concentration",
        "dose",
        "        straddles=straddles or done.straddles,\n",
        "",
    ),
    Mutant(
        "a counter's jump counts beside the rate",
        "dose",
        "        0 if ahead_nl <= 0 else ahead_nl if ahead_nl < dose.step_nl else dose.step_nl,",
        "        max(0, dose.step_nl),",
    ),
    Mutant(
        "what flowed before the report that begins it is not of the infusion",
        "infusions",
        "    mark = mark or d.given.opening or take_mark(d)\n",
        "    mark = take_mark(d)\n",
    ),
    Mutant("a pause never ends", "infusions", "    elif d.now - current.paused_ms >= ends_ms(d):", "    elif False:"),
    Mutant(
        "the next infusion begins with each start",
        "infusions",
        "    if last is not None and last.capped is not None and not may_follow(d):",
        "    if False and last is not None:",
    ),
    Mutant(
        "a pause is the end of an infusion",
        "infusions",
        "        put(d, replace(current, paused_ms=d.now, phase=P.PAUSED, why=why))\n",
        "        end(d, current, P.COMPLETED, why)\n        return\n",
    ),
    Mutant(
        "one pump that stands still is a pause",
        "infusions",
        "    return not any(is_governed(pump) and last_heard_running(",
        "    return not all(is_governed(pump) and last_heard_running(",
    ),
    Mutant(
        "the cap of an infusion is not judged",
        "caps",
        "        (INFUSION, caps.per_infusion, None if",
        "        (INFUSION, None, None if",
    ),
    Mutant(
        "the cap of a course is not judged",
        "caps",
        "        (COURSE, caps.per_course, course,",
        "        (COURSE, None, course,",
    ),
    Mutant(
        "at least is held against the cap",
        "caps",
        "span for span in found if span.given[1] + flight >= span.cap_ng",
        "span for span in found if span.given[0] + flight >= span.cap_ng",
    ),
    Mutant(
        "a cap alarms and stops nothing",
        "pump",
        "        cause = caps.stop_cause(d, pump, p)\n",
        "        cause = None\n",
    ),
    Mutant(
        "what flows while the stop is in flight is forgotten",
        "caps",
        "    return -(-flow * d.policy.times.stop_flight_ms // MS_PER_H)\n",
        "    return 0\n",
    ),
    Mutant(
        "a cap waits for the next poll",
        "accounting",
        "        caps_ms,\n        channels",
        "        None,\n        channels",
    ),
    Mutant(
        "a report is passed over however much was given",
        "flow",
        "        and dose.high_nl < flow.level_nl\n",
        "",
    ),
    Mutant("nothing warns of a cap", "caps", "percent >= caps[1].warn_percent", "percent > 100"),
    Mutant(
        "a cap stops only the pump that was heard first",
        "caps",
        "not ceiling.is_governed(pump) or not last_heard_running(p):",
        "pump is not d.policy.pumps[0] or not last_heard_running(p):",
    ),
    Mutant(
        "a resume is granted after a cap",
        "resume",
        "    found += caps.forbids(d, pump)\n",
        "",
    ),
    Mutant(
        "a dose by hand is not counted",
        "given",
        "    return sum(\n        dose.ng for dose",
        "    return 0 * sum(\n        dose.ng for dose",
    ),
    Mutant(
        "the window slides too far",
        "given",
        "        high_from = before[-1]\n",
        "        high_from = (after or before)[0]\n",
    ),
    Mutant(
        "the window forgets at the wrong end",
        "given",
        "    low_from = after[0] if after else Mark(d.now, *total)\n",
        "    low_from = (before or after)[-1]\n",
    ),
    Mutant(
        "the next patient has the last one's doses",
        "people",
        '        patient_leaves(d, "the patient left")\n',
        "        pass\n",
    ),
    Mutant(
        "another concentration changes what was given before",
        "dose",
        "    done = close_run(dose, dose.count_ul)\n",
        "    return replace(dose, conc_ug_ml=conc_ug_ml)\n    done = close_run(dose, dose.count_ul)\n",
    ),
    Mutant(
        "the second pump is not told of",
        "channels",
        '    found = {"d/two_channels": ',
        '    found = {} and {"d/two_channels": ',
    ),
    Mutant(
        "each pump has a ceiling of its own",
        "channels",
        "    return sum_ng_h(d, pumps) > limit_ng_h(limit.ug_kg_h, weight_g)\n",
        "    return False\n",
    ),
    Mutant(
        "the sum stops no pump",
        "caps",
        "    return given.stop or given.sum_stop\n",
        "    return given.stop\n",
    ),
    Mutant(
        "at the ceiling together is above it",
        "channels",
        "    return sum_ng_h(d, pumps) > limit_ng_h(",
        "    return sum_ng_h(d, pumps) * 2 > limit_ng_h(",
    ),
    Mutant(
        "over-infusion is not noticed",
        "infusion_error",
        "        if programmed and (counted - step_nl) * 100",
        "        if False and (counted - step_nl) * 100",
    ),
    Mutant(
        "a counter that moves in jumps is an error",
        "infusion_error",
        "    if (counted + step_nl) * 100 < programmed * (100 - protocol.under_percent):",
        "    if counted * 99 < programmed * 100:",
    ),
    Mutant(
        "a change of what flows is not told",
        "flow",
        "    if shown(new) != shown(before):\n        tell(d, pump)\n",
        "",
    ),
)
