"""The whole daemon as a process of the bench: `pumpd run` on a ward file whose lines are the farm's ptys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = """# No courses: nobody plans, observes or scores pain at these beds, and a course would say so.
schema = 1
id = "bench"
name = "Bench"
version = "1"
approved_by = ""
source = "the bench"
"""


def ward_toml(folder: Path, beds: int, port: int) -> str:
    """A ward of `beds` beds: pump N on folder/pN, monitor N on folder/mN, 70 kg each, poll once a second.

    Its protocol is written into the folder: PROTOCOL.
    """
    (folder / "protocol.toml").write_text(PROTOCOL, encoding="utf-8")
    config = ROOT / "config"
    head = f"""schema = 1
[ward]
id = "bench"
name = "Bench"
timezone = "UTC"
care_area = "palliative-adult"
[server]
host = "127.0.0.1"
port = {port}
[journal]
url = "sqlite+aiosqlite:///{folder}/journal.db"
[library]
file = "{config}/drug_library.toml"
[protocol]
file = "{folder}/protocol.toml"
[alarms]
file = "{config}/alarms/adult.toml"
"""
    return head + "".join(_bed(folder, index) for index in range(beds))


def _bed(folder: Path, index: int) -> str:
    return f"""
[[bed]]
id = "b{index:04d}"
label = "Bed {index}"
[bed.patient]
mrn = "B{index}"
family_name = "Bench"
given_name = "Bed"
birth_date = "1970-01-01"
sex = "male"
weight_kg = 70
[[bed.pump]]
id = "b{index:04d}-p1"
driver = "alaris_asena"
link = "serial://{folder}/p{index}"
serial = "8002-{index:05d}"
drug = "ketamine"
concentration = "1 mg/mL"
enforcement = "stop"
poll = "1 s"
[[bed.monitor]]
id = "b{index:04d}-m1"
driver = "capnostream20"
link = "serial://{folder}/m{index}"
"""


TOKEN = "PUMPD_BENCH_TOKEN"


def new_token(config: Path) -> str:
    """With which the bench's clients come in."""
    words = ["token", "create", f"bench {os.urandom(4).hex()}", "--config", str(config), "--identity", "full"]
    may = [word for one in ("view", "history", "devices", "metrics") for word in ("--may", one)]
    command = [sys.executable, "-m", "pumpd.cli", *words, *may]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def headers() -> dict[str, str]:
    """Of every request to the daemon."""
    return {"Authorization": f"Bearer {os.environ.get(TOKEN, '')}"}


class DaemonProcess:
    """`pumpd run` in a subprocess; log goes to folder/daemon.log."""

    def __init__(
        self,
        folder: Path,
        beds: int,
        extra_env: dict[str, str] | None = None,
        *,
        port: int | None = None,
        more: str = "",
    ) -> None:
        """port: of a ward file that is in the folder already. more: lines for the one that is made."""
        self.port = free_port() if port is None else port
        self.config = folder / "ward.toml"
        if port is None:
            self.config.write_text(ward_toml(folder, beds, self.port) + more, encoding="utf-8")
        os.environ[TOKEN] = new_token(self.config)  # for the clients that follow, too
        self._log = (folder / "daemon.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pumpd.cli", "run", "--config", str(self.config)],
            stdout=self._log,
            stderr=self._log,
            cwd=ROOT,
            env=os.environ | (extra_env or {}),
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def asked(self, path: str) -> urllib.request.Request:
        return urllib.request.Request(self.url + path, headers=headers())

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.asked(path), timeout=10) as answer:
            return json.loads(answer.read())

    def is_up(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/livez", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def rss_kb(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()


def wait_until(what: Any, seconds: float, why: str) -> None:
    """Polls `what()` until true; raises TimeoutError naming why."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise TimeoutError(why)
        time.sleep(0.05)
