"""A ward file that is wrong, as the person who wrote it is told: one precise line each, exit code 1, nothing runs."""

from __future__ import annotations

import re
from pathlib import Path

from tests.acceptance.daemon import CONFIG, said

LINE = re.compile(r"^(?P<file>.+?):(?P<line>\d+): (?P<key>[^:]+): (?P<message>.+)$", re.MULTILINE)


def broken(folder: Path) -> Path:
    """The shipped ward file with one mistake of each kind; line numbers stay as they are."""
    text = (CONFIG / "ward.toml").read_text(encoding="utf-8")
    for right, wrong in (
        ("port = 8080", 'port = "eighty"'),
        ('label = "Bed 1"', 'lable = "Bed 1"'),
        ('driver = "capnostream20"', 'driver = "capnostream21"'),
        ('id = "4b-02-p1"', 'id = "4b-01-p1"'),
        ('drug = "ketamine"', 'drug = "ketamina"'),
        ('link = "serial:///dev/serial/by-id/usb-pumpd-example-4b-02-m1"', 'link = "socket://192.0.2.5:4001"'),
        ('# hard = "0.8 mg/kg/h"', 'hard = "1.2 mg/kg/h"'),
        ("# [ceiling]", "[ceiling]"),
    ):
        assert right in text, right
        text = text.replace(right, wrong, 1)
    path = folder / "a ward.toml"
    path.write_text(text, encoding="utf-8")
    return path


def lines_with(path: Path, word: str) -> list[int]:
    return [number for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if word in line]


async def test_every_mistake_gets_one_line_that_names_its_place_and_run_refuses_too(tmp_path: Path) -> None:
    path = broken(tmp_path)
    code, text = await said("check", str(path))
    assert code == 1
    told = [(int(found["line"]), found["message"]) for found in LINE.finditer(text)]
    assert text.count(str(path)) == len(told), "one line each"
    for word in ('"eighty"', "lable", "capnostream21", "ketamina", "1.2 mg/kg/h"):
        assert [line for line, _ in told if line in lines_with(path, word)], f"{word}:\n{text}"
    assert {lines_with(path, '"4b-01-p1"')[-1], lines_with(path, "192.0.2.5")[-1]} <= {line for line, _ in told}, text
    assert len(told) == 7, text
    assert "label" in text, "the nearest known key"
    again, refused = await said("run", "--config", str(path))
    assert again == 1
    assert LINE.findall(refused) == LINE.findall(text)


async def test_a_file_that_is_not_there_could_not_run(tmp_path: Path) -> None:
    code, text = await said("run", "--config", str(tmp_path / "none.toml"))
    assert code == 2
    assert "none.toml" in text
    assert "Traceback" not in text
