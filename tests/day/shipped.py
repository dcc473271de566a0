"""The ward as shipped: the real files of config/ for beds that exist only in a test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pumpd.config.load import load_ward
from pumpd.config.model import BedConfig

CONFIG = Path(__file__).resolve().parents[2] / "config"
HEAD = """
schema = 1
[ward]
id = "day"
name = "A simulated ward"
timezone = "UTC"
care_area = "palliative-adult"
[server]
host = "127.0.0.1"
port = 0
[journal]
url = "sqlite+aiosqlite:///never-opened.db"
[library]
file = "drug_library.toml"
[protocol]
file = "protocols/ldk.toml"
[alarms]
file = "alarms/{profile}.toml"
"""
BED = """
[[bed]]
id = "{bed}"
label = "{bed}"
  [bed.patient]
  mrn = "DAY-{bed}"
  family_name = "Day"
  given_name = "{bed}"
  birth_date = "1950-01-01"
  sex = "unknown"
  weight_kg = 70
  [[bed.pump]]
  id = "{bed}-p1"
  driver = "alaris_asena"
  link = "socket://127.0.0.1:{pump_port}"
  drug = "ketamine"
  concentration = "1 mg/mL"
  enforcement = "stop"
  poll = "{poll_ms} ms"
  [[bed.monitor]]
  id = "{bed}-m1"
  driver = "capnostream20"
  link = "socket://127.0.0.1:{monitor_port}"
"""


def without_course(bed: BedConfig) -> BedConfig:
    """The same bed where no course is kept and no dose is capped: its pump may run for hours, and nobody charts.

    For scripts about breathing and ceilings: the shipped caps end an infusion of 0.5 mg/kg after a few hours.
    """
    pumps = tuple(
        replace(pump, drug=None if pump.drug is None else replace(pump.drug, caps=None)) for pump in bed.policy.pumps
    )
    return replace(bed, policy=replace(bed.policy, protocol=None, pumps=pumps))


def shipped_beds(
    folder: Path, count: int = 1, *, profile: str = "adult", poll_ms: int = 1_000
) -> tuple[BedConfig, ...]:
    """Beds b1, b2, ... of 70 kg patients with one Asena (ketamine 1 mg/mL) and one Capnostream each.

    Limits, rules and times are those of config/; the ward file is written into the folder and read by load_ward.
    """
    beds = [
        BED.format(bed=f"b{n}", pump_port=4000 + n, monitor_port=5000 + n, poll_ms=poll_ms) for n in range(1, count + 1)
    ]
    for name in ("drug_library.toml", "times.toml", f"alarms/{profile}.toml", "protocols/ldk.toml"):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text((CONFIG / name).read_text(encoding="utf-8"), encoding="utf-8")
    file = folder / "ward.toml"
    file.write_text(HEAD.format(profile=profile) + "".join(beds), encoding="utf-8")
    ward = load_ward(file)
    assert not isinstance(ward, list), ward
    return ward.beds
