"""What is sent between us and other people's software: thousands of messages, each with a control id of its own."""

from __future__ import annotations

from pathlib import Path

FIXTURES = Path(__file__).parent.parent / "hl7" / "fixtures"
COUNT = 2000
IN = ("adt_a02", "pcd01_ketamine_syringe")
OUT = ("pcd01_ketamine_syringe", "pcd04_occlusion_start")


def texts(names: tuple[str, ...], count: int = COUNT) -> dict[str, str]:
    """By control id, of these kinds in turn."""
    originals = [_lines(name) for name in names]
    return {f"M{number:05}": _named(originals[number % len(originals)], f"M{number:05}") for number in range(count)}


def _lines(name: str) -> str:
    return "\r".join((FIXTURES / f"{name}.hl7").read_text(encoding="utf-8").splitlines())


def _named(text: str, control_id: str) -> str:
    header, _, rest = text.partition("\r")
    fields = header.split("|")
    fields[9] = control_id
    return f"{'|'.join(fields)}\r{rest}"
