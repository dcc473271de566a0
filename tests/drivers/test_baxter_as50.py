"""What only the AS50 does: binary CRC bytes, answers without a name, RESEND, and much that nobody knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pumpd_drivers.baxter_as50 import MOST_RESENDS, BaxterAs50, frame

from pumpd.device import (
    CommandOutcome,
    DeviceSettings,
    Garbled,
    Outcome,
    PumpStatus,
    Send,
    SetRateOrder,
    StopOrder,
    Unmapped,
)
from pumpd.sim.devices.baxter_as50 import BaxterAs50Sim, framed
from pumpd.units import Ms
from tests.drivers.sim_line import SimLine

ROUND = ("STATUS=RUN", "PRIRATE=5.0", "TVI=1.25")


def _line() -> SimLine:
    sim = BaxterAs50Sim()
    sim.panel.set_rate(5_000, 0)
    sim.panel.start(0)
    return SimLine(BaxterAs50, sim)


def _says(*texts: str, **options: str) -> list[object]:
    driver = BaxterAs50(DeviceSettings("p1", options=options))
    driver.start(Ms(0))
    outs = driver.receive(b"".join(framed(text) for text in texts), Ms(5))
    return [out for out in outs if not isinstance(out, Send)]


def test_frames_are_those_of_the_sources() -> None:
    for text, crc in (("RESEND", "DB6B"), ("PRIRATE?", "3444"), ("STATUS?", "C34B"), ("EXIT", "BBEE")):
        assert frame(text) == f"[{text}]".encode() + bytes.fromhex(crc)


def test_a_status_is_the_round_of_words_rate_and_volume() -> None:
    line = _line()
    line.run(5_000)
    assert [status.requested_ms for status in line.of(PumpStatus)] == line.times_of(b"[STATUS?]")
    status = line.of(PumpStatus)[-1]
    assert (status.infusing, status.rate_ul_h, status.volume_ul, status.mode) == (None, 5_000, 0, "RUN")


@given(st.integers(0, 99_999))
def test_a_volume_is_read_whatever_bytes_its_crc_has(hundredths: int) -> None:
    told = f"{hundredths // 100}.{hundredths % 100:02d}"
    status = _says("STATUS=RUN", "PRIRATE=5.0", f"TVI={told}")[0]
    assert isinstance(status, PumpStatus)
    assert status.volume_ul == hundredths * 10


@pytest.mark.parametrize("text", ["", "--", "-1", "1e2", "0.0001", "."])
def test_what_is_no_number_is_garbled(text: str) -> None:
    assert [type(fact) for fact in _says(f"PRIRATE={text}")] == [Garbled]


def test_whether_it_infuses_is_not_known_until_somebody_has_told_the_words() -> None:
    for options, infusing in (({}, None), ({"running": "RUN,BOLUS"}, True), ({"standing": "RUN"}, False)):
        status = _says(*ROUND, **options)[0]
        assert isinstance(status, PumpStatus)
        assert status.infusing is infusing


def test_it_claims_neither_a_stop_nor_a_read_back() -> None:
    pump = BaxterAs50.info.pump
    assert (pump.can_stop, pump.can_read_back, pump.lease) == (False, False, False)
    line = _line()
    line.run(3_000)
    refused = line.order(StopOrder("s1"))
    assert refused == [CommandOutcome("s1", Outcome.REFUSED, "this pump takes no stop from a host")]


def test_nothing_that_starts_stops_or_boluses_is_ever_sent() -> None:
    line = _line()
    line.sim.resends = 3  # type: ignore[attr-defined]
    line.run(20_000)
    line.order(SetRateOrder("r1", 4_000, 9_000))
    line.run(5_000)
    line.finish()
    sent = {data[1 : data.index(b"]")] for _, data in line.sent}
    assert sent == {b"STATUS?", b"PRIRATE?", b"TVI?", b"PRIRATE=4.0", b"EXIT"}


@pytest.mark.req("CEI-03")
def test_a_rate_has_one_decimal_and_is_done_with_the_acknowledgement() -> None:
    line = _line()
    line.run(3_000)
    line.order(SetRateOrder("above", 9_100, 9_000))
    line.order(SetRateOrder("zero", 0, 9_000))
    line.order(SetRateOrder("right", 4_500, 9_000))
    line.run(1_000)
    assert {out.order_id: out.outcome for out in line.of(CommandOutcome)} == {
        "above": Outcome.REFUSED,
        "zero": Outcome.REFUSED,
        "right": Outcome.DONE,
    }
    assert line.sim.pump.rate_ul_h == 4_500


def test_a_rejected_rate_is_refused_in_the_pumps_own_words() -> None:
    line = _line()
    line.run(3_500)
    line.sim.local = True
    line.order(SetRateOrder("r1", 4_500, 9_000))
    line.run(500)
    assert line.of(CommandOutcome) == [CommandOutcome("r1", Outcome.REFUSED, "REJECT")]


def test_a_question_that_is_to_be_sent_again_is_sent_again_at_once() -> None:
    line = _line()
    line.run(3_500)
    before = len(line.of(PumpStatus))
    line.sim.resends = 2  # type: ignore[attr-defined]
    line.run(1_000)
    assert len(line.of(PumpStatus)) == before + 1, "the round is not lost"
    assert len([at for at in line.times_of(b"[STATUS?]") if at >= 3_500]) == 3


def test_a_rate_that_is_to_be_sent_again_is_sent_again_a_few_times_and_then_unknown() -> None:
    line = _line()
    line.run(3_500)
    line.sim.resends = 2  # type: ignore[attr-defined]
    line.order(SetRateOrder("r1", 4_500, 9_000))
    line.run(1_500)
    assert len(line.times_of(frame("PRIRATE=4.5"))) == 3
    assert [out.outcome for out in line.of(CommandOutcome)] == [Outcome.DONE]
    line.sim.resends = 100  # type: ignore[attr-defined]
    line.order(SetRateOrder("r2", 4_000, 9_000))
    line.run(3_000)
    assert len(line.times_of(frame("PRIRATE=4.0"))) <= MOST_RESENDS + 1
    assert line.of(CommandOutcome)[-1].outcome is Outcome.UNKNOWN


def test_a_question_that_is_rejected_leaves_its_part_empty() -> None:
    line = _line()
    line.sim._told = lambda key, now_ms: None if key == "TVI" else {"STATUS": "RUN", "PRIRATE": "5.0"}[key]  # type: ignore[attr-defined]
    line.run(5_000)
    status = line.of(PumpStatus)[-1]
    assert (status.rate_ul_h, status.volume_ul, status.mode) == (5_000, None, "RUN")


def test_a_key_without_a_row_is_listed() -> None:
    assert _says("PROTOCOL=ADULT") == [Unmapped("PROTOCOL", "ADULT")]


def test_at_the_end_the_computers_session_is_ended() -> None:
    line = _line()
    line.run(1_000)
    assert line.finish()[-1] == Send(frame("EXIT"))
    assert line.sim.pump.infusing
