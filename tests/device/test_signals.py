"""The table of signals."""

from __future__ import annotations

import pytest
from pumpd_drivers.capnostream20 import Capnostream20

from pumpd.device import SIGNALS, Quality, Reading


def test_every_signal_has_a_name_a_label_and_a_range() -> None:
    for name, signal in SIGNALS.items():
        assert name == signal.name
        assert signal.label
        assert signal.min_milli < signal.max_milli


def test_codes_are_unique_and_come_with_their_reference_id() -> None:
    codes = [signal.code for signal in SIGNALS.values() if signal.code]
    assert len(codes) == len(set(codes))
    assert all(bool(signal.code) == signal.refid.startswith("MDC_") for signal in SIGNALS.values())


def test_a_driver_declares_only_signals_of_the_table() -> None:
    assert set(Capnostream20.info.signals) <= set(SIGNALS)


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize("quality", [Quality.INVALID, Quality.OFF, Quality.STALE])
def test_a_reading_without_trust_cannot_carry_a_number(quality: Quality) -> None:
    with pytest.raises(ValueError, match="exclude each other"):
        Reading("rr", 14_000, quality)
