"""Devices not written here, a ward file in the documented format, and the documented answers: nothing else is shared.

One daemon, one bed per habit. Ages and digits are read as any script would read them, from GET /api/v1/ward.
"""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.acceptance.daemon import Json, Pumpd, alarm_of, bed_of, device_of, pump_of
from tests.acceptance.foreign import KPA, Habits, Monitor, Pump, on_pty, on_tcp
from tests.ports import free_port

HEAD = """
schema = 1
[ward]
id = "4b"
name = "Palliative Care 4B"
timezone = "Europe/Berlin"
care_area = "palliative-adult"
[server]
host = "127.0.0.1"
port = {port}
[journal]
url = "sqlite+aiosqlite:///{folder}/pumpd.db"
[library]
file = "drug_library.toml"
[protocol]
file = "protocols/ldk.toml"
[alarms]
file = "alarms/adult.toml"
"""
BED = """
[[bed]]
id = "{id}"
label = "Bed {id}"
  [[bed.pump]]
  id = "{id}-p1"
  driver = "alaris_asena"
  link = "{pump}"
  {serial}
  drug = "ketamine"
  concentration = "1 mg/mL"
  enforcement = "stop"
  [[bed.monitor]]
  id = "{id}-m1"
  driver = "capnostream20"
  link = "{monitor}"
"""
BENCH_PATIENT = """
  [bed.patient]
  mrn = "B-1"
  family_name = "Bench"
  given_name = "Bea"
  birth_date = "1950-02-03"
  sex = "female"
  weight_kg = 72
"""
PATIENT = {
    "mrn": "4711",
    "family_name": "Ash",
    "given_name": "Alva",
    "birth_date": "1950-02-03",
    "sex": "female",
    "weight_kg": 72,
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
NOISE = b"\x00\xff!INF^garbage|0000\r\x80\x85\x03"


@dataclass
class Pair:
    """A pump and a monitor with their habits, at a bed of their own."""

    pump: Pump = field(default_factory=Pump)
    monitor: Monitor = field(default_factory=Monitor)
    habits: Habits = field(default_factory=Habits)
    cooked: bool = False
    tcp: bool = False
    serial: bool = True


BEDS = {
    "plain": Pair(),
    "tcp": Pair(tcp=True),
    "no-serial": Pair(serial=False, cooked=True),
    "one-decimal": Pair(Pump(rate="7.2", drug="KETAMINE"), Monitor(waves=False)),
    "knows-little": Pair(Pump(mute=("ALARM", "COMMS_PROTOCOL", "COMMS_RESPONSE_MAX", "REMQUERY"))),
    "no-serial-answer": Pair(Pump(mute=("INST_SERIALNO",))),
    "no-device-id": Pair(monitor=Monitor(says_id=False, unasked=True)),
    "numerics-only": Pair(monitor=Monitor(waves=False), tcp=True),
    "kpa": Pair(monitor=Monitor(etco2=51, unit=KPA)),
    "refuses-control": Pair(Pump(permits=False)),
    "no-control-answer": Pair(Pump(mute=("REMOTE_CTRL",))),
    "slow": Pair(habits=Habits(late_s=0.3)),
    "byte-by-byte": Pair(habits=Habits(one_by_one=True), tcp=True),
    "noisy": Pair(habits=Habits(noise=NOISE)),
}


ALARM_ONLY = {"refuses-control", "no-control-answer"}


async def lines(stack: AsyncExitStack, bed: str, pair: Pair) -> str:
    """Plug both in; the bed's part of the ward file."""

    async def link(device: Pump | Monitor, tcp: bool) -> str:
        line = on_tcp(device, pair.habits) if tcp else on_pty(device, pair.habits, pair.cooked)
        return await stack.enter_async_context(line)

    pump = await link(pair.pump, pair.tcp)
    monitor = await link(pair.monitor, not pair.tcp)
    return BED.format(id=bed, pump=pump, monitor=monitor, serial='serial = "8002-51740"' if pair.serial else "")


def check_value(value: Json, unit: str, source: str, figure: float) -> None:
    assert set(value) >= {"v", "u", "q", "t", "age_ms", "source"}
    assert (value["v"], value["u"], value["q"], value["source"]) == (figure, unit, "ok", source)
    assert TIME.fullmatch(value["t"])
    assert 0 <= value["age_ms"] < 5000


def check_pump(pump: Json, id_: str, rate: float) -> None:
    assert (pump["id"], pump["drug"], pump["concentration_mg_ml"]) == (id_, "ketamine", 1)
    assert pump["infusing"] is True
    check_value(pump["rate_ml_h"], "mL/h", id_, rate)
    check_value(pump["dose_mg_kg_h"], "mg/kg/h", id_, round(rate / 72, 9))
    assert pump["delivered_mg"]["at_least"] <= pump["delivered_mg"]["at_most"]
    assert (pump["ceiling"]["hard_mg_kg_h"], pump["ceiling"]["soft_mg_kg_h"]) == (1, 0.5)
    assert "drug library" in pump["ceiling"]["set_by"]
    assert pump["enforcement"] == "stop"


def all_heard(ward: Json) -> bool:
    return all(
        bed["pumps"][0]["dose_mg_kg_h"]["q"] == "ok" and bed["values"].get("rr", {}).get("q") == "ok"
        for bed in ward["beds"]
    )


@pytest.mark.chaos
@pytest.mark.req("CEI-01", "CEI-07", "QUA-06", "INT-03", "INT-06")
async def test_devices_of_somebody_else_work_from_a_ward_file_alone_whatever_their_legal_habits(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        port = free_port()
        text = HEAD.format(port=port, folder=tmp_path)
        for bed, pair in BEDS.items():
            text += await lines(stack, bed, pair)
            text += BENCH_PATIENT if bed == "tcp" else ""
        file = tmp_path / "ward.toml"
        file.write_text(text, encoding="utf-8")
        daemon = await stack.enter_async_context(await Pumpd.run(file))
        assert daemon.url == f"http://127.0.0.1:{port}/"
        for bed in set(BEDS) - {"tcp"}:
            await daemon.send("PUT", f"beds/{bed}/patient", PATIENT)
        seen = await daemon.until(all_heard)
        assert seen["ward"]["id"] == "4b"
        assert seen["ward"]["name"] == "Palliative Care 4B"
        assert set(seen) >= {"epoch", "seq", "time", "ward", "beds", "alarms"}
        for bed, pair in BEDS.items():
            found = bed_of(seen, bed)
            mrn = "B-1" if bed == "tcp" else "4711"
            assert (found["patient"]["mrn"], found["patient"]["weight_kg"]) == (mrn, 72)
            assert found["monitored"] is True
            values, source = found["values"], f"{bed}-m1"
            check_value(values["rr"], "/min", source, 14)
            check_value(values["spo2"], "%", source, 97)
            check_value(values["pulse"], "/min", source, 72)
            check_value(values["etco2"], "mmHg", source, 38.253 if bed == "kpa" else 38)
            check_pump(pump_of(seen, bed), f"{bed}-p1", float(pair.pump.rate))
            for device in (f"{bed}-p1", f"{bed}-m1"):
                shown = device_of(seen, device)
                assert shown["link"] == "up", shown
                assert shown["since"]
        assert bed_of(seen, "plain")["patient"]["name"] == "Ash, Alva"

        await daemon.until(lambda w: all(pump_of(w, bed)["interlock"] == "alarm_only" for bed in ALARM_ONLY))
        armed = set(BEDS) - ALARM_ONLY
        wanted = ("granted", "armed")
        await daemon.until(
            lambda w: all((pump_of(w, bed)["control"], pump_of(w, bed)["interlock"]) == wanted for bed in armed)
        )
        await overspeed(daemon)


async def overspeed(daemon: Pumpd) -> None:
    """Every pump that can be stopped is stopped and verified; the others are alarmed as ALARM ONLY."""
    for pair in BEDS.values():
        pair.pump.rate = "108.00"
    stopped = set(BEDS) - ALARM_ONLY
    seen = await daemon.until(lambda w: all(pump_of(w, bed)["interlock"] == "stop_verified" for bed in stopped))
    for bed in stopped:
        alarm = alarm_of(seen, bed, "over_hard")
        assert alarm is not None
        assert (alarm["priority"], alarm["state"], alarm["acknowledged"]) == ("high", "latched", None)
        assert alarm["value"].startswith("1.5 mg/kg/h")
        assert BEDS[bed].pump.mode == "HLD"
    seen = await daemon.until(lambda w: all(alarm_of(w, bed, "over_hard") for bed in ALARM_ONLY))
    for bed in ALARM_ONLY:
        by_hand = alarm_of(seen, bed, "over_hard")
        assert by_hand is not None
        assert "ALARM ONLY" in by_hand["text"]
        assert pump_of(seen, bed)["infusing"] is True
    assert not any("INF_START" in pair.pump.heard for pair in BEDS.values())


@pytest.mark.req("QUA-01", "QUA-05")
async def test_another_serial_number_is_refused_and_what_a_device_calls_missing_has_no_digit(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        other, missing = Pair(Pump(serial="8002-51733", rate="108.00")), Pair()
        text = HEAD.format(port=0, folder=tmp_path)
        for bed, pair in (("a", other), ("b", missing)):
            text += await lines(stack, bed, pair) + BENCH_PATIENT
        file = tmp_path / "ward.toml"
        file.write_text(text, encoding="utf-8")
        daemon = await stack.enter_async_context(await Pumpd.run(file))

        seen = await daemon.until(lambda w: alarm_of(w, "a", "device_refused"))
        assert device_of(seen, "a-p1")["link"] == "refused"
        assert "8002-51733" in alarm_of(seen, "a", "device_refused")["text"]  # type: ignore[index]
        assert pump_of(seen, "a")["rate_ml_h"]["v"] is None

        await daemon.until(lambda w: bed_of(w, "b")["values"].get("rr", {}).get("v") == 14)
        missing.monitor.rr = missing.monitor.etco2 = 0xFF
        seen = await daemon.until(lambda w: bed_of(w, "b")["values"]["rr"]["v"] is None)
        values = bed_of(seen, "b")["values"]
        assert values["rr"]["q"] not in ("ok", "questionable")
        assert values["spo2"]["v"] == 97
        missing.monitor.rr = 0
        seen = await daemon.until(lambda w: bed_of(w, "b")["values"]["rr"]["v"] == 0)
        assert bed_of(seen, "b")["values"]["rr"]["q"] == "ok", "0 is a value, not a missing one"

        polls = other.pump.heard.count("INF")
        await daemon.until(lambda _: other.pump.heard.count("INF") > polls + 3)
        assert not {"INF_STOP", "INF_RATE", "INF_START"} & set(other.pump.heard)
        assert not any(text.startswith("REMOTE_CTRL^ENABLED") for text in other.pump.heard)
