"""Dashboards and rules ask for figures that exist: held against a ward's own /metrics; the files of the containers."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families as families

from pumpd.api import metrics
from pumpd.device.info import Kind
from pumpd.live.port import BusCounts, CaptureCounts, Health, JournalHealth, PeerHealth, WardCounts
from tests.api.ward import MemoryWard

CONTAINER = Path(__file__).resolve().parents[2] / "deploy" / "container"
FIGURE = re.compile(r"\bpumpd_[a-z0-9_]+")
LABEL = re.compile(r"(\w+)\s*=~?\s*\"")
OF_PROMETHEUS = {"job", "instance"}


def figures() -> dict[str, set[str]]:
    """Every sample's name and its labels, of a ward that has everything."""
    bus = BusCounts(**{field.name: 0 for field in dataclasses.fields(BusCounts)})
    health = Health(
        devices={"b1-p1": 0.5, "b1-m1": None},
        devices_up=frozenset({"b1-p1"}),
        lag_s={0.5: 0.0, 1.0: 0.1},
        journal=JournalHealth(1, False, 2, 0.1, 0, 0),
        audit_waiting=0,
        sign_ins_refused=0,
        peers=(PeerHealth("his", 1, 0, True),),
        outbox_age_s={"hl7_his": 1.0},
    )
    counts = WardCounts(
        {kind.value: 1 for kind in Kind}, capture=CaptureCounts(1, 0, False), bus=bus, unmapped={"x": 1}, health=health
    )
    text = metrics.text(metrics.registry(MemoryWard().hub, lambda: counts)).decode()
    found = dict[str, set[str]]()
    for family in families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def asked() -> dict[str, str]:
    """Every expression of the dashboard and of the rules, by where it stands."""
    board = json.loads((CONTAINER / "grafana/dashboards/pumpd.json").read_text(encoding="utf-8"))
    found = {f"{p['title']} {t['refId']}": t["expr"] for p in board["panels"] for t in p["targets"]}
    rules = yaml.safe_load((CONTAINER / "alerts.yml").read_text(encoding="utf-8"))
    return found | {rule["alert"]: rule["expr"] for group in rules["groups"] for rule in group["rules"]}


def test_every_figure_that_is_asked_for_exists_with_its_labels() -> None:
    known = figures()
    for where, expression in asked().items():
        named = set(FIGURE.findall(expression))
        assert named <= known.keys(), where
        labels = OF_PROMETHEUS.union(*(known[name] for name in named))
        assert set(LABEL.findall(expression)) <= labels, where


def test_every_figure_is_on_the_dashboard_or_in_a_rule_or_of_a_device_engineer() -> None:
    """What nobody looks at had better not be counted."""
    elsewhere = {"pumpd_kernel_deadlines_total", "pumpd_kernel_worst_late_seconds", "pumpd_live_publishes_total"}
    elsewhere |= {
        "pumpd_live_encodes_total",
        "pumpd_unmapped_tags",
        "pumpd_hl7_connected",
        "pumpd_journal_commits_total",
    }
    elsewhere |= {"pumpd_capture_lost_chunks_total", "pumpd_capture_paused"}
    shown = set(FIGURE.findall(" ".join(asked().values())))
    unseen = {name for name in figures() if name.startswith("pumpd_") and not name.endswith("_created")}
    assert {name for name in unseen - shown - elsewhere if not name.startswith("pumpd_mqtt_")} == set()


def test_every_figure_is_explained_and_none_that_is_not() -> None:
    explained = set(FIGURE.findall((CONTAINER.parents[1] / "docs" / "observability.md").read_text(encoding="utf-8")))
    assert explained == {name for name in figures() if name.startswith("pumpd_")}


def test_labels_are_of_devices_and_systems_only() -> None:
    labels = set[str]().union(*figures().values())
    assert labels == {"priority", "kind", "driver", "device", "quantile", "what", "peer", "destination"}


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((CONTAINER / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def test_every_container_has_a_root_that_is_not_written_to_and_no_capability() -> None:
    for name, service in compose()["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service
        assert set(service["profiles"]) <= {"demo", "full"}


def test_no_secret_stands_in_the_file_and_every_file_that_is_mounted_exists() -> None:
    loaded = compose()
    text = (CONTAINER / "compose.yaml").read_text(encoding="utf-8")
    assert not re.search(r"PASSWORD:|TOKEN:", text)
    for service in loaded["services"].values():
        for volume in service.get("volumes", ()):
            source = volume["source"] if isinstance(volume, dict) else volume.split(":")[0]
            if source.startswith(".") and not source.startswith(("./secrets", "./ward")):
                assert (CONTAINER / source).exists(), source
            elif not source.startswith((".", "/")):
                assert source in loaded["volumes"]
    assert {"type": "bind", "source": "/dev/shm", "target": "/dev/shm"} in loaded["services"]["pumpd"]["volumes"]


def test_what_the_image_copies_exists_and_its_start_is_a_command_of_ours() -> None:
    lines = (CONTAINER / "Containerfile").read_text(encoding="utf-8").splitlines()
    copied = [
        name for line in lines if line.startswith("COPY ") and "--from" not in line for name in line.split()[1:-1]
    ]
    assert all((CONTAINER.parents[1] / name).exists() for name in copied)
    assert 'CMD ["run", "--config", "/etc/pumpd/ward.toml", "--metrics", "0.0.0.0:9108"]' in lines
    assert any(line == "USER pumpd" for line in lines)


def test_prometheus_asks_where_the_container_answers() -> None:
    scraped = yaml.safe_load((CONTAINER / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"][0]
    assert scraped["static_configs"] == [{"targets": ["pumpd:9108"]}]
    assert scraped["job_name"] == "pumpd"
