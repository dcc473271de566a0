"""`pumpd check`: is this ward file right, and what does it mean for each bed?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pumpd.cli.common import PROBLEMS, as_json, inspect_or_leave, new_table, print_json, print_lines, print_table

if TYPE_CHECKING:
    from pumpd.config.model import BedConfig, WardConfig
    from pumpd.safety.policy import BedPolicy, Limit, PumpPolicy, Rule

WardFile = Annotated[Path, typer.Argument(metavar="FILE", help="The ward file, for example config/ward.toml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def check(file: WardFile, as_json_document: AsJson = False) -> None:
    """Validate a ward file and all it names; print effective ceilings, response times and enforcement levels.

    Exit code 0: it may run. 1: problems, one `file:line: key: message` each. 2: there is no such file.
    """
    loaded = inspect_or_leave(file)
    if as_json_document:
        print_json(
            {
                "ok": loaded.ward is not None,
                "problems": [as_json(p) for p in loaded.problems],
                "warnings": [as_json(w) for w in loaded.warnings],
                **(ward_meaning(loaded.ward) if loaded.ward else {}),
            }
        )
    else:
        print_lines(loaded.problems)
        if loaded.ward is not None:
            _print_ward(loaded.ward)
        print_lines(f"warning: {w}" for w in loaded.warnings)
    if loaded.ward is None:
        raise typer.Exit(PROBLEMS)


def ward_meaning(ward: WardConfig) -> dict[str, Any]:
    """What the files mean, bed by bed."""
    return {
        "ward": ward.id,
        "library": ward.library,
        "files": dict(ward.files),
        "not_enforced": "bolus limits, dose caps and pump limits of the library are recorded, not enforced yet",
        "beds": [bed_meaning(bed, ward.signal_delay_ms) for bed in ward.beds],
    }


def bed_meaning(bed: BedConfig, signal_delay_ms: int) -> dict[str, Any]:
    policy = bed.policy
    return {
        "id": bed.id,
        "label": bed.label,
        "pumps": [_pump_meaning(pump, signal_delay_ms) for pump in policy.pumps],
        "monitors": [{"id": m.device, "driver": m.driver, "period_s": m.period_ms / 1000} for m in policy.monitors],
        "rules": [rule_meaning(rule, policy, signal_delay_ms) for rule in policy.profile.rules],
    }


def _pump_meaning(pump: PumpPolicy, signal_delay_ms: int) -> dict[str, Any]:
    drug = pump.drug
    return {
        "id": pump.device,
        "driver": pump.driver,
        "drug": None if drug is None else drug.label,
        "concentration_mg_ml": None if pump.concentration_ug_ml is None else pump.concentration_ug_ml / 1000,
        "hard": None if drug is None else _limit_meaning(drug.hard),
        "soft": None if drug is None else _limit_meaning(drug.soft),
        "enforcement": str(pump.enforcement),
        "response_s": (pump.poll_ms + signal_delay_ms) / 1000,
    }


def _limit_meaning(limit: Limit | None) -> dict[str, Any] | None:
    return None if limit is None else {"mg_kg_h": limit.ug_kg_h / 1000, "set_by": limit.set_by}


def rule_meaning(rule: Rule, policy: BedPolicy, signal_delay_ms: int) -> dict[str, Any]:
    """Total response time = condition delay + the monitor's period + pumpd's own signal delay (RSP-10)."""
    period_ms = max((m.period_ms for m in policy.monitors), default=None)
    missing = missing_signals(rule, policy)
    total = None if period_ms is None or missing else (rule.delay_ms + period_ms + signal_delay_ms) / 1000
    return {
        "rule": rule.id,
        "priority": str(rule.priority),
        "interlock": rule.interlock,
        "delay_s": rule.delay_ms / 1000,
        "monitor_period_s": None if period_ms is None else period_ms / 1000,
        "signal_delay_s": signal_delay_ms / 1000,
        "total_s": total,
        "missing": missing,
    }


def missing_signals(rule: Rule, policy: BedPolicy) -> list[str]:
    """Signals without which the rule can never fire at this bed."""
    reported = {signal for monitor in policy.monitors for signal in monitor.signals}
    missing = [term.signal for term in rule.all_of if term.signal not in reported]
    if rule.any_of and all(term.signal not in reported for term in rule.any_of):
        missing += [term.signal for term in rule.any_of]
    return list(dict.fromkeys(missing))


def _print_ward(ward: WardConfig) -> None:
    meaning = ward_meaning(ward)
    typer.echo(f"{ward.path}: ward {ward.id}, {len(ward.beds)} beds, {ward.library}")
    for bed in meaning["beds"]:
        typer.echo(f"\n{bed['id']} ({bed['label']})")
        for pump in bed["pumps"]:
            print_lines(_pump_lines(pump))
    for beds, rules in _same_rules(meaning["beds"]):
        _print_rules(beds, rules)
    typer.echo(f"\nnote: {meaning['not_enforced']}")


def _pump_lines(pump: dict[str, Any]) -> list[str]:
    drug = pump["drug"] or "no drug"
    strength = "" if pump["concentration_mg_ml"] is None else f" {pump['concentration_mg_ml']:g} mg/mL"
    level = "ALARM ONLY" if pump["enforcement"] == "alarm" else pump["enforcement"]
    lines = [f"  {pump['id']}  {pump['driver']}  {drug}{strength}  enforcement: {level}"]
    for key in ("hard", "soft"):
        if pump[key] is not None:
            lines.append(f"    {key} ceiling {pump[key]['mg_kg_h']:g} mg/kg/h, set by {pump[key]['set_by']}")
    lines.append(f"    a breach is seen within {pump['response_s']:g} s (status poll + signal delay)")
    return lines


def _same_rules(beds: list[dict[str, Any]]) -> list[tuple[list[str], list[dict[str, Any]]]]:
    """Beds whose rules respond alike are shown together."""
    groups: list[tuple[list[str], list[dict[str, Any]]]] = []
    for bed in beds:
        for names, rules in groups:
            if rules == bed["rules"]:
                names.append(bed["id"])
                break
        else:
            groups.append(([bed["id"]], bed["rules"]))
    return groups


def _print_rules(beds: list[str], rules: list[dict[str, Any]]) -> None:
    table = new_table(
        f"Total response time of each rule: {', '.join(beds)}",
        ("rule", "priority", "interlock"),
        ("delay s", "+ monitor s", "+ signal s", "= total s"),
    )
    for rule in rules:
        total = f"{rule['total_s']:g}" if rule["total_s"] is not None else f"never: no {', '.join(rule['missing'])}"
        period = "" if rule["monitor_period_s"] is None else f"{rule['monitor_period_s']:g}"
        stop = "stop" if rule["interlock"] else ""
        table.add_row(
            rule["rule"], rule["priority"], stop, f"{rule['delay_s']:g}", period, f"{rule['signal_delay_s']:g}", total
        )
    print_table(table)
