"""A right ward file in a folder of its own, to be broken in one place by each test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

WARD = """\
schema = 1

[ward]
id = "4b"
name = "Palliative Care 4B"
timezone = "Europe/Berlin"
care_area = "palliative-adult"

[server]
host = "127.0.0.1"
port = 8080

[journal]
url = "sqlite+aiosqlite:///var/pumpd.db"

[library]
file = "drug_library.toml"

[protocol]
file = "protocols/ldk.toml"

[alarms]
file = "alarms/adult.toml"

[[bed]]
id = "4b-01"
label = "Bed 1"

[[bed.pump]]
id = "4b-01-p1"
driver = "alaris_asena"
link = "serial:///dev/ttyUSB0"
drug = "ketamine"
concentration = "1 mg/mL"
enforcement = "stop"

[[bed.monitor]]
id = "4b-01-m1"
driver = "capnostream20"
link = "socket://10.0.0.5:4001"

[[bed]]
id = "4b-02"

[[bed.pump]]
id = "4b-02-p1"
driver = "alaris_asena"
link = "serial:///dev/ttyUSB1"
drug = "ketamine"
concentration = "2 mg/mL"
"""

Break = Callable[..., Path]


@pytest.fixture
def ward_file(tmp_path: Path) -> Break:
    """ward_file(("old", "new"), …) writes the ward with these replacements (each must occur) and more text."""

    def write(*changes: tuple[str, str], more: str = "") -> Path:
        text = WARD
        for old, new in changes:
            assert old in text, f"{old!r} is not in the ward file"
            text = text.replace(old, new, 1)
        path = tmp_path / "ward.toml"
        path.write_text(text + more, encoding="utf-8")
        return path

    return write
