"""What a monitor's `rr` is measured by, where it has both a capnograph's rate and one by impedance. Pure.

A patient monitor reports the rate by CO2 as `rr` and the rate by the moving chest as `rr_imp`, which no rule judges: a
chest may move against a closed airway, and then no air does. Where a ward has no capnography that is all there is, and
whoever answers for the monitors may say so in the ward file: `options = { rr = "impedance" }`. It is never chosen by
itself, and what the capnograph of such a monitor says of the rate is then no `rr`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pumpd.device.facts import Reading
from pumpd.device.info import Instead, Origin
from pumpd.device.options import DriverOption

RATE = DriverOption("rr", "co2|impedance", "co2", "what rr is: the rate by co2, or by impedance where there is no CO2")
BY_IMPEDANCE = Instead(
    option=RATE.name,
    word="impedance",
    signal="rr",
    told_as="rr_imp",
    origin=Origin.IMPEDANCE,
    caution='rr is by impedance: a chest that moves without air counts as breathing (options.rr = "impedance")',
)


def is_by_impedance(options: Mapping[str, str]) -> bool:
    """Whether the ward file says so."""
    return RATE.of(options) == BY_IMPEDANCE.word


def by_impedance(readings: Iterable[Reading]) -> tuple[tuple[Reading, ...], Reading | None]:
    """The readings with the rate by impedance as `rr`, and the capnograph's rate, which is then none of them."""
    kept: list[Reading] = []
    other: Reading | None = None
    for one in readings:
        if one.signal == "rr":
            other = one
        elif one.signal == "rr_imp":
            kept.append(Reading("rr", one.value_milli, one.quality))
        else:
            kept.append(one)
    return tuple(kept), other
