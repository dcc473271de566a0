"""What only a Fresenius base does: sessions, link characters, modules, and what it tells."""

from __future__ import annotations

import pytest
from pumpd_drivers.fresenius_base import FreseniusBase
from pumpd_drivers.fresenius_base_wire import ERRORS, LINK_ERRORS, frame

from pumpd.device import DeviceAlarms, DeviceSettings, Garbled, Identity, Outcome, PumpStatus, Send, Silent
from pumpd.sim.devices.fresenius_base import FreseniusBaseSim
from tests.drivers.base_line import ACK, DC4, ENQ, READ, Line, _stopped, mute
from tests.drivers.virtual import Mute, VirtualLine


def test_base_then_a_second_of_patience_then_module_then_the_rest() -> None:
    line = Line()
    line.run_until(3_000)
    asked = [(at, sent) for at, sent in line.sent if sent != ACK]
    assert [sent for _, sent in asked][:4] == [frame("0DC"), frame("0LE;b"), frame("1DC"), frame("1MO;2")]
    assert asked[1][0] - asked[0][0] >= 1_000
    assert line.of(PumpStatus)[-1].rate_ul_h == 7_000


def test_without_the_patience_the_module_would_refuse() -> None:
    sim = FreseniusBaseSim()
    sim.receive(frame("0DC"), 0)
    assert sim.receive(frame("1DC"), 500) == b"\x156"


def test_every_frame_of_the_pump_is_acknowledged() -> None:
    line = mute()
    before = len(line.times_of(ACK))
    for text in ("1C;d0064;r000003E8", "1I;12", "0C", "1E;d0032"):
        line.hear(frame(text))
    assert len(line.times_of(ACK)) == before + 4


def test_a_frame_with_a_wrong_checksum_is_refused_and_not_for_ever() -> None:
    line = mute()
    for _ in range(5):
        line.hear(frame("1C;d0064;r000003E8").replace(b"d0064", b"d0065"))
    assert len(line.times_of(b"\x152")) == 2
    assert line.of(PumpStatus) == []


@pytest.mark.parametrize("at", range(len(frame("1C;d0064;r000003E8"))))
def test_enq_is_answered_at_once_wherever_it_stands(at: int) -> None:
    whole = frame("1C;d0064;r000003E8")
    line = mute()
    outs = line.hear(whole[:at] + ENQ)
    assert outs[0] == Send(DC4)
    line.hear(whole[at:])
    assert line.of(PumpStatus)[-1].rate_ul_h == 10_000


def test_the_session_lives_as_long_as_enq_is_answered() -> None:
    line = Line()
    line.run_until(60_000)
    assert line.sim.heard["DC4"] >= 10
    assert line.sim.heard["0DC"] == 1


def test_a_session_that_has_ended_is_opened_again() -> None:
    line = Line()
    line.run_until(5_000)
    line.sim._base_open_ms, line.sim._opened = None, False
    line.run_until(10_000)
    assert line.sim.heard["0DC"] == 2
    before = len(line.of(PumpStatus))
    line.run_until(14_000)
    assert len(line.of(PumpStatus)) > before
    line.sim._opened = False
    line.run_until(20_000)
    assert (line.sim.heard["0DC"], line.sim.heard["1DC"]) == (2, 3)


def test_a_base_that_comes_back_after_a_silence_is_opened_anew() -> None:
    line = Line()
    line.run_until(5_000)
    line.sim.switch_off(5_000, 20_000)
    line.run_until(24_000)
    assert len(line.of(Silent)) == 1
    line.run_until(35_000)
    assert line.of(PumpStatus)[-1].requested_ms is not None
    assert line.of(PumpStatus)[-1].requested_ms > 25_000  # type: ignore[operator]
    assert len(line.of(Silent)) == 1


def test_the_only_module_is_the_module_and_tells_what_it_is() -> None:
    line = Line(modules=("3",))
    line.run_until(5_000)
    assert line.of(Identity) == [Identity("PILOTE ANESTH in module 3")]
    assert line.of(PumpStatus)


@pytest.mark.parametrize("modules", [(), ("1", "4")])
def test_which_of_several_modules_is_meant_is_not_guessed(modules: tuple[str, ...]) -> None:
    line = Line(modules=modules)
    line.run_until(20_000)
    assert line.of(PumpStatus) == []
    assert [a.code for a in line.of(DeviceAlarms)[-1].alarms] == ["MODULE_NOT_SET" if modules else "NO_MODULE"]
    assert [outcome for _, outcome, _ in _stopped(line)] == [Outcome.REFUSED]
    assert {sent[1:2] for _, sent in line.sent if len(sent) > 2} == {b"0"}
    assert line.of(Silent) == []


