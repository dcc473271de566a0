"""What only a B. Braun rack does on its line: blocks and their acknowledgement, stuffing, polls and reads."""

from __future__ import annotations

import itertools

import pytest
from pumpd_drivers.bbraun_space_bcc import BBraunSpaceBcc
from pumpd_drivers.bbraun_space_bcc_wire import block_of, request

from pumpd.device import (
    CommandOutcome,
    DeviceAlarms,
    DeviceSettings,
    Garbled,
    Outcome,
    PumpStatus,
    ReadStatus,
    ReleaseControl,
    Send,
    SetRateOrder,
    Silent,
    StopOrder,
)
from pumpd.sim.devices.bbraun_space_bcc import BBraunSpaceBccSim, encoded
from pumpd.units import Ms
from tests.drivers.space_rack import ACK, BED, GET, NAK, RUNNING, block, pump, rack, silent_rack
from tests.drivers.virtual import Mute, VirtualLine


def test_the_bed_is_asked_for_first_and_used_afterwards() -> None:
    line = rack()
    line.run_until(2_000)
    assert [sent for _, sent in line.sent if sent != ACK][:2] == [request(b"1/1/1", "ADMIN:ALIVE", stuffed=False), GET]


def test_every_block_is_acknowledged_a_tenth_of_a_second_after_it_came() -> None:
    line = silent_rack()
    before = len(line.times_of(ACK))
    line.hear(block("7,50100,FMNOR,1", last=False))
    came = line.now
    line.run_until(came + 500)
    assert line.times_of(ACK)[before:] == [came + 100]


def test_one_status_comes_of_a_whole_reply_and_carries_the_time_of_its_question() -> None:
    line = silent_rack()
    asked = line.times_of(GET)[-1]
    assert line.hear(pump("INRT,5.00", last=False), after_ms=100) == []
    assert line.hear(pump("INVI,12.3", last=False), after_ms=200) == []
    line.hear(pump("INM3,1"), after_ms=200)
    assert [(s.rate_ul_h, s.volume_ul, s.infusing, s.requested_ms) for s in line.of(PumpStatus)] == [
        (5000, 12_300, True, asked)
    ]


def test_a_reply_that_ends_too_early_is_no_status_and_is_asked_for_again() -> None:
    line = silent_rack()
    line.hear(pump("INRT,9.99", last=False), after_ms=100)
    line.run_until(line.now + 6_000)
    line.hear(pump("INVI,1.0", "INM3,1"))
    assert line.of(PumpStatus) == []
    assert len(line.times_of(GET)) == 2


def test_a_garbled_block_is_asked_for_again_but_not_for_ever() -> None:
    line = silent_rack()
    bad = pump(*RUNNING).replace(b"5.00", b"6.00")
    for _ in range(5):
        line.hear(bad, after_ms=20)
    assert len(line.times_of(NAK)) == 2
    assert line.of(PumpStatus) == []
    line.hear(pump(*RUNNING), after_ms=20)
    assert len(line.of(PumpStatus)) == 1


def test_a_lost_byte_costs_a_repetition_and_no_reply() -> None:
    class Rack(BBraunSpaceBccSim):
        spoiled = 0

        def answer(self, request: bytes, now_ms: int) -> bytes | None:
            reply = super().answer(request, now_ms)
            if reply and request == ACK and not self.spoiled:
                self.spoiled += 1
                return reply[:40] + reply[41:]
            return reply

    sim = Rack()
    line = VirtualLine(BBraunSpaceBcc(DeviceSettings("p1")), sim)
    line.run_until(4_000)
    assert (sim.heard["NAK"], sim.heard["MEM:GET"]) == (1, 1)
    assert len(line.of(PumpStatus)) == 1


@pytest.mark.parametrize("stuffed", [False, True])
def test_stuffing_is_found_out_from_what_the_rack_sends(stuffed: bool) -> None:
    line = rack(stuffed=stuffed)
    line.run_until(10_000)
    assert line.of(PumpStatus)[-1].rate_ul_h == 0
    assert line.times_of(request(BED.encode(), "MEM:GET", stuffed))
    assert not line.times_of(request(BED.encode(), "MEM:GET", not stuffed))


def test_a_mute_rack_is_asked_both_ways() -> None:
    line = VirtualLine(BBraunSpaceBcc(DeviceSettings("p1")), Mute())
    line.run_until(9_000)
    assert {sent for _, sent in line.sent} == {request(b"1/1/1", "ADMIN:ALIVE", way) for way in (False, True)}


@pytest.mark.req("QUA-04")
def test_half_a_stuffing_is_no_block() -> None:
    whole = encoded(BED, "7,50113,INSOL,Dexmedetomidine", last=True, stuffed=True)[1:-1]
    assert block_of(whole) is not None
    for at in [n for n, byte in enumerate(whole) if byte in b"EeXx"]:
        assert block_of(whole[:at] + whole[at + 1 :]) is None


@pytest.mark.req("QUA-04")
@pytest.mark.parametrize("length", ["00044", "00046", "45   ", "  045", "+0045", "0x045"])
def test_a_length_that_does_not_count_the_bytes_is_no_block(length: str) -> None:
    right = block("7,50113,INRT,5.00")[1:-1]
    wrong = length.encode() + right[5:-5]
    assert block_of(right) is not None
    assert block_of(wrong + b"%05d" % ((1 + sum(wrong)) % 256)) is None


