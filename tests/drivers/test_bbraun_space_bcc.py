"""What only a B. Braun rack does: blocks and their acknowledgement, stuffing, slots, values that are none."""

from __future__ import annotations

import itertools

import pytest
from pumpd_drivers.bbraun_space_bcc import BBraunSpaceBcc
from pumpd_drivers.bbraun_space_bcc_values import DOSE_UNITS
from pumpd_drivers.bbraun_space_bcc_wire import block_of, request

from pumpd.device import (
    CommandOutcome,
    DeviceAlarms,
    DeviceSettings,
    Garbled,
    Identity,
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
from tests.drivers.virtual import Mute, VirtualLine

BED = "ComSystem/1/1"
ACK, NAK = b"\x06", b"\x15"
GET = request(BED.encode(), "MEM:GET", stuffed=False)
RUNNING = ("INRT,5.00", "INVI,12.3", "INM3,1", "INSERNUM,40864")


def rack(slot: str | None = None, poll_ms: int | None = None, **more: object) -> VirtualLine:
    sim = BBraunSpaceBccSim()
    for name, value in more.items():
        setattr(sim, name, value)
    options = {} if slot is None else {"slot": slot}
    return VirtualLine(BBraunSpaceBcc(DeviceSettings("p1", poll_ms=poll_ms, options=options)), sim)


def silent_rack() -> VirtualLine:
    """A rack that has told its bed and then waits for what the test says."""
    line = VirtualLine(BBraunSpaceBcc(DeviceSettings("p1")), Mute())
    line.hear(block("1,50100,GNACK,0"))
    line.run_until(600)
    return line


def block(*quads: str, last: bool = True) -> bytes:
    return encoded(BED, "\x1e".join(quads), last, stuffed=False)


def pump(*values: str, slot: str = "13", last: bool = True) -> bytes:
    return block(*(f"7,501{slot},{value}" for value in values), last=last)


def status(*values: str) -> PumpStatus:
    line = silent_rack()
    line.hear(pump(*values))
    return line.of(PumpStatus)[-1]


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


def test_the_only_pump_of_a_rack_is_the_pump() -> None:
    line = rack()
    line.run_until(3_000)
    assert line.of(Identity) == [Identity("688F030006 in slot 13", "40864")]


def test_which_of_several_pumps_is_meant_is_not_guessed() -> None:
    line = rack(others=("11", "14"))
    line.run_until(7_000)
    assert line.of(PumpStatus) == []
    (alarm,) = line.of(DeviceAlarms)[-1].alarms
    assert alarm.text == "several pumps in the rack: set the option slot to one of 11, 13, 14"


def test_a_late_block_that_names_one_of_several_pumps_does_not_make_it_the_pump() -> None:
    line = silent_rack()
    line.hear(pump(*RUNNING, slot="11", last=False))
    line.run_until(line.now + 8_000)
    line.hear(pump(*RUNNING, slot="13"))
    assert line.of(PumpStatus) == []
    assert [a.code for a in line.of(DeviceAlarms)[-1].alarms] == ["SLOT_NOT_SET"]


def test_a_pump_whose_neighbour_was_taken_out_is_the_only_one_after_a_while() -> None:
    line = rack(others=("11",))
    line.run_until(12_000)
    line.device.others = ()  # type: ignore[attr-defined]
    line.run_until(18_000)
    assert line.of(PumpStatus) == []
    line.run_until(40_000)
    assert line.of(PumpStatus)
    assert line.of(DeviceAlarms)[-1].alarms == ()


def test_with_a_slot_only_that_pump_is_asked_for() -> None:
    line = rack(slot="14", others=("11", "14"))
    line.run_until(7_000)
    assert line.times_of(request(BED.encode(), "MEM:GETSLOT#14", stuffed=False))
    assert {s.serial for s in line.of(PumpStatus)} == {"914"}


def test_an_empty_slot_is_an_alarm_and_no_status() -> None:
    line = rack(slot="12")
    line.run_until(7_000)
    assert line.of(PumpStatus) == []
    assert [a.code for a in line.of(DeviceAlarms)[-1].alarms] == ["GNERR_811"]


def test_a_pump_that_is_taken_out_is_told_and_its_return_ends_the_alarm() -> None:
    line = rack()
    line.run_until(3_000)
    line.device.present = False  # type: ignore[attr-defined]
    line.run_until(12_000)
    assert [a.code for a in line.of(DeviceAlarms)[-1].alarms] == ["GNERR_11"]
    statuses = len(line.of(PumpStatus))
    line.device.present = True  # type: ignore[attr-defined]
    line.run_until(22_000)
    assert line.of(DeviceAlarms)[-1].alarms == ()
    assert len(line.of(PumpStatus)) > statuses


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize("nothing", ["_NV", "_NA", ""])
def test_no_value_is_never_nought(nothing: str) -> None:
    told = status(f"INRT,{nothing}", f"INVI,{nothing}", f"INRMT,{nothing}", f"INM3,{nothing}", f"INSOL,{nothing}")
    assert told == PumpStatus(None, None, None, told.requested_ms, told.integrity)


@pytest.mark.parametrize("text", ["-1", "1e3", "NaN", "1,5", "0.0001", " 1", "12345678"])
def test_a_rate_that_is_no_plain_number_is_no_rate(text: str) -> None:
    assert status(f"INRT,{text}").rate_ul_h is None


@pytest.mark.parametrize(("text", "seconds"), [("65535", None), ("0", 0), ("600000", 600_000), ("_NV", None)])
def test_the_time_left(text: str, seconds: int | None) -> None:
    assert status("INRT,1", f"INRMT,{text}").time_left_s == seconds


@pytest.mark.parametrize(
    ("values", "infusing"),
    [
        (["INM3,1"], True),
        (["INM3,0"], False),
        (["INM3,0", "INM2,1"], True),
        (["INM3,0", "INM10,1"], True),
        (["RUNSTATE,1"], False),
        (["RUNSTATE,2"], True),
        (["RUNSTATE,9"], True),
        (["RUNSTATE,1", "INM3,1"], True),
        (["INM3,_NV"], None),
        ([], None),
    ],
)
def test_a_pump_stands_only_where_it_says_so_and_nothing_speaks_against_it(
    values: list[str], infusing: bool | None
) -> None:
    assert status("INRT,5.00", *values).infusing is infusing


def test_while_a_bolus_runs_the_rate_is_that_of_the_bolus() -> None:
    assert status("INRT,1.20", "INBORT,800.00", "INM2,1").rate_ul_h == 800_000
    assert status("INRT,1.20", "INBORT,800.00", "INM2,0").rate_ul_h == 1_200


@pytest.mark.req("QUA-01", "CEI-03")
@pytest.mark.parametrize("rate", ["INBORT,_NV", "INBORT,_NA", "INBORT,x", "INP1,4"])
def test_a_bolus_whose_rate_is_not_told_runs_at_an_unknown_rate_and_not_at_that_of_before(rate: str) -> None:
    assert status("INRT,1.20", rate, "INM2,1").rate_ul_h is None
    assert status("INRT,1.20", rate, "INM2,0").rate_ul_h == 1_200


def test_dose_units_are_the_published_codes() -> None:
    wanted = {"31": "mg/mL", "32": "mcg/mL", "50": "mcg/min", "69": "mg/kg/h", "71": "mcg/kg/min", "72": "mcg/kg/h"}
    assert {code: DOSE_UNITS[code] for code in wanted} == wanted
    assert DOSE_UNITS["85"] == "IU/kg/day"
    assert "dose 3 (unit 99)" in status("INRT,1", "INDOCAL,1", "INDORT,3", "INDORTU,99").mode


def test_the_pumps_own_symbols_are_left_out_of_names_and_nothing_else_is() -> None:
    assert status("INRT,1", "INSOL,_NV", "INSOLSN,K\ue021etamin 5").drug == "Ketamin 5"


@pytest.mark.parametrize(
    ("code", "text", "known"),
    [
        ("39", "pump removed from the rack", True),
        ("45", "communication with the pump", True),
        ("52", "arrangement of the rack", True),
        ("777", "error 777", False),
    ],
)
def test_errors_of_the_rack_are_alarms(code: str, text: str, known: bool) -> None:
    line = silent_rack()
    line.hear(block(f"7,50100,GNERR,{code}"))
    (alarm,) = line.of(DeviceAlarms)[-1].alarms
    assert (alarm.code, alarm.text, alarm.known) == (f"GNERR_{code}", text, known)


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


def test_the_status_is_what_the_pump_shows() -> None:
    line = rack(poll_ms=1_000)
    line.device.panel.set_rate(7_120, 0)  # type: ignore[attr-defined]
    line.device.panel.start(0)  # type: ignore[attr-defined]
    line.run_until(600_000)
    told = line.of(PumpStatus)[-1]
    shown = line.device.shown(line.now)  # type: ignore[attr-defined]
    assert told.rate_ul_h == shown["rate_ul_h"] == 7_120
    assert told.infusing is True
    assert told.volume_ul is not None
    assert 0 <= shown["volume_ul"] - told.volume_ul <= 100


def test_no_method_needs_a_reply_to_move_on() -> None:
    driver = BBraunSpaceBcc(DeviceSettings("p1"))
    driver.start(Ms(0))
    assert driver.finish(Ms(1)) == []
