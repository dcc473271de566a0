"""Simulator and driver were written apart from the same page; here their bytes meet, in virtual time."""

import pytest

from pumpd.device import (
    CommandOutcome,
    Control,
    ControlState,
    DeviceAlarms,
    DeviceSettings,
    Garbled,
    Identity,
    Outcome,
    PumpStatus,
    Quality,
    Send,
    StopOrder,
    Vitals,
)
from pumpd.registry import drivers
from pumpd.sim import AsenaSim, CapnostreamSim, SimPatient


class Pair:
    """A driver and a device joined by a perfect line."""

    def __init__(self, driver, device) -> None:
        self.driver, self.device, self.now_ms = driver, device, 0
        self.facts = []
        self.take(driver.start(0))

    def take(self, outs) -> None:
        for out in outs:
            if isinstance(out, Send):
                self.hear(self.device.receive(out.data, self.now_ms))
            else:
                self.facts.append(out)

    def hear(self, data: bytes) -> None:
        if data:
            self.take(self.driver.receive(data, self.now_ms))

    def run(self, for_ms: int) -> None:
        end_ms = self.now_ms + for_ms
        while self.now_ms < end_ms:
            dues = [due for due in (self.driver.next_deadline(), self.device.next_deadline()) if due is not None]
            self.now_ms = max(self.now_ms, min([*dues, end_ms]))
            self.hear(self.device.tick(self.now_ms))
            due = self.driver.next_deadline()
            if due is not None and due <= self.now_ms:
                self.take(self.driver.tick(self.now_ms))

    def last(self, kind):
        return next(fact for fact in reversed(self.facts) if isinstance(fact, kind))


def _pump(**faults) -> Pair:
    sim = AsenaSim("8002-51740")
    sim.panel.set_rate(10_800, 0)
    sim.panel.start(0)
    for name, value in faults.items():
        setattr(sim.faults, name, value)
    driver = drivers()["alaris_asena"]
    return Pair(driver(DeviceSettings("p1", serial="8002-51740", control=True)), sim)


def _monitor(patient: SimPatient | None = None, **faults) -> Pair:
    sim = CapnostreamSim(patient or SimPatient(1), "B812345678")
    for name, value in faults.items():
        setattr(sim.faults, name, value)
    return Pair(drivers()["capnostream20"](DeviceSettings("m1", serial="B812345678")), sim)


def _stop(pair: Pair) -> CommandOutcome:
    pair.take(pair.driver.command(StopOrder("stop-1"), pair.now_ms))
    pair.run(3000)
    return pair.last(CommandOutcome)


def test_the_pump_is_known_controlled_read_and_stopped():
    pair = _pump()
    pair.run(3000)
    assert pair.last(Identity).serial == "8002-51740"
    assert pair.last(Control).state is ControlState.GRANTED
    status = pair.last(PumpStatus)
    assert (status.infusing, status.rate_ul_h, status.volume_ul) == (True, 10_800, pair.device.pump.counted_ul)
    assert _stop(pair).outcome is Outcome.DONE
    assert pair.last(PumpStatus).infusing is False


def test_the_lease_is_kept_while_the_driver_lives_and_lapses_after_it():
    pair = _pump()
    pair.run(60_000)
    assert pair.device.controlled
    assert pair.device.pump.infusing
    pair.device.advance(pair.now_ms + 5000)
    assert not pair.device.pump.infusing


@pytest.mark.parametrize(
    ("fault", "outcome", "infusing"),
    [
        ("stop_ignored", Outcome.DONE, True),
        ("stop_silent", Outcome.UNKNOWN, True),
        ("lost_ack", Outcome.UNKNOWN, False),
        ("refuse_control", Outcome.REFUSED, True),
    ],
)
def test_what_a_stop_did_is_told_by_the_status_not_by_the_ack(fault, outcome, infusing):
    pair = _pump(**{fault: True})
    pair.run(2000)
    assert _stop(pair).outcome is outcome
    assert pair.last(PumpStatus).infusing is infusing


def test_shifted_status_fields_never_become_a_status():
    pair = _pump(shifted_fields=True)
    pair.run(3000)
    assert not any(isinstance(fact, PumpStatus) for fact in pair.facts)
    assert pair.last(Garbled)


def test_garbage_between_the_frames_never_makes_a_false_rate():
    pair = _pump(garbage_bytes_s=200)
    pair.run(30_000)
    assert {fact.rate_ul_h for fact in pair.facts if isinstance(fact, PumpStatus)} == {10_800}


def test_an_occlusion_is_heard_as_an_alarm():
    pair = _pump(occlusion=True)
    pair.run(60_000)
    assert [alarm.code for alarm in pair.last(DeviceAlarms).alarms] == ["AL_OCCLU"]


def _readings(pair: Pair) -> dict[str, tuple[int | None, Quality]]:
    return {reading.signal: (reading.value_milli, reading.quality) for reading in pair.last(Vitals).readings}


def test_the_monitor_is_known_and_read():
    pair = _monitor()
    pair.run(3000)
    assert pair.last(Identity).serial == "B812345678"
    shown = pair.device.numerics(3000)
    readings = _readings(pair)
    assert readings["rr"] == (shown.rr * 1000, Quality.OK)
    assert readings["spo2"] == (shown.spo2 * 1000, Quality.OK)
    assert len([fact for fact in pair.facts if isinstance(fact, Vitals)]) == 4


def test_no_breath_reaches_the_driver_as_flag_and_seconds():
    patient = SimPatient(1)
    pair = _monitor(patient)
    patient.give_opioid(6.0, onset_s=0.1)
    for _ in range(40):
        patient.step(1.0)
        pair.run(1000)
    readings = _readings(pair)
    assert readings["no_breath"][0] == 1000
    assert readings["no_breath_s"][0] >= 30_000
    assert readings["spo2"][0] >= 97_000


@pytest.mark.parametrize(
    ("fault", "signal"), [("sensor_off", "spo2"), ("sensor_disconnected", "pulse"), ("no_filterline", "rr")]
)
def test_a_missing_sensor_is_no_number(fault, signal):
    pair = _monitor(**{fault: True})
    pair.run(3000)
    value, quality = _readings(pair)[signal]
    assert value is None
    assert quality in (Quality.OFF, Quality.INVALID)


def test_shifted_numerics_never_become_vitals():
    pair = _monitor(shifted_fields=True)
    pair.run(5000)
    assert not any(isinstance(fact, Vitals) for fact in pair.facts)


def test_a_lossy_line_never_makes_a_false_vital_sign():
    pair = _monitor(drop_percent=1)
    pair.run(60_000)
    shown = pair.device.numerics(pair.now_ms)
    vitals = [fact for fact in pair.facts if isinstance(fact, Vitals)]
    assert 20 < len(vitals) < 60
    for fact in vitals:
        values = {reading.signal: reading.value_milli for reading in fact.readings}
        assert values["spo2"] in (None, shown.spo2 * 1000)