def test_a_late_reply_is_that_to_the_first_question() -> None:
    line = VirtualLine(BBraunSpaceBcc(DeviceSettings("p1", poll_ms=1_000)), Mute())
    line.hear(block("1,50100,GNACK,0"))
    line.run_until(1_700)
    first, second = line.times_of(GET)
    line.hear(pump(*RUNNING))
    line.hear(pump(*RUNNING), after_ms=100)
    line.hear(pump(*RUNNING), after_ms=100)
    assert [s.requested_ms for s in line.of(PumpStatus)] == [first, second, None]


def test_a_request_that_was_not_understood_is_made_again_soon_and_told_as_an_alarm_the_second_time() -> None:
    line = silent_rack()
    asked = len(line.times_of(GET))
    line.hear(block("7,50100,GNERR,68"))
    assert line.of(DeviceAlarms) == []
    came = line.now
    line.run_until(came + 500)
    assert line.times_of(GET)[asked:] == [came + 500]
    line.hear(block("8,50100,GNERR,68"))
    assert [(a.code, a.text) for a in line.of(DeviceAlarms)[-1].alarms] == [("GNERR_68", "request not understood")]


def test_a_rack_that_stuffs_raises_no_alarm_for_our_first_request() -> None:
    line = rack(stuffed=True)
    line.run_until(20_000)
    assert {fact.alarms for fact in line.of(DeviceAlarms)} == {()}


def test_every_order_but_a_read_is_refused_and_nothing_is_sent() -> None:
    line = rack()
    line.run_until(3_000)
    sent = len(line.sent)
    for order in (StopOrder("s"), SetRateOrder("r", 1000, 2000)):
        outs = line.order(order)
        assert [(o.order_id, o.outcome) for o in outs if isinstance(o, CommandOutcome)] == [
            (order.order_id, Outcome.REFUSED)
        ]
    assert [o.outcome for o in line.order(ReleaseControl("c")) if isinstance(o, CommandOutcome)] == [Outcome.DONE]
    assert len(line.sent) == sent


def test_a_read_that_is_ordered_goes_out_before_the_next_poll() -> None:
    line = rack()
    line.run_until(3_000)
    assert line.order(ReadStatus("v")) == [Send(GET)]
    line.run_until(3_500)
    assert line.of(PumpStatus)[-1].requested_ms == 3_000


def test_reads_are_never_closer_than_the_vendor_allows() -> None:
    line = rack(poll_ms=100)
    line.run_until(20_000)
    for _ in range(40):
        line.order(ReadStatus("v"))
        line.run_until(line.now + 130)
    times = line.times_of(GET)
    assert min(b - a for a, b in itertools.pairwise(times)) >= 500
    assert len(times) > 30


@pytest.mark.parametrize("poll_ms", [500, 1_000, 5_000])
def test_one_lost_reply_is_no_silence_and_two_are(poll_ms: int) -> None:
    class Rack(BBraunSpaceBccSim):
        deaf = False

        def receive(self, data: bytes, now_ms: int) -> bytes:
            if self.deaf and data == GET:
                self.deaf = False
                return b""
            return super().receive(data, now_ms)

    sim = Rack()
    line = VirtualLine(BBraunSpaceBcc(DeviceSettings("p1", poll_ms=poll_ms)), sim)
    line.run_until(4 * poll_ms)
    sim.deaf = True
    line.run_until(14 * poll_ms)
    assert not sim.deaf
    assert line.of(Silent) == []
    line.device.faults.drop_percent = 100  # type: ignore[attr-defined]
    line.run_until(line.now + 5 * poll_ms)
    assert len(line.of(Silent)) == 1
    line.device.faults.drop_percent = 0  # type: ignore[attr-defined]
    before = len(line.of(PumpStatus))
    line.run_until(line.now + 3 * poll_ms)
    assert len(line.of(PumpStatus)) > before


def test_a_reply_that_never_ends_stays_bounded() -> None:
    line = silent_rack()
    for number in range(400):
        line.hear(pump(f"XX{number},1", last=False), after_ms=1)
    assert line.of(Garbled)
    driver = line.driver
    assert isinstance(driver, BBraunSpaceBcc)
    assert driver.next_deadline() is not None
    assert all(len(values) <= 300 for values in driver._quads.values())


def test_on_a_tap_it_asks_nothing_and_reads_what_the_other_host_asks_for() -> None:
    line = VirtualLine(BBraunSpaceBcc(DeviceSettings("p1", receive_only=True)), Mute())
    line.hear(GET, after_ms=1_000)
    line.hear(pump("INRT,5.00", last=False), after_ms=100)
    line.hear(ACK, after_ms=100)
    line.hear(pump("INM3,1"), after_ms=100)
    line.run_until(8_000)
    assert [(s.rate_ul_h, s.infusing, s.requested_ms) for s in line.of(PumpStatus)] == [(5_000, True, None)]
    assert line.sent == []
    assert line.of(Garbled) == []


def test_no_method_needs_a_reply_to_move_on() -> None:
    driver = BBraunSpaceBcc(DeviceSettings("p1"))
    driver.start(Ms(0))
    assert driver.finish(Ms(1)) == []
