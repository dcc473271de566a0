"""`pumpd check`: is this ward file right, and what does it mean for each bed?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pumpd.cli.check_access import provider_lines, provider_meaning
from pumpd.cli.check_hl7 import hl7_lines, hl7_meaning
from pumpd.cli.check_mqtt import mqtt_lines, mqtt_meaning
from pumpd.cli.check_protocol import cap_lines, caps_meaning, initial_line, print_protocols, protocol_meaning
from pumpd.cli.check_rules import print_profile, print_responses, profile_meaning, rules_meaning
from pumpd.cli.common import PROBLEMS, as_json, could_not_run, inspect_or_leave, print_json, print_lines
from pumpd.cli.driver_files import DriverFiles, use_driver_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpd.config.load import Loaded
    from pumpd.config.model import BedConfig, WardConfig
    from pumpd.config.profile import LoadedProfile
    from pumpd.safety.limits import Limit
    from pumpd.safety.policy import BedPolicy, MonitorPolicy, PumpPolicy, Times

NOT_JUDGED = (
    "of the library, bolus limits, the lower soft limit and the pump's own limits are recorded, not judged; "
    "what a bolus delivers counts in every cap"
)
WardFile = Annotated[Path, typer.Argument(metavar="FILE", help="A ward file (config/ward.toml) or an alarm profile.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def check(file: WardFile, as_json_document: AsJson = False, driver_file: DriverFiles = None) -> None:
    """Validate a ward file and all it names; print effective ceilings, response times and enforcement levels.

    An alarm profile may be checked by itself. Exit code 0: it may be used. 1: problems, one
    `file:line: key: message` each. 2: there is no such file, or it is a drug library.
    """
    use_driver_files(driver_file)
    if is_alarm_profile(file):
        from pumpd.config.profile import inspect_profile

        profile = inspect_profile(file)
        meaning = profile_meaning(profile.profile) if profile.profile else None
        _tell(profile, meaning, print_profile, as_json_document)
        return
    if is_library(file):
        could_not_run(f"{file} is a drug library, not a ward file: pumpd library check {file}")
    loaded = inspect_or_leave(file)
    _tell(loaded, ward_meaning(loaded.ward) if loaded.ward else None, _print_ward, as_json_document)


def is_alarm_profile(path: Path) -> bool:
    """Whether the file holds alarm rules rather than a ward."""
    from pumpd.config.problems import Problem
    from pumpd.config.read import read_toml

    read = read_toml(path)
    return not isinstance(read, Problem) and "rule" in read[0] and not {"ward", "bed"} & set(read[0])


def is_library(path: Path) -> bool:
    """Whether the file is a drug library rather than a ward."""
    from pumpd.config.problems import Problem
    from pumpd.config.read import read_toml

    read = read_toml(path)
    return not isinstance(read, Problem) and "care_area" in read[0] and not {"ward", "bed"} & set(read[0])


def _tell(
    loaded: Loaded | LoadedProfile,
    meaning: dict[str, Any] | None,
    show: Callable[[dict[str, Any]], None],
    as_json_document: bool,
) -> None:
    """Problems, what the file means where it has none, warnings. Leaves with exit code 1 where there is a problem."""
    if as_json_document:
        problems, warnings = map(as_json, loaded.problems), map(as_json, loaded.warnings)
        print_json({"ok": meaning is not None, "problems": [*problems], "warnings": [*warnings], **(meaning or {})})
    else:
        print_lines(loaded.problems)
        if meaning is not None:
            show(meaning)
        print_lines(f"warning: {w}" for w in loaded.warnings)
    if meaning is None:
        raise typer.Exit(PROBLEMS)


def ward_meaning(ward: WardConfig) -> dict[str, Any]:
    """What the files mean, bed by bed."""
    return {
        "path": str(ward.path),
        "ward": ward.id,
        "library": ward.library,
        "files": dict(ward.files),
        "not_enforced": NOT_JUDGED,
        "captures": _capture_meaning(ward),
        "identity_provider": provider_meaning(ward),
        "hl7": None if ward.hl7 is None else hl7_meaning(ward.hl7),
        "mqtt": None if ward.bus is None else mqtt_meaning(ward.bus),
        "beds": [bed_meaning(bed, ward.signal_delay_ms) for bed in ward.beds],
    }


def _capture_meaning(ward: WardConfig) -> dict[str, Any] | None:
    """Where raw bytes of the lines are kept, and how much of the disk they take at most."""
    from pumpd.config.remote import REMOTE

    kept = ward.capture
    if kept is None:
        return None
    devices = sum(device.driver != REMOTE for bed in ward.beds for device in bed.devices)
    most_bytes = kept.bytes_per_file * kept.files_per_device * devices
    return {"directory": str(kept.directory), "most_bytes": most_bytes, "keep_free_bytes": kept.keep_free_bytes}


def bed_meaning(bed: BedConfig, signal_delay_ms: int) -> dict[str, Any]:
    policy = bed.policy
    return {
        "id": bed.id,
        "label": bed.label,
        "alarms": policy.profile.id,
        "pumps": [_pump_meaning(pump, signal_delay_ms) for pump in policy.pumps],
        "interlock": _interlock_meaning(policy),
        "protocol": None if policy.protocol is None else protocol_meaning(policy.protocol),
        "monitors": [_monitor_meaning(monitor, policy.times) for monitor in policy.monitors],
        "rules": rules_meaning(policy, signal_delay_ms),
        "jump_delay_max_s": policy.breathing.jump_max_ms / 1000 if policy.breathing.jumps else 0.0,
    }


def _interlock_meaning(policy: BedPolicy) -> dict[str, Any]:
    """What breathing stops here, and what a resume requires (INT-03, INT-07, INT-08)."""
    return {
        "respiratory_stop": str(policy.respiratory_stop),
        "monitoring_lost": str(policy.monitoring_lost),
        "monitoring_lost_s": policy.times.monitoring_lost_ms / 1000,
        "resume_vitals": list(policy.resume_vitals),
        "resume_steady_s": policy.times.resume_steady_ms / 1000,
    }


def _interlock_lines(interlock: dict[str, Any]) -> list[str]:
    lost = "alarms and stops ketamine" if interlock["monitoring_lost"] == "stop" else "alarms"
    vitals = " and ".join(interlock["resume_vitals"])
    resume = f"{vitals} in limits for {interlock['resume_steady_s']:g} s" if vitals else "a named person and a reason"
    return [
        f"  respiratory rules stop: {interlock['respiratory_stop']}",
        f"  no respiratory source for {interlock['monitoring_lost_s']:g} s: {lost}",
        f"  resume after a stop: {resume}",
    ]


def _monitor_meaning(monitor: MonitorPolicy, times: Times) -> dict[str, Any]:
    from pumpd.safety.freshness import live_ms, withdraw_ms

    return {
        "id": monitor.device,
        "driver": monitor.driver,
        "unverified": monitor.unverified,
        "tap": monitor.tap,
        "period_s": monitor.period_ms / 1000,
        "live_s": live_ms(times, monitor) / 1000,
        "withdrawn_s": withdraw_ms(times, monitor) / 1000,
        "no_breath_s": None if monitor.no_breath_ms is None else monitor.no_breath_ms / 1000,
    }


def _pump_meaning(pump: PumpPolicy, signal_delay_ms: int) -> dict[str, Any]:
    drug = pump.drug
    return {
        "id": pump.device,
        "driver": pump.driver,
        "unverified": pump.unverified,
        "tap": pump.tap,
        "drug": None if drug is None else drug.label,
        "concentration_mg_ml": None if pump.concentration_ug_ml is None else pump.concentration_ug_ml / 1000,
        "hard": None if drug is None else _limit_meaning(drug.hard),
        "soft": None if drug is None else _limit_meaning(drug.soft),
        "initial": None if drug is None else _limit_meaning(drug.initial),
        "caps": None if drug is None or drug.caps is None else caps_meaning(drug.caps),
        "enforcement": str(pump.enforcement),
        "response_s": (pump.poll_ms + signal_delay_ms) / 1000,
    }


def _limit_meaning(limit: Limit | None) -> dict[str, Any] | None:
    return None if limit is None else {"mg_kg_h": limit.ug_kg_h / 1000, "set_by": limit.set_by}


def _print_ward(meaning: dict[str, Any]) -> None:
    typer.echo(f"{meaning['path']}: ward {meaning['ward']}, {len(meaning['beds'])} beds, {meaning['library']}")
    for bed in meaning["beds"]:
        typer.echo(f"\n{bed['id']} ({bed['label']})  alarms: {bed['alarms']}")
        for pump in bed["pumps"]:
            print_lines(_pump_lines(pump))
        if bed["pumps"]:
            print_lines(_interlock_lines(bed["interlock"]))
    print_protocols(meaning["beds"])
    for title, rules in _same_rules(meaning["beds"]):
        print_responses(title, rules)
    if jump_s := max((bed["jump_delay_max_s"] for bed in meaning["beds"]), default=0):
        typer.echo(f"\nnote: a value that jumps implausibly may alarm up to {jump_s:g} s later (RSP-06)")
    typer.echo(f"\nnote: {meaning['not_enforced']}")
    if kept := meaning["captures"]:
        most = (
            f"{kept['most_bytes'] / 1_000_000:g} MB at most, {kept['keep_free_bytes'] / 1_000_000:g} MB are kept free"
        )
        typer.echo(f"note: raw bytes of every line are kept in {kept['directory']}: {most}")
    print_lines(provider_lines(meaning["identity_provider"]))
    if meaning["hl7"]:
        print_lines(hl7_lines(meaning["hl7"]))
    if meaning["mqtt"]:
        print_lines(mqtt_lines(meaning["mqtt"]))


def _pump_lines(pump: dict[str, Any]) -> list[str]:
    drug = pump["drug"] or "no drug"
    strength = "" if pump["concentration_mg_ml"] is None else f" {pump['concentration_mg_ml']:g} mg/mL"
    level = "ALARM ONLY" if pump["enforcement"] == "alarm" else pump["enforcement"]
    lines = [f"  {pump['id']}  {_driver_words(pump)}  {drug}{strength}  enforcement: {level}"]
    for key in ("hard", "soft"):
        if pump[key] is not None:
            lines.append(f"    {key} ceiling {pump[key]['mg_kg_h']:g} mg/kg/h, set by {pump[key]['set_by']}")
    lines += cap_lines(pump["caps"], pump["enforcement"]) + initial_line(pump["initial"])
    lines.append(f"    a breach is seen within {pump['response_s']:g} s (status poll + signal delay)")
    return lines


def _driver_words(device: dict[str, Any]) -> str:
    marks = (("unverified", " UNVERIFIED"), ("tap", " (listening only)"))
    return str(device["driver"]) + "".join(words for mark, words in marks if device[mark])


def _same_rules(beds: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Beds whose rules respond alike are shown together; monitors differ by name only, so their drivers are named."""
    groups: list[tuple[list[str], str, list[dict[str, Any]]]] = []
    for bed in beds:
        names = {monitor["id"]: _driver_words(monitor) for monitor in bed["monitors"]}
        rules = [_with_drivers(rule, names) for rule in bed["rules"]]
        for ids, profile, known in groups:
            if (profile, known) == (bed["alarms"], rules):
                ids.append(bed["id"])
                break
        else:
            groups.append(([bed["id"]], bed["alarms"], rules))
    return [(f"{', '.join(ids)} (alarms: {profile})", rules) for ids, profile, rules in groups]


def _with_drivers(rule: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    sources = {signal: [names[monitor] for monitor in monitors] for signal, monitors in rule["sources"].items()}
    return {**rule, "monitor": names.get(rule["monitor"]), "sources": sources}
