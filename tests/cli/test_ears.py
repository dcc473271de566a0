"""Drivers that listen together: one's bug is its own, and what leaves is of one driver and of its declared frames."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from pumpd.cli.devices.probing.ears import LATE_MS, STALL_MS, Ears
from pumpd.cli.devices.probing.evidence import Sure
from pumpd.device import DeviceSettings, DriverInfo, Identity, Integrity, Kind, Line, Out, Send, SetLine, Silent
from pumpd.units import Ms

INFO = DriverInfo(
    "asks", "V", "M", Kind.MONITOR, Line((9600,)), Integrity.SUM8, 1000, 2000, probe_bytes=(b"who?", b"bye")
)


class Asks:
    """Sends more than it declares; silent after 2 s without an answer, which it believes whatever it is."""

    info: ClassVar[DriverInfo] = INFO
    made: ClassVar[list[DeviceSettings]] = []

    def __init__(self, settings: DeviceSettings) -> None:
        self.made.append(settings)
        self._quiet_at = Ms(0)
        self._said = False

    def start(self, now: Ms) -> list[Out]:
        self._quiet_at = Ms(now + 2000)
        return [SetLine(19200), Send(b"who?"), Send(b"SET 1")]

    def receive(self, data: bytes, now: Ms) -> list[Out]:
        self._quiet_at = Ms(now + 2000)
        return []

    def tick(self, now: Ms) -> list[Out]:
        self._said = True
        return [Silent()]

    def next_deadline(self) -> Ms | None:
        return None if self._said else self._quiet_at

    def finish(self, now: Ms) -> list[Out]:
        return [Send(b"SET 0")]


class Names(Asks):
    info: ClassVar[DriverInfo] = replace(INFO, name="names", probe_bytes=())

    def receive(self, data: bytes, now: Ms) -> list[Out]:
        return [Identity("M")]


class Broken(Asks):
    info: ClassVar[DriverInfo] = replace(INFO, name="broken")

    def receive(self, data: bytes, now: Ms) -> list[Out]:
        raise KeyError("a bug")


def after(ears: Ears, until_ms: int, start_ms: int = 0) -> list[bytes]:
    return [frame for now in range(start_ms, until_ms, 20) for frame in ears.tick(Ms(now))]


def test_nothing_leaves_before_a_driver_is_asked() -> None:
    ears = Ears([Asks, Names], 9600, "", Ms(0))
    assert ears.receive(b"anything", Ms(10)) == []
    assert after(ears, 5000) == []
    assert ears.finish(Ms(5000)) == []


def test_only_declared_frames_leave_each_once_while_nothing_answers_and_all_of_them_in_the_end() -> None:
    ears = Ears([Asks], 9600, "", Ms(0))
    assert ears.ask(Asks, Ms(0)) == [b"who?"]
    assert after(ears, STALL_MS - 20) == []
    assert ears.finish(Ms(STALL_MS - 20)) == [b"bye"]
    assert ears.ask(Asks, Ms(3000)) == [b"who?"]
    assert after(ears, 3000 + 4 * STALL_MS, 3000) == [b"bye"]


def test_control_is_off_and_the_speed_is_the_one_that_is_tried() -> None:
    Asks.made.clear()
    Ears([Asks], 19200, "", Ms(0)).ask(Asks, Ms(0))
    assert {(one.control, one.options["baud"]) for one in Asks.made} == {(False, "19200")}


def test_a_driver_that_does_not_call_it_silence_in_time_has_believed_something() -> None:
    ears = Ears([Asks], 9600, "", Ms(0))
    ears.ask(Asks, Ms(0))
    ears.receive(b"hello", Ms(500))
    after(ears, 2000 + LATE_MS + 40)
    assert [one.sure for one in ears.evidence] == [Sure.SILENT, Sure.LIKELY]
    assert ears.evidence[1].words() == "it answers, with an 8-bit checksum"


def test_one_that_calls_it_silence_in_time_has_not() -> None:
    ears = Ears([Asks], 9600, "", Ms(0))
    ears.ask(Asks, Ms(0))
    after(ears, 2000 + LATE_MS + 40)
    assert {one.sure for one in ears.evidence} == {Sure.SILENT}
    assert ears.is_settled


def test_a_drivers_bug_is_told_and_the_others_go_on() -> None:
    ears = Ears([Broken, Names], 9600, "", Ms(0))
    ears.ask(Broken, Ms(0))
    ears.receive(b"x", Ms(10))
    broken = [one for one in ears.evidence if one.failed]
    assert [one.words() for one in broken] == ["the driver failed: KeyError: 'a bug'"]
    (named,) = [one for one in ears.evidence if one.info.name == "names"]
    assert named.model == "M"
