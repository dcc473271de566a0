"""HL7: what it costs to read one ORU^R01 of 20 OBX into typed observations, beside python-hl7 and hl7apy."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from hl7apy.parser import parse_message
from pumpd_hl7.message import STANDARD, Message, read_message
from pumpd_hl7.observations import _seen, observations

import hl7
from tests.bench.report import Row

AIM_US, PYTHON_HL7_TIMES, HL7APY_TIMES = 25.0, 50.0, 1000.0
FIXTURE = Path(__file__).parent.parent / "hl7" / "fixtures" / "pcd01_ketamine_syringe.hl7"
ROWS = 20
SYRINGE = "OBX|20|NM|157880^MDC_VOL_SYRINGE^MDC|1.1.2.14|50|263762^MDC_DIM_MILLI_L^MDC^mL^mL^UCUM|||||R"


def message(number: int = 0) -> bytes:
    """The pump's report with one row more: rates that come again, volumes and times left that do not, as it infuses."""
    lines = [line for line in FIXTURE.read_text(encoding="utf-8").splitlines() if line]
    lines[0] = lines[0].replace("OWN001", f"OWN{number:06}")
    text = "\r".join([*lines, SYRINGE, ""]).replace("|3.5|", f"|{number % 40 / 10:.1f}|")
    for was, now in (("12.4", 12.4 + number / 1000), ("37.6", 37.6 - number / 1000), ("644", 644 + number)):
        text = text.replace(f"|{was}|", f"|{now:.5g}|")
    return text.encode()


def messages(count: int) -> list[bytes]:
    """No two are alike."""
    return [message(number) for number in range(count)]


def ours(raw: bytes) -> int:
    found = read_message(raw)
    assert isinstance(found, Message)
    return sum(1 for one in observations(found) if one.code.number)


def ours_cold(raw: bytes) -> int:
    """Nothing is remembered of the rows before: as if every device said everything for the first time."""
    _seen(STANDARD).clear()
    return ours(raw)


def python_hl7(raw: bytes) -> int:
    """The same facts of each row: number of the code, path, value, unit, flags, status, time, device."""
    rows = [
        (
            int(str(row[3][0][0])),
            tuple(map(int, str(row[4]).split("."))),
            Decimal(str(row[5])) if str(row[2]) == "NM" else str(row[5]),
            str(row[6][0][0]) if str(row[6]) else "",
            [str(row[number]) if len(row) > number else "" for number in (7, 8, 11, 14, 18)],
        )
        for row in hl7.parse(raw.decode()).segments("OBX")
    ]
    return len(rows)


def hl7apy(raw: bytes) -> int:
    rows = [
        (
            int(row.obx_3.obx_3_1.to_er7()),
            tuple(map(int, row.obx_4.to_er7().split("."))),
            Decimal(row.obx_5.to_er7()) if row.obx_2.to_er7() == "NM" else row.obx_5.to_er7(),
            row.obx_6.to_er7().split("^")[0],
            [getattr(row, f"obx_{number}").to_er7() for number in (7, 8, 11, 14, 18)],
        )
        for row in parse_message(raw.decode(), find_groups=False).obx
    ]
    return len(rows)


def each_us(read: Callable[[bytes], int], raws: list[bytes]) -> float:
    """Processor microseconds a message."""
    began = time.process_time_ns()
    for raw in raws:
        assert read(raw) == ROWS
    return (time.process_time_ns() - began) / 1000 / len(raws)


def run(rounds: int = 7) -> list[Row]:
    """The three read the same messages in turn; the best round of each: the least that others disturbed."""
    many, some, few = messages(2000), messages(60), messages(4)
    took: dict[str, list[float]] = {"ours": [], "cold": [], "python-hl7": [], "hl7apy": []}
    for _ in range(rounds):
        took["ours"].append(each_us(ours, many))
        took["cold"].append(each_us(ours_cold, many))
        took["python-hl7"].append(each_us(python_hl7, some))
        took["hl7apy"].append(each_us(hl7apy, few))
    best = {name: min(values) for name, values in took.items()}
    what = "HL7 reader, ORU^R01 of 20 OBX to typed observations"
    return [
        Row("HL7", what, best["ours"], AIM_US, "us", 1.0, "limit: the aim; processor time, best round"),
        Row("HL7", f"{what}, no row seen before", best["cold"], AIM_US, "us", None, "for information"),
        Row("HL7", f"{what}, as fast as 50 x python-hl7", best["ours"], best["python-hl7"], "us", 1 / PYTHON_HL7_TIMES),
        Row("HL7", f"{what}, as fast as 1000 x hl7apy", best["ours"], best["hl7apy"], "us", 1 / HL7APY_TIMES),
    ]


if __name__ == "__main__":
    for row in run():
        print(row.what, f"{row.product:.4g} / {row.limit:.4g} {row.unit}: {row.limit / row.product:.4g}x", row.verdict)
