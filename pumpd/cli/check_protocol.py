"""What `pumpd check` says about dose caps and the protocol: every number with who set it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pumpd.cli.common import print_lines

if TYPE_CHECKING:
    from pumpd.safety.limits import Cap, DoseCaps, Limit
    from pumpd.safety.protocol_policy import Observation, ProtocolPolicy, VitalRange

S_PER_H = 3600
S_PER_MIN = 60


def caps_meaning(caps: DoseCaps) -> dict[str, Any]:
    """CEI-09: the effective caps of a pump's drug; null: no such cap."""
    return {
        "per_infusion": _cap(caps.per_infusion),
        "per_course": _cap(caps.per_course),
        "per_window": _cap(caps.per_window),
        "window_s": caps.window_ms / 1000,
        "warn_percent": caps.warn_percent,
    }


def _cap(cap: Cap | None) -> dict[str, Any] | None:
    return None if cap is None else {"mg_kg": cap.ug_kg / 1000, "set_by": cap.set_by}


def _limit(limit: Limit) -> dict[str, Any]:
    return {"mg_kg_h": limit.ug_kg_h / 1000, "set_by": limit.set_by}


def cap_lines(caps: dict[str, Any] | None, enforcement: str) -> list[str]:
    """One line for each cap; a pump that is ALARM ONLY is not stopped by one."""
    if caps is None:
        return []
    acts = "alarms" if enforcement == "alarm" else "stops"
    spans = {"per_infusion": "infusion", "per_course": "course", "per_window": _time(caps["window_s"])}
    return [
        f"    cap per {span} {caps[key]['mg_kg']:g} mg/kg, set by {caps[key]['set_by']}; "
        f"warns at {caps['warn_percent']} %, {acts} on reaching it"
        for key, span in spans.items()
        if caps[key] is not None
    ]


def initial_line(initial: dict[str, Any] | None) -> list[str]:
    """The usual first rate, which a rate in a mixed-up unit is known by."""
    if initial is None:
        return []
    return [f"    usually begins with {initial['mg_kg_h']:g} mg/kg/h, set by {initial['set_by']}"]


def protocol_meaning(policy: ProtocolPolicy) -> dict[str, Any]:
    """What the protocol binds at this bed."""
    return {
        "id": policy.id,
        "version": policy.version,
        "approved_by": policy.approved_by or None,
        "set_by": policy.set_by,
        "max_infusions": policy.max_infusions,
        "course_s": policy.course_ms / 1000,
        "pause_ends_s": policy.pause_ends_ms / 1000,
        "extra_infusion": "stop" if policy.extra_stop else "alarm",
        "start": _limit(policy.start),
        "step": _limit(policy.step),
        "step_interval_s": policy.step_interval_ms / 1000,
        "start_vitals": [_vital(vital) for vital in policy.start_vitals],
        "observations": [_observation(one) for one in policy.observations],
        "observation_grace_s": policy.observation_grace_ms / 1000,
        "nrs_every_s": policy.nrs_every_ms / 1000,
        "nrs_grace_s": policy.nrs_grace_ms / 1000,
        "adjunct_required": policy.adjunct_required,
        "adjuncts": list(policy.adjuncts),
        "benzodiazepine_s": policy.benzodiazepine_ms / 1000,
        "contraindications": list(policy.contraindications),
        "overridable": [str(rule) for rule in policy.overridable],
        "sub_anaesthetic": {
            "low_mg_kg": policy.sub_anaesthetic_low_ug_kg / 1000,
            "high_mg_kg": policy.sub_anaesthetic_high_ug_kg / 1000,
            "source": policy.sub_anaesthetic_source,
        },
        **_display_meaning(policy),
        **_delivery_meaning(policy),
    }


def _display_meaning(policy: ProtocolPolicy) -> dict[str, Any]:
    level = policy.predicted_pg_ml
    return {
        "predicted_ng_ml": None if level is None else level / 1000,
        "routes": [
            {
                "route": route.route,
                "bioavailability_percent": route.bioavailability_ppm / 10_000,
                "absorption_per_h": route.absorption_per_h_milli / 1000,
                "window_percent": route.window_ppm / 10_000,
                "source": route.source,
            }
            for route in policy.routes
        ],
    }


def _delivery_meaning(policy: ProtocolPolicy) -> dict[str, Any]:
    return {
        "over": {
            "percent": policy.over_percent,
            "after_s": policy.over_ms / 1000,
            "ml_h": policy.over_ul_h / 1000,
            "ml_h_after_s": policy.over_ul_h_ms / 1000,
        },
        "under": {"percent": policy.under_percent, "after_s": policy.under_ms / 1000},
    }


