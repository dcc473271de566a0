"""What `listen` shows: every figure with its age, and nothing old as if it were fresh."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from pumpd.bedside.leftovers import Leftovers
from pumpd.cli.devices.show import screen
from pumpd.cli.devices.watch import STALE, Watch
from pumpd.device import (
    UNVERIFIED,
    AlarmCode,
    DeviceAlarms,
    DriverInfo,
    Garbled,
    Identity,
    Integrity,
    PumpStatus,
    Quality,
    Reading,
    Unmapped,
    Vitals,
    Waveform,
)
from pumpd.registry import drivers
from pumpd.safety.events import Heard, LinkChanged, LinkState

MONITOR: DriverInfo = drivers()["capnostream20"].info
PUMP: DriverInfo = drivers()["alaris_asena"].info
UP = LinkChanged("d", LinkState.UP)


def heard(watch: Watch, *things: object, at_ms: int = 0) -> Watch:
    for thing in things:
        watch.hear(thing, at_ms)
    return watch


def watched(info: DriverInfo = MONITOR) -> Watch:
    vitals = Vitals((Reading("spo2", 97_000), Reading("rr", None, Quality.INVALID)))
    return heard(Watch(info), UP, Heard("d", vitals))


def drawn(watch: Watch, now_ms: int, unmapped: Leftovers | None = None) -> str:
    console = Console(width=160, record=True, file=None, force_terminal=False)
    with console.capture() as captured:
        console.print(screen(watch, unmapped or Leftovers(), "serial:///dev/ttyUSB0", now_ms))
    return captured.get()


@pytest.mark.req("QUA-01")
def test_a_figure_has_its_age_and_is_stale_after_the_drivers_quiet_time() -> None:
    watch = watched()
    rr, spo2 = watch.rows(1500)
    assert (spo2.name, spo2.value, spo2.unit, spo2.quality, spo2.age_ms, spo2.stale) == (
        "SpO2",
        "97",
        "%",
        "ok",
        1500,
        False,
    )
    assert (rr.value, rr.quality) == ("--", "invalid")
    assert not watch.rows(MONITOR.quiet_ms)[1].stale
    old = watch.rows(MONITOR.quiet_ms + 1)[1]
    assert (old.quality, old.stale) == (STALE, True)


@pytest.mark.req("QUA-01")
def test_with_its_line_down_a_figure_is_stale_at_once_and_fresh_again_only_with_a_new_one() -> None:
    watch = heard(watched(), LinkChanged("d", LinkState.DOWN, "unplugged"), at_ms=100)
    assert all(row.stale for row in watch.rows(100))
    assert watch.link == "down unplugged"
    heard(watch, LinkChanged("d", LinkState.SILENT, "nothing heard"), at_ms=200)
    assert all(row.stale for row in watch.rows(200))
    heard(watch, UP, Vitals((Reading("spo2", 96_000),)), at_ms=5000)
    assert {row.name: row.stale for row in watch.rows(5000)} == {"RR": True, "SpO2": False}


def test_what_a_monitor_measures_by_stands_beside_it() -> None:
    assert {row.name: row.origin for row in watched().rows(0)} == {"RR": "co2", "SpO2": ""}


def test_a_pump_is_shown_with_rate_volume_and_what_it_does() -> None:
    status = PumpStatus(True, 7_500, 1_250, None, Integrity.CRC16, serial="1", alarming=True, time_left_s=60)
    rows = {row.name: f"{row.value} {row.unit}".strip() for row in heard(Watch(PUMP), UP, status).rows(0)}
    assert rows["infusion"] == "infusing"
    assert (rows["rate"], rows["delivered"], rows["time left"]) == ("7.5 mL/h", "1.25 mL", "60 s")
    assert rows["alarming"] == "yes"
    unknown = heard(Watch(PUMP), UP, PumpStatus(None, None, None, None, Integrity.CRC16)).rows(0)
    told = {row.name: (row.value, row.quality) for row in unknown}
    assert told["infusion"] == ("mode not understood", "ok")
    assert told["rate"] == ("--", "invalid")


def test_alarms_are_not_none_before_the_device_has_said_so() -> None:
    watch = watched()
    assert watch.alarm_words(0) == "not told"
    heard(watch, DeviceAlarms(()))
    assert watch.alarm_words(0) == "none"
    heard(watch, DeviceAlarms((AlarmCode("AL_OCCLU", "occlusion"), AlarmCode("X", "", known=False))))
    assert watch.alarm_words(0) == "AL_OCCLU occlusion, X (unknown code)"
    assert watch.alarm_words(60_000).endswith(f"({STALE})")


def test_the_screen_tells_link_device_counts_and_what_no_row_maps() -> None:
    unmapped = Leftovers()
    for _ in range(2):
        unmapped.note(Unmapped("PVI", "12"))
    watch = heard(watched(), Identity("Capnostream", "B1"), Garbled("checksum", b"x"), Waveform("co2_wave", 50, (1,)))
    text = drawn(watch, 900, unmapped)
    assert "link: up" in text
    assert "Capnostream, serial B1" in text
    assert "1 frame, last 0.9 s ago; 1 garbled (last: checksum); 1 curve piece" in text
    assert "unmapped tags" in text
    assert next(line for line in text.splitlines() if "PVI" in line).split() == ["PVI", "2", "12"]
    assert "UNVERIFIED" not in text
    assert STALE not in text
    assert STALE in drawn(watch, 60_000)


def test_the_screen_of_a_driver_under_development_says_so_first() -> None:
    text = drawn(watched(replace(MONITOR, quality=UNVERIFIED)), 0)
    assert text.splitlines()[0].startswith("UNVERIFIED: ")


def test_nothing_heard_is_said_as_that() -> None:
    text = drawn(Watch(MONITOR), 5000)
    assert "nothing understood yet" in text
    assert "link: not open yet" in text
