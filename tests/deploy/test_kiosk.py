"""The launcher of a ward's screen: run with a browser that only says how it was called."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = ROOT / "deploy" / "kiosk" / "pumpd-kiosk"


def launch(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    browser = folder / "browser"
    browser.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    browser.chmod(0o755)
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "PUMPD_KIOSK_BROWSER": str(browser)}
    return subprocess.run(["/bin/sh", LAUNCHER, *args], env=env, capture_output=True, text=True, check=False)


def test_it_calls_the_browser_with_every_flag_that_the_document_asks_for(tmp_path: Path) -> None:
    done = launch(tmp_path, "https://ward-4b.example:8443/?names=off", "de")
    flags = done.stdout.splitlines()
    table = (ROOT / "docs" / "kiosk.md").read_text(encoding="utf-8").partition("## What the page says")[0]
    wanted = set(re.findall(r"--[a-z][a-z-]+(?:=[a-zT][\w-]*)?", "\n".join(re.findall(r"^\| `(.*?)` \|", table, re.M))))
    assert len(wanted) > 8
    given = {flag.partition("=")[0] for flag in flags}
    assert {flag.partition("=")[0] for flag in wanted} <= given
    assert "--app=https://ward-4b.example:8443/?names=off" in flags
    assert "--lang=de" in flags
    assert (tmp_path / ".local/share/pumpd-kiosk").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "url", ["http://ward-4b.example/", "file:///etc/passwd", "http://localhost.example/", "--help"]
)
def test_an_address_that_is_not_encrypted_and_not_here_is_refused(tmp_path: Path, url: str) -> None:
    done = launch(tmp_path, url)
    assert (done.returncode, done.stdout) == (2, "")


def test_the_service_calls_it_with_the_address_of_its_file() -> None:
    unit = (ROOT / "deploy" / "systemd" / "pumpd-kiosk.service").read_text(encoding="utf-8")
    assert "ExecStart=/opt/pumpd/bin/pumpd-kiosk ${URL}" in unit