def _vital(vital: VitalRange) -> dict[str, Any]:
    low, high = vital.low_milli, vital.high_milli
    return {
        "signal": vital.signal,
        "low": None if low is None else low / 1000,
        "high": None if high is None else high / 1000,
    }


def _observation(one: Observation) -> dict[str, Any]:
    return {"until_s": None if one.until_ms is None else one.until_ms / 1000, "every_s": one.every_ms / 1000}


def print_protocols(beds: list[dict[str, Any]]) -> None:
    """Each protocol once, with the beds where it holds as it stands there."""
    groups: list[tuple[list[str], dict[str, Any] | None]] = []
    for bed in beds:
        known = next((ids for ids, meaning in groups if meaning == bed["protocol"]), None)
        if known is None:
            groups.append(([bed["id"]], bed["protocol"]))
        else:
            known.append(bed["id"])
    for ids, meaning in groups:
        lines = ["no course is kept"] if meaning is None else _protocol_lines(meaning)
        print_lines([f"\nProtocol: {', '.join(ids)}", *(f"  {line}" for line in lines)])


def _protocol_lines(meaning: dict[str, Any]) -> list[str]:
    band, over, under = meaning["sub_anaesthetic"], meaning["over"], meaning["under"]
    beyond = "stopped" if meaning["extra_infusion"] == "stop" else "an alarm"
    approved = meaning["approved_by"] or "nobody yet"
    adjunct = "one of" if meaning["adjunct_required"] else "not required, known are"
    return [
        f"{meaning['set_by']}, version {meaning['version']}, approved by {approved}, sets:",
        f"course: at most {meaning['max_infusions']} infusions in {_time(meaning['course_s'])}, "
        f"one beyond is {beyond}; a pause of more than {_time(meaning['pause_ends_s'])} ends an infusion",
        f"titration: start with at most {meaning['start']['mg_kg_h']:g} mg/kg/h, then steps of at most "
        f"{meaning['step']['mg_kg_h']:g} mg/kg/h, {_time(meaning['step_interval_s'])} apart",
        f"before a start: {', '.join(_vital_words(vital) for vital in meaning['start_vitals'])}",
        f"observations: {', '.join(_observation_words(one) for one in meaning['observations'])}; "
        f"overdue after {_time(meaning['observation_grace_s'])} more",
        f"pain score: every {_time(meaning['nrs_every_s'])}, overdue after {_time(meaning['nrs_grace_s'])} more",
        f"adjunct: {adjunct} {', '.join(meaning['adjuncts'])}; a benzodiazepine counts for "
        f"{_time(meaning['benzodiazepine_s'])}",
        f"checklist: {', '.join(meaning['contraindications'])}",
        f"orders: {band['low_mg_kg']:g} to {band['high_mg_kg']:g} mg/kg, {band['source']}",
        f"delivery: alarm over {over['percent']} % for {_time(over['after_s'])} or {over['ml_h']:g} mL/h for "
        f"{_time(over['ml_h_after_s'])}, under {under['percent']} % for {_time(under['after_s'])}",
        f"may be set aside by name and reason: {', '.join(meaning['overridable']) or 'nothing'}",
        *_display_lines(meaning),
    ]


def _display_lines(meaning: dict[str, Any]) -> list[str]:
    level = meaning["predicted_ng_ml"]
    routes = ", ".join(
        f"{route['route']} {route['bioavailability_percent']:g} % (counts {route['window_percent']:g} %)"
        for route in meaning["routes"]
    )
    advisory = [] if level is None else [f"predicted level: an advisory above {level:g} ng/mL"]
    return advisory + ([f"other routes: {routes}"] if routes else [])


def _vital_words(vital: dict[str, Any]) -> str:
    low, high = vital["low"], vital["high"]
    if low is None and high is None:
        return f"{vital['signal']} measured"
    if low is None or high is None:
        return f"{vital['signal']} {'at most' if low is None else 'at least'} {high if low is None else low:g}"
    return f"{vital['signal']} {low:g} to {high:g}"


def _observation_words(one: dict[str, Any]) -> str:
    every = f"every {_time(one['every_s'])}"
    return f"then {every}" if one["until_s"] is None else f"{every} until {_time(one['until_s'])}"


def _time(seconds: float) -> str:
    """ "120 h", "15 min" or "90 s"."""
    for unit, length in (("h", S_PER_H), ("min", S_PER_MIN)):
        if seconds and seconds % length == 0:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"