def test_a_module_that_is_unplugged_leaves_the_other_one_the_only_one() -> None:
    line = Line(modules=("1", "4"))
    line.run_until(10_000)
    line.sim.modules = ("1",)
    line.run_until(20_000)
    assert line.of(PumpStatus)
    assert line.of(DeviceAlarms)[-1].alarms == ()


def test_another_module_that_speaks_up_makes_it_unclear_which_is_meant() -> None:
    line = Line()
    line.run_until(5_000)
    line.hear(frame("2C;d0010;r00000001"))
    assert line.of(PumpStatus)[-1].rate_ul_h == 7_000
    assert [a.code for a in line.of(DeviceAlarms)[-1].alarms] == ["MODULE_NOT_SET"]
    before = len(line.of(PumpStatus))
    line.run_until(5_900)
    assert len(line.of(PumpStatus)) == before
    line.run_until(20_000)
    assert len(line.of(PumpStatus)) > before
    assert line.of(Silent) == []


def test_a_module_that_is_named_is_the_only_one_asked() -> None:
    line = Line(module="4", modules=("1", "4"))
    line.run_until(5_000)
    assert line.times_of(frame("4LE;dr"))
    assert not line.times_of(READ)


def test_a_module_that_is_not_there_is_told() -> None:
    line = Line(module="2")
    line.run_until(10_000)
    assert [(a.code, a.text) for a in line.of(DeviceAlarms)[-1].alarms] == [("I0E", "I;0E module cannot be reached")]


def test_a_syringe_pump_that_stands_alone_has_no_address_and_no_base() -> None:
    driver = FreseniusBase(DeviceSettings("p1", options={"module": "alone"}))
    line = VirtualLine(driver, Mute())
    assert line.sent == [(0, frame("DC"))]
    line.hear(frame("C"), after_ms=20)
    line.hear(frame("C;d0064;r000003E8"), after_ms=20)
    assert line.of(PumpStatus)[-1].rate_ul_h == 10_000
    assert [out.data for out in driver.finish(line.now) if isinstance(out, Send)] == [frame("FC")]  # type: ignore[arg-type]


@pytest.mark.req("INT-06")
def test_a_clean_exit_hands_back_closes_the_sessions_and_changes_no_infusion() -> None:
    line = Line()
    line.run_until(5_000)
    outs = line.driver.finish(line.now)  # type: ignore[arg-type]
    assert [out.data for out in outs if isinstance(out, Send)] == [frame("1MO;1"), frame("1FC"), frame("0FC")]
    line.take(outs)
    line.run_until(5_100)
    assert line.sim.pump.infusing is True


def test_a_spontaneous_change_is_acknowledged_and_read_at_once() -> None:
    line = Line()
    line.run_until(5_500)
    before = len(line.times_of(READ))
    line.hear(frame("1E;d0032"))
    assert line.times_of(frame("1E"))
    assert len(line.times_of(READ)) == before + 1


@pytest.mark.parametrize("code", [*ERRORS, "77", ""])
def test_every_error_is_told_in_words_or_as_it_is(code: str) -> None:
    line = mute()
    line.hear(frame(f"1I;{code}"))
    (alarm,) = line.of(DeviceAlarms)[-1].alarms
    assert alarm.known is (code in ERRORS)
    assert alarm.text == f"I;{code} {ERRORS.get(code, 'unknown error')}"


@pytest.mark.parametrize("reason", [*LINK_ERRORS])
def test_every_refused_frame_is_told(reason: bytes) -> None:
    line = mute()
    line.hear(b"\x15" + reason)
    assert line.of(Garbled)[-1].reason == f"the pump refused a frame: {LINK_ERRORS[reason]}"


@pytest.mark.parametrize("data", ["d0064", "r00000001", "d;r", "dZZ;r1", "d-1;r1", "d0064;r000003E8;x"])
def test_a_status_is_whole_or_none(data: str) -> None:
    line = mute()
    line.hear(frame(f"1C;{data}"))
    assert line.of(PumpStatus) == []
    assert line.of(Garbled)


def test_one_lost_reply_is_no_silence() -> None:
    line = Line()
    line.run_until(5_000)
    line.sim.faults.drop_percent = 100
    line.run_until(6_000)
    line.sim.faults.drop_percent = 0
    line.run_until(30_000)
    assert line.of(Silent) == []
