"""Deliberate kernel bugs. Each must be caught by the model check: a search that misses one is not looking.

A row: what the bug is, the module, the text that stands there once, and what it becomes.
"""

from __future__ import annotations

from tests.model.mutate import Mutant

MUTANTS = (
    # the stop that leaves before its step
    Mutant(
        "at once: at the ceiling counts as over",
        "reflex",
        "rate * conc > drug",
        "rate * conc >= drug",
    ),
    Mutant(
        "at once: a stop is repeated for every report of a pump that is being stopped",
        "reflex",
        "p.lock.state is InterlockState.ARMED\n",
        "p.lock.state is not InterlockState.ALARM_ONLY\n",
    ),
    Mutant(
        "at once: the device on the line is not asked who it is",
        "reflex",
        "    return mismatch(pump.serial, pump.model, said) is not None",
        "    return False",
    ),
    # ceilings
    Mutant(
        "over judged against the soft text only",
        "ceiling",
        "d, pump, p, pump.drug.hard if pump",
        "d, pump, p, pump.drug.soft if not pump",
    ),
    Mutant(
        "at the ceiling counts as over",
        "ceiling",
        "dose_rate_ng_h(rate_ul_h, conc_ug_ml) > limit",
        "dose_rate_ng_h(rate_ul_h, conc_ug_ml) >= limit",
    ),
    Mutant(
        "a pump whose mode is not understood is not judged",
        "ceiling",
        "None if report is None or report.infusing is False else",
        "None if report is None or report.infusing is not True else",
    ),
    Mutant(
        "missing weight taken as 1 kg",
        "ceiling",
        "    weight = d.patient.weight_g\n    if weight is None or unverifiable(d, pump):",
        "    weight = d.patient.weight_g or 1000\n    if False:",
    ),
    Mutant(
        "a breach is never sure",
        "ceiling",
        "return report.integrity is Integrity.CRC16 or reread or now >= over_ms + pump.poll_ms",
        "return False",
    ),
    Mutant(
        "a weak frame waits for a re-read for ever",
        "ceiling",
        " or reread or now >= over_ms + pump.poll_ms",
        " or reread",
    ),
    Mutant(
        "only the first breach is answered",
        "ceiling",
        "    return respond(d, pump, p) if p.over_sure else p",
        "    return p",
    ),
    Mutant(
        "the running dose is ignored, only requests are checked", "pump", "    p = ceiling.judge_hard(d, pump, p)\n", ""
    ),
    Mutant(
        "the soft ceiling is not asked at a request",
        "requests",
        "if drug.soft is not None and p.override is None and",
        "if False and",
    ),
    # interlock
    Mutant(
        "ack taken for verification",
        "interlock",
        "    (_S.TRIPPED, Move.ACK): _S.STOP_ACKED,",
        "    (_S.TRIPPED, Move.ACK): _S.STOP_VERIFIED,",
    ),
    Mutant("a status asked for before the ack verifies", "interlock", " or status.requested_ms <= lock.acked_ms:", ":"),
    Mutant(
        "an unsolicited status verifies",
        "interlock",
        "lock.acked_ms is None or status.requested_ms is None or status.infusing",
        "lock.acked_ms is None or status.infusing",
    ),
    Mutant(
        "verified whatever the status says",
        "interlock",
        "status.requested_ms is None or status.infusing is not False:\n        return p\n    if lock.state not in",
        "status.requested_ms is None:\n        return p\n    if lock.state not in",
    ),
    Mutant(
        "stop sent once",
        "interlock",
        "    return replace(lock, stop_due_ms=due_ms, orders=",
        "    return replace(lock, stop_due_ms=None, orders=",
    ),
    Mutant(
        "no repetition after the ack",
        "interlock",
        "if lock.stop_due_ms is not None and lock.stop_due_ms <= d.now:",
        "if lock.acked_ms is None and lock.stop_due_ms is not None and lock.stop_due_ms <= d.now:",
    ),
    Mutant(
        "a stop that is not confirmed is given up",
        "interlock",
        "STOPPING = frozenset({_S.TRIPPED, _S.STOP_ACKED, _S.STOP_UNCONFIRMED})",
        "STOPPING = frozenset({_S.TRIPPED, _S.STOP_ACKED})",
    ),
    Mutant(
        "a stop that may not leave to another pump waits its turn again when the right one is back",
        "interlock",
        "    if is_refused(pump, d.devices[pump.device]):\n        return lock\n",
        "    if is_refused(pump, d.devices[pump.device]):\n"
        "        return replace(lock, stop_due_ms=d.now + d.policy.times.stop_repeat_ms)\n",
    ),
    Mutant("never unconfirmed", "interlock", "    (_S.STOP_ACKED, Move.TIMEOUT): _S.STOP_UNCONFIRMED,\n", ""),
    Mutant(
        "a refused stop counts as acked",
        "interlock",
        "fact.outcome is not Outcome.DONE or fact.order_id",
        "fact.outcome is Outcome.UNKNOWN or fact.order_id",
    ),
    Mutant(
        "a pump started again after a stop is left alone",
        "interlock",
        "    (_S.STOP_VERIFIED, Move.TRIP): _S.TRIPPED,  # it infuses again: somebody pressed start\n",
        "",
    ),
    Mutant(
        "the trip re-arms by itself when verified",
        "interlock",
        "    (_S.STOP_ACKED, Move.VERIFY): _S.STOP_VERIFIED,",
        "    (_S.STOP_ACKED, Move.VERIFY): _S.ARMED,",
    ),
    Mutant("an order id is used twice", "state", "        self.order_n += 1\n", ""),
    # respiration
    Mutant(
        "< for <=",
        "rules",
        "    if term.op is Op.LT:\n        high = limit - 1",
        "    if term.op is Op.LT:\n        high = limit",
    ),
    Mutant(
        ">= for >",
        "rules",
        "    elif term.op is Op.GE:\n        low = limit",
        "    elif term.op is Op.GE:\n        low = limit + 1",
    ),
    Mutant(
        "missing counted as normal",
        "rules",
        "        if value is None:\n            truth = None",
        "        if value is None:\n            return False",
    ),
    Mutant(
        "a pending delay never ends",
        "doubtful",
        "old.active or now - since_ms >= delay_ms)",
        "old.active or now - since_ms > delay_ms + 10_000)",
    ),
    Mutant(
        "a respiratory interlock trips nothing",
        "breathing",
        "        return d.stop_rule\n",
        "        return None\n",
    ),
    Mutant(
        "a rule alarms only while its pump is armed",
        "kernel",
        "    found = rule_conditions(d, active, live) if active else {}",
        "    found = {}",
    ),
    # quality
    Mutant(
        "tick counted as heard",
        "quality",
        "    if device.lost or device.heard_ms is None or d.now - device.heard_ms < limit_ms:",
        "    if True:",
    ),
    Mutant(
        "stale shown",
        "look_vitals",
        "    if name not in EPISODIC and d.now - sample.at_ms >= withdraw_ms(d.policy.times, monitor):",
        "    if False:",
    ),
    Mutant(
        "a value survives a sensor that is off",
        "samples",
        "    return Sample(None, quality, now, None if old is None else old.good_ms, off_ms)",
        "    return Sample(old and old.value_milli, Quality.OK, now, None if old is None else old.good_ms, off_ms)",
    ),
    Mutant(
        "another pump's status is used",
        "pump",
        "    if is_refused(pump, d.devices[pump.device]):\n        forget(d, pump)\n        return\n",
        "",
    ),
    Mutant("a withdrawn signal is not told", "quality", "    if lost:\n", "    if False:\n"),
    Mutant("a sensor that is off is not told", "quality", "    if off:\n", "    if False:\n"),
    Mutant(
        "one signal speaks for another that does not depend on it",
        "quality",
        "if MEASURED_BY.get(name) not in missing)",
        "if name not in missing)",
    ),
    Mutant("occlusion ignored", "pump_alarms", "    if device.alarms:\n", "    if False:\n"),
    # alarms
    Mutant(
        "acknowledge clears an active alarm",
        "alarm_table",
        "(AlarmState.ACTIVE, Trigger.ACK): (AlarmState.ACKNOWLEDGED, Phase.ACKNOWLEDGE)",
        "(AlarmState.ACTIVE, Trigger.ACK): (AlarmState.ENDED, Phase.END)",
    ),
    Mutant(
        "latch forgotten",
        "alarm_table",
        "(AlarmState.ACTIVE, Trigger.FALL_LATCHING): (AlarmState.LATCHED, Phase.LATCH)",
        "(AlarmState.ACTIVE, Trigger.FALL_LATCHING): (AlarmState.ENDED, Phase.END)",
    ),
    Mutant(
        "a latched alarm does not say since when its condition is over",
        "alarm_table",
        "OVER = frozenset({AlarmState.LATCHED, AlarmState.ENDED})",
        "OVER = frozenset({AlarmState.ENDED})",
    ),
    Mutant(
        "a reset clears an alarm whose condition lasts",
        "people",
        "    elif found[1].state is not AlarmState.LATCHED:\n",
        "    elif False:\n",
    ),
    Mutant(
        "a new alarm does not break the audio pause",
        "alarm_table",
        "    breaks = (before, trigger) in BREAKS_AUDIO_PAUSE and d.audio_until_ms is not None",
        "    breaks = False",
    ),
    Mutant(
        "the audio pause never ends",
        "kernel",
        "    if d.audio_until_ms is not None and d.audio_until_ms <= d.now:\n        end_audio_pause(d)\n",
        "",
    ),
    Mutant("the old patient's alarms stay", "people", "        close_all(d)\n", ""),
    # time, restart, requests
    Mutant(
        "a tick judges nothing",
        "kernel",
        "        settle(d)\n        if type(event) is Tick:",
        "        if type(event) is Tick:",
    ),
    Mutant(
        "a deadline that does not move",
        "kernel",
        "if at is not None and at > now and",
        "if at is not None and",
    ),
    Mutant(
        "no deadline for the stop's repetition",
        "interlock",
        "    return [timeout, lock.stop_due_ms, lock.read_due_ms]",
        "    return [timeout, lock.read_due_ms]",
    ),
    Mutant(
        "a restart forgets an outstanding stop",
        "pump",
        "        lock = replace(lock, stop_due_ms=d.now)",
        "        lock = replace(lock, stop_due_ms=None)",
    ),
    Mutant(
        "resetting a trip asks for the old rate",
        "interlock",
        "    p = step_to(d, pump, p, Move.RESET, None)\n",
        "    from pumpd.safety.decisions import SetRate\n"
        "    d.out.append(SetRate(pump.device, d.order_id(), 7000, 70000, 'reset'))\n"
        "    p = step_to(d, pump, p, Move.RESET, None)\n",
    ),
)
