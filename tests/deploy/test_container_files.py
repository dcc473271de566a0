"""The container files, held against what their programs document: neither compose nor promtool is needed for it.

Keys of compose: docs.docker.com/reference/compose-file; of rules and scraping: prometheus.io/docs/prometheus.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

CONTAINER = Path(__file__).resolve().parents[2] / "deploy" / "container"
TOP = {"name", "services", "volumes", "secrets", "networks", "configs"}
SERVICE = {
    *("build", "cap_drop", "command", "depends_on", "devices", "entrypoint", "environment", "group_add", "healthcheck"),
    *("image", "logging", "mem_limit", "network_mode", "oom_score_adj", "ports", "profiles", "read_only", "restart"),
    *("secrets", "security_opt", "shm_size", "stop_grace_period", "tmpfs", "user", "volumes"),
}
HEALTH = {"test", "interval", "timeout", "retries", "start_period", "disable"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
DURATION = re.compile(r"(\d+(ms|s|m|h|d|w|y))+")
RULE = {"alert", "expr", "for", "labels", "annotations", "keep_firing_for"}
FUNCTIONS = {
    "increase",
    "rate",
    "max",
    "min",
    "sum",
    "avg",
    "count",
    "histogram_quantile",
    "clamp_min",
    "time",
    "deriv",
}
WORDS = {"or", "and", "unless", "by", "on", "without", "ignoring", "group_left", "group_right", "bool", "offset"}
INSTRUCTIONS = {
    *("FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"),
    *("ENTRYPOINT", "CMD"),
}


def loaded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CONTAINER / name).read_text(encoding="utf-8"))
    return found


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = loaded("compose.yaml")["services"]
    return found


def test_compose_has_only_keys_that_compose_knows() -> None:
    compose = loaded("compose.yaml")
    assert {key for key in compose if not key.startswith("x-")} <= TOP
    for name, service in services().items():
        assert service.keys() <= SERVICE, name
        assert service.get("healthcheck", {}).keys() <= HEALTH, name
        assert "image" in service or "build" in service, name


@pytest.mark.parametrize("name", services())
def test_whatever_a_container_names_is_there(name: str) -> None:
    compose, service = loaded("compose.yaml"), services()[name]
    for other, how in service.get("depends_on", {}).items():
        assert other in compose["services"]
        assert how["condition"] in CONDITIONS
        assert how["condition"] != "service_healthy" or "healthcheck" in compose["services"][other]
        assert set(service["profiles"]) <= set(compose["services"][other]["profiles"])
    assert set(service.get("secrets", ())) <= compose["secrets"].keys()
    for key, value in service.get("environment", {}).items():
        assert isinstance(value, str), f"{key}: a word that is none in YAML"
    for port in service.get("ports", ()):
        assert re.fullmatch(r"(127\.0\.0\.1:)?\d+:\d+", port), port
    for key in ("interval", "timeout", "start_period"):
        assert DURATION.fullmatch(service.get("healthcheck", {}).get(key, "1s"))


def test_images_are_of_a_version_and_nothing_but_the_ward_is_open_to_the_network() -> None:
    for name, service in services().items():
        image = service["image"]
        assert image == "pumpd" or re.search(r":v?\d+(\.\d+)*(-\w+)?$", image), image
        for port in service.get("ports", ()):
            assert name == "pumpd" or port.startswith("127.0.0.1:"), name


def expressions() -> list[str]:
    rules = [rule["expr"] for group in loaded("alerts.yml")["groups"] for rule in group["rules"]]
    board = json.loads((CONTAINER / "grafana/dashboards/pumpd.json").read_text(encoding="utf-8"))
    return rules + [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def wrong_with(expression: str) -> str:
    """promtool would read it; this is the closest to it without one."""
    bare = re.sub(r"\{[^{}]*\}", "", re.sub(r'"[^"]*"', "", expression))
    depths = [bare[:at].count("(") - bare[:at].count(")") for at in range(len(bare) + 1)]
    if min(depths) < 0 or depths[-1] != 0 or set("{}") & set(bare):
        return "a bracket is not closed"
    ranges = re.findall(r"\[([^\]]*)\]", bare)
    if not all(DURATION.fullmatch(one) or one.startswith("$__") for one in ranges):
        return "a range is none"
    bare = re.sub(r"\[[^\]]*\]", "", bare)
    unknown = set(re.findall(r"([a-z_]+)\s*\(", bare)) - FUNCTIONS - WORDS
    if unknown:
        return f"no function: {unknown}"
    counted = re.findall(r"(?:rate|increase)\((\w+)", bare)
    uncounted = [name for name in counted if not name.endswith(("_total", "_count", "_sum", "_bucket"))]
    return f"no counter: {uncounted}" if uncounted else ""


def test_every_expression_is_closed_and_uses_functions_that_prometheus_has() -> None:
    assert {one: wrong for one in expressions() if (wrong := wrong_with(one))} == {}
    for bad in ("rate(x_total[5m]", "rate(gauge[5m])", "rat(x_total[5m])", "rate(x_total[five])", 'x{a="b"'):
        assert wrong_with(bad)


def test_every_rule_has_a_name_of_its_own_and_says_what_is_wrong() -> None:
    rules = [rule for group in loaded("alerts.yml")["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule.keys() <= RULE
        assert re.fullmatch(r"[A-Z][A-Za-z]+", rule["alert"])
        assert rule["annotations"]["summary"]
        assert DURATION.fullmatch(rule.get("for", "1m"))


def test_the_image_is_made_of_instructions_that_exist_and_never_runs_as_root() -> None:
    text = re.sub(r"\\\n", "", (CONTAINER / "Containerfile").read_text(encoding="utf-8"))
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert {line.split()[0] for line in lines} <= INSTRUCTIONS
    assert [line for line in lines if line.startswith("USER ")][-1] == "USER pumpd"
    for line in lines:
        if line.split()[0] in ("CMD", "ENTRYPOINT"):
            assert isinstance(json.loads(line.partition(" ")[2]), list)
