"""Anything that can happen at a bed, believable or not, as hypothesis strategies: events, and times between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st

from pumpd.device.facts import (
    AlarmCode,
    CommandOutcome,
    Control,
    ControlState,
    DeviceAlarms,
    Fact,
    Garbled,
    Identity,
    Integrity,
    Outcome,
    PumpStatus,
    Quality,
    Reading,
    Silent,
    Vitals,
)
from pumpd.safety import events as ev
from pumpd.safety.policy import BedPolicy
from pumpd.units import Ms

# what a normal day has, what lies beside a limit or a time, and what is absurd
GAPS_MS = (0, 1, 50, 499, 500, 1_000, 1_000, 2_000, 4_999, 5_000, 5_001, 9_999, 10_001, 15_000, 30_000, 61_000)
LONG_MS = (120_000, 300_001, 900_000, 13 * 3_600_000)
VALUES: dict[str, tuple[int, ...]] = {
    "rr": (14, 0, 1, 4, 5, 6, 7, 8, 9, 30, 31, 200),
    "spo2": (98, 0, 70, 84, 85, 86, 89, 90, 91, 100, 101),
    "etco2": (38, 0, 1, 14, 15, 16, 50, 51, 59, 60, 61, 151),
    "pulse": (72, 0, 44, 45, 130, 131, 351),
    "hr": (72, 30),
    "no_breath": (0, 1, 2),
    "no_breath_s": (0, 9, 10, 29, 30, 31, 255, 256),
    "poss": (1, 2, 3, 4, 5),
    "ipi": (10, 1, 0),
    "never heard of": (1,),
}
PEOPLE = ("R. Keller", "A. Osei", "", "  ")
RATES_UL_H = (0, 7_000, 34_999, 35_000, 35_010, 69_990, 70_000, 70_010, 140_000, 14_005, -1, 1_200_001, 1 << 40)
ms = st.sampled_from(GAPS_MS) | st.sampled_from(LONG_MS)
short_ms = st.sampled_from(GAPS_MS[:10])
people = st.sampled_from(PEOPLE)
reasons = st.sampled_from(("seen", "", " "))
qualities = st.sampled_from(Quality)


@st.composite
def readings(draw: st.DrawFn, signal: str) -> Reading:
    quality = draw(st.sampled_from((Quality.OK,) * 8 + tuple(Quality)))
    if quality not in (Quality.OK, Quality.QUESTIONABLE):
        return Reading(signal, None, quality)
    value = draw(st.sampled_from(VALUES[signal]) | st.just(VALUES[signal][0]))
    return Reading(signal, value * 1000 + draw(st.sampled_from((0, 0, 0, 1, -1))), quality)


@st.composite
def frames(draw: st.DrawFn) -> Vitals:
    names = draw(st.lists(st.sampled_from(tuple(VALUES)), unique=True, max_size=7))
    return Vitals(tuple(draw(readings(name)) for name in names))


@st.composite
def statuses(draw: st.DrawFn, now: int) -> PumpStatus:
    """requested: never, before, just now, or in a future that a broken clock invents."""
    return PumpStatus(
        infusing=draw(st.sampled_from((True, True, False, None))),
        rate_ul_h=draw(st.sampled_from(RATES_UL_H) | st.none()),
        volume_ul=draw(st.sampled_from((None, 0, 100, 5_000, 49_999, -5, 1 << 50))),
        requested_ms=draw(st.sampled_from((None, Ms(now - 5_000), Ms(now - 20), Ms(now), Ms(now + 9)))),
        integrity=draw(st.sampled_from(Integrity)),
        serial=draw(st.sampled_from((None, "SN1", "SN1", "OTHER"))),
    )


codes = st.sampled_from((AlarmCode("AL_OCCLU", "occlusion"), AlarmCode("X", "", known=False)))


def facts(now: int, orders: list[str]) -> st.SearchStrategy[Fact]:
    """Anything that a device may say; outcomes are mostly of orders that were given."""
    known = st.sampled_from(orders[-6:]) if orders else st.just("b1-o1")
    return st.one_of(
        frames(),
        frames(),
        statuses(now),
        statuses(now),
        st.builds(CommandOutcome, known | st.just("nobody's"), st.sampled_from(Outcome)),
        st.builds(Control, st.sampled_from(ControlState)),
        st.builds(DeviceAlarms, st.lists(codes, max_size=2).map(tuple)),
        st.builds(Identity, st.sampled_from((None, "Asena", "Capnostream", "toaster")), st.sampled_from((None, "SN1"))),
        st.just(Garbled("crc")),
        st.just(Silent()),
    )


def patients() -> st.SearchStrategy[ev.Patient]:
    return st.builds(
        ev.Patient,
        mrn=st.sampled_from(("A", "A", "B", "", " ")),
        family_name=st.just("Doe"),
        given_name=st.just("Jo"),
        birth_date=st.just("1970-01-01"),
        sex=st.sampled_from(ev.Sex),
        weight_g=st.sampled_from((70_000, 70_000, None, 0, -1, 19_999, 250_001)),
    )


def acts(pumps: tuple[str, ...], alarms: list[str]) -> st.SearchStrategy[ev.Event]:
    """What people and pumpd itself may do; ids are mostly those of live alarms, of either bed."""
    pump = st.sampled_from((*pumps, "no such pump"))
    alarm = st.sampled_from((*alarms, "b1-a999")) if alarms else st.just("b1-a1")
    return st.one_of(
        st.builds(ev.Acknowledged, alarm, people, st.sampled_from(ev.AckReason), st.sampled_from(("", "a note"))),
        st.builds(ev.AlarmReset, alarm, people, reasons),
        st.builds(ev.AudioPaused, people, st.sampled_from((120, 60, 1, 0, -1, 121, 1 << 40)), st.booleans()),
        st.builds(
            ev.RateRequested, st.just("r1"), pump, st.sampled_from((*RATES_UL_H, float("nan"), True)), people, reasons
        ),
        st.builds(ev.StopRequested, pump, people, reasons),
        st.builds(ev.InterlockReset, pump, people, reasons),
        st.builds(ev.ResumeRequested, pump, people, reasons),
        st.builds(ev.SoftOverride, pump, people, reasons),
        st.builds(
            ev.Assessed,
            people,
            st.sampled_from((None, 1, 3, 4, 0, 5)),
            st.booleans(),
            st.sampled_from((None, -6, -5, 0, 4, 5)),
            st.sampled_from((None, True, False)),
        ),
        st.builds(
            ev.SelfFault, st.sampled_from(("journal_failing", "kernel_late", "anything")), reasons, st.booleans()
        ),
        st.builds(ev.PatientReleased, people, reasons),
        st.builds(ev.PatientBound, patients(), people),
    )


def links(devices: tuple[str, ...]) -> st.SearchStrategy[ev.Event]:
    return st.builds(ev.LinkChanged, st.sampled_from((*devices, "no such device")), st.sampled_from(ev.LinkState))


# --- a ward as it mostly is

PATIENT = ev.Patient("A", "Doe", "Jo", "1970-01-01", ev.Sex.UNKNOWN, 70_000)
WELL = {"rr": 14, "spo2": 98, "etco2": 38, "pulse": 72, "no_breath": 0, "no_breath_s": 0}
Timed = tuple[int, ev.Event]  # milliseconds to pass first


def frame(**values: int) -> Vitals:
    return Vitals(tuple(Reading(name, value * 1000) for name, value in {**WELL, **values}.items()))


def status(rate_ul_h: int, infusing: bool, asked: int) -> PumpStatus:
    return PumpStatus(infusing, rate_ul_h, None, Ms(asked), Integrity.CRC16, "SN1")


def lines_up(policy: BedPolicy) -> list[ev.Event]:
    up: list[ev.Event] = [ev.LinkChanged(device, ev.LinkState.UP) for device in policy.device_ids()]
    return [*up, *(ev.Heard(pump.device, Control(ControlState.GRANTED)) for pump in policy.pumps)]


def quiet_second(policy: BedPolicy, now: int) -> list[ev.Heard]:
    """A frame of the first monitor, then a status of each pump at 0.1 mg/kg/h."""
    heard = [ev.Heard(policy.monitors[0].device, frame())]
    return heard + [ev.Heard(pump.device, status(7_000, True, now - 20)) for pump in policy.pumps]


def _frames(seconds: int, **values: int) -> Callable[[BedPolicy, int], list[Timed]]:
    return lambda policy, now: [(1_000, ev.Heard(policy.monitors[0].device, frame(**values)))] * seconds


def _rate(rate_ul_h: int) -> Callable[[BedPolicy, int], list[Timed]]:
    return lambda policy, now: [(500, ev.Heard(policy.pumps[0].device, status(rate_ul_h, True, now + 480)))]


def _pulled(policy: BedPolicy, now: int) -> list[Timed]:
    gone: list[Timed] = [(10, ev.LinkChanged(device, ev.LinkState.DOWN, "unplugged")) for device in policy.device_ids()]
    return [*gone, (40_000, ev.Tick())]


TROUBLE: dict[str, Callable[[BedPolicy, int], list[Timed]]] = {
    "no breath": _frames(2, no_breath=1, rr=0),
    "SpO2 83": _frames(12, spo2=83),
    "SpO2 88": _frames(16, spo2=88),
    "RR 4": _frames(31, rr=4),
    "over hard": _rate(140_000),
    "over soft": _rate(42_000),
    "cables": _pulled,
}


def _answer(pump: str, order: str, outcome: Outcome) -> Timed:
    return 40, ev.Heard(pump, CommandOutcome(order, outcome))


def _report(pump: str, rate_ul_h: int, asked: int) -> Timed:
    return 40, ev.Heard(pump, status(rate_ul_h, rate_ul_h > 0, asked))


AFTER_A_STOP: dict[str, Callable[[str, str, int], list[Timed]]] = {
    "it is refused": lambda p, o, now: [_answer(p, o, Outcome.REFUSED), _report(p, 0, now + 60)],
    "an old report says it stands": lambda p, o, now: [_answer(p, o, Outcome.DONE), _report(p, 0, now + 30)],
    "it runs on": lambda p, o, now: [_answer(p, o, Outcome.DONE), _report(p, 140_000, now + 60), (6_000, ev.Tick())],
    "nobody says anything": lambda p, o, now: [(6_000, ev.Tick())],
    "it is acknowledged only": lambda p, o, now: [_answer(p, o, Outcome.DONE), (6_000, ev.Tick())],
    "it is started again": lambda p, o, now: [
        _answer(p, o, Outcome.DONE),
        _report(p, 0, now + 60),
        _report(p, 7_000, now + 90),
    ],
    "the patient changes": lambda p, o, now: [(40, ev.PatientBound(replace(PATIENT, mrn="B"), "R. Keller"))],
}
