"""The systemd unit and what goes with it, held against the tools of systemd that can be run without one."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

from tests.conftest import need

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNIT = DEPLOY / "systemd" / "pumpd.service"
MOST_EXPOSED = 2.0


def settings(unit: Path) -> dict[str, list[str]]:
    found = defaultdict[str, list[str]](list)
    for line in unit.read_text(encoding="utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[key].append(value)
    return found


def test_the_service_is_not_exposed_beyond_two_of_ten() -> None:
    analyze = shutil.which("systemd-analyze")
    need(analyze is not None, "systemd-analyze", "apt install systemd")
    assert analyze is not None
    command = [analyze, "security", "--offline=true", "--no-pager", str(UNIT)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    overall = re.search(r"Overall exposure level for pumpd\.service: ([\d.]+)", said)
    assert overall is not None, said
    assert float(overall[1]) <= MOST_EXPOSED


def test_systemd_understands_every_line_of_the_units() -> None:
    analyze = shutil.which("systemd-analyze")
    need(analyze is not None, "systemd-analyze", "apt install systemd")
    assert analyze is not None
    for unit, options in ((UNIT, []), (DEPLOY / "systemd" / "pumpd-kiosk.service", ["--user"])):
        command = [analyze, *options, "verify", "--man=no", str(unit)]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stderr.splitlines()
        ours = [line for line in said if "pumpd" in line and "is not executable" not in line]
        assert ours == []


def test_nothing_in_the_unit_takes_away_what_a_restart_after_a_kill_needs() -> None:
    unit = settings(UNIT)
    assert unit["RemoveIPC"] == ["no"], "systemd would remove why a pump was stopped"
    assert "DynamicUser" not in unit, "implies RemoveIPC=yes"
    assert unit["ProcSubset"] == ["all"], "without the boot's identity every gap is uncertain"
    assert unit["PrivateDevices"] == ["no"]
    assert unit["LimitCORE"] == ["0"], "a dump would hold names"
    assert (unit["Type"], unit["NotifyAccess"], unit["Restart"]) == (["notify"], ["main"], ["always"])
    assert unit["StartLimitIntervalSec"] == ["0"]


def udev_rules(text: str) -> list[list[tuple[str, str, str]]]:
    """Each rule as (key, operator, value); raises ValueError for a line that udev(7) does not know."""
    rules = []
    for line in re.sub(r"\\\n", "", text).splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        pairs = re.findall(r'\s*([A-Z]+(?:\{[^}]+\})?)(==|!=|\+=|-=|:=|=)"([^"]*)"\s*(?:,|$)', line)
        if "".join(f'{k}{o}"{v}",' for k, o, v in pairs) != re.sub(r'"\s*,\s*', '",', line.strip()) + ",":
            raise ValueError(line)
        rules.append(pairs)
    return rules


MATCH = {"ACTION", "SUBSYSTEM", "KERNEL", "ENV", "ATTR", "ATTRS", "DRIVERS"}
ASSIGN = {"SYMLINK", "GROUP", "MODE", "ENV", "ATTR", "GOTO", "LABEL", "IMPORT"}


def test_every_udev_rule_is_one_and_jumps_only_forward_to_a_label() -> None:
    rules = udev_rules((DEPLOY / "udev" / "60-pumpd.rules").read_text(encoding="utf-8"))
    labels = {value: at for at, rule in enumerate(rules) for key, _, value in rule if key == "LABEL"}
    assert len(rules) > 5
    for at, rule in enumerate(rules):
        for key, operator, value in rule:
            kind = key.partition("{")[0]
            assert kind in (MATCH if operator in ("==", "!=") else ASSIGN), (key, operator)
            if kind == "GOTO":
                assert labels[value] > at
    assert sum(key == "SYMLINK" and operator == "+=" for rule in rules for key, operator, _ in rule) == 1


def test_an_adapter_gets_the_name_of_its_own_serial_number_and_never_one_of_an_empty_one() -> None:
    rules = udev_rules((DEPLOY / "udev" / "60-pumpd.rules").read_text(encoding="utf-8"))
    (naming,) = [rule for rule in rules if any(key == "SYMLINK" for key, _, _ in rule)]
    matches = {(key, operator): value for key, operator, value in naming}
    assert matches["ENV{ID_SERIAL_SHORT}", "=="] == "?*"
    assert "$env{ID_SERIAL_SHORT}" in matches["SYMLINK", "+="]
    groups = [value for rule in rules for key, _, value in rule if key == "GROUP"]
    assert groups == settings(UNIT)["SupplementaryGroups"] == ["dialout"]
