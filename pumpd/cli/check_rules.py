"""What `pumpd check` says about alarm rules: their total response times at a bed, or a profile by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pumpd.cli.common import new_table, print_table

if TYPE_CHECKING:
    from pumpd.config.response import Response
    from pumpd.safety.policy import AlarmProfile, BedPolicy, Rule

NUMBERS = ("delay s", "+ monitor s", "+ signal s", "= total s", "from last breath s")


def rules_meaning(policy: BedPolicy, signal_delay_ms: int) -> list[dict[str, Any]]:
    """Each rule's total response time at this bed (RSP-10)."""
    from pumpd.config.response import responses

    return [_response_meaning(one) for one in responses(policy, signal_delay_ms)]


def _response_meaning(one: Response) -> dict[str, Any]:
    return {
        **rule_meaning(one.rule),
        "sources": {signal: list(monitors) for signal, monitors in one.sources.items()},
        "monitor": one.slowest,
        "monitor_period_s": None if one.slowest is None else one.period_ms / 1000,
        "signal_delay_s": one.signal_delay_ms / 1000,
        "total_s": _seconds(one.total_ms),
        "max_s": _seconds(one.max_ms),
        "too_slow": one.too_slow,
        "monitor_waits_itself": one.waits,
        "monitor_wait_s": _seconds(one.wait_ms),
        "from_last_breath_s": _seconds(one.from_last_breath_ms),
        "missing": list(one.missing),
        "stands_in_for": list(one.stands_in_for),
    }


def rule_meaning(rule: Rule) -> dict[str, Any]:
    """A rule as its file says it."""
    return {
        "rule": rule.id,
        "condition": rule.condition,
        "when": rule_words(rule),
        "priority": str(rule.priority),
        "interlock": rule.interlock,
        "delay_s": rule.delay_ms / 1000,
    }


def rule_words(rule: Rule) -> str:
    """ "rr < 8 and (spo2 < 90 or etco2 > 50)"."""
    from pumpd.config.profile_checks import words

    said = " and ".join(words(term) for term in rule.all_of)
    if rule.any_of:
        said += f" and ({' or '.join(words(term) for term in rule.any_of)})"
    return f"{said}, without {' and '.join(rule.absent)}" if rule.absent else said


def profile_meaning(profile: AlarmProfile) -> dict[str, Any]:
    """A profile by itself: its rules and its ladder, without a bed's monitors."""
    return {
        "profile": profile.id,
        "escalation": [{"to": step.to, "after_s": step.after_ms / 1000} for step in profile.escalation],
        "audio_pause_max_s": profile.audio_pause_max_ms / 1000,
        "rules": [rule_meaning(rule) for rule in profile.rules],
    }


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def print_responses(title: str, rules: list[dict[str, Any]]) -> None:
    table = new_table(
        f"Total response time of each rule: {title}", ("rule", "priority", "interlock", "monitor"), NUMBERS
    )
    for rule in rules:
        table.add_row(
            rule["rule"],
            rule["priority"],
            "stop" if rule["interlock"] else "",
            _monitor_words(rule),
            _number(rule["delay_s"]),
            _number(rule["monitor_period_s"]),
            _number(rule["signal_delay_s"]),
            _total_words(rule),
            _breath_words(rule),
        )
    print_table(table)


def _monitor_words(rule: dict[str, Any]) -> str:
    if rule["monitor"] is not None:
        return str(rule["monitor"])
    return "" if rule["missing"] else "a person"


def _total_words(rule: dict[str, Any]) -> str:
    if rule["total_s"] is None:
        return f"never: no {', '.join(rule['missing'])}"
    notes = [f"at most {rule['max_s']:g}"] if rule["too_slow"] else []
    if rule["stands_in_for"]:
        notes.append("stand-in")
    return f"{rule['total_s']:g}" + (f" ({', '.join(notes)})" if notes else "")


def _breath_words(rule: dict[str, Any]) -> str:
    if not rule["monitor_waits_itself"] or rule["total_s"] is None:
        return ""
    known = rule["from_last_breath_s"]
    return f"{rule['total_s']:g} + monitor's own" if known is None else f"{known:g}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def print_profile(meaning: dict[str, Any]) -> None:
    table = new_table(f"alarm profile {meaning['profile']}", ("rule", "priority", "interlock", "when"), ("delay s",))
    for rule in meaning["rules"]:
        stop = "stop" if rule["interlock"] else ""
        table.add_row(rule["rule"], rule["priority"], stop, rule["when"], _number(rule["delay_s"]))
    print_table(table)
