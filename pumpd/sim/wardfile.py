"""Writes the ward file of a simulated ward: real TOML in the format that `pumpd check` accepts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from pumpd.registry import drivers
from pumpd.sim.bed import CONC_MG_ML, SimBed, SimDevice

_NAMES = (("Ash", "Alva"), ("Birch", "Bela"), ("Cedar", "Cleo"), ("Dogwood", "Dana"), ("Elm", "Eli"), ("Fir", "Fay"))


def ward_toml(
    beds: Iterable[SimBed],
    *,
    server: tuple[str, int],
    journal_url: str,
    files: Mapping[str, Path],
    enforcement: str,
    admitted: bool = True,
    poll: str | None = None,
) -> str:
    """The whole file; files maps library, protocol and alarms to paths. admitted: the patients are bound by it."""
    head = [
        "# A simulated ward. Every patient in it is invented.",
        "schema = 1",
        _table("[ward]", id="demo", name="Simulated ward", timezone="UTC", care_area="palliative-adult"),
        _table("[server]", host=server[0], port=server[1]),
        _table("[journal]", url=journal_url),
        *(_table(f"[{name}]", file=str(path.absolute())) for name, path in files.items()),
    ]
    return "\n".join([*head, *(_bed(number, bed, enforcement, admitted, poll) for number, bed in enumerate(beds, 1))])


def _bed(number: int, bed: SimBed, enforcement: str, admitted: bool, poll: str | None) -> str:
    pump, monitor = bed.devices()
    return "\n".join(
        (
            _table("[[bed]]", id=bed.id, label=bed.label),
            _patient(number, bed) if admitted else "",
            _table(
                "[[bed.pump]]",
                id=pump.id,
                driver=pump.driver,
                link=pump.link,
                **_serial(pump),
                drug="ketamine",
                concentration=f"{CONC_MG_ML} mg/mL",
                enforcement=enforcement if _obeys(pump) else "alarm",
                **({} if poll is None else {"poll": poll}),
            ),
            _table("[[bed.monitor]]", id=monitor.id, driver=monitor.driver, link=monitor.link, **_serial(monitor)),
        )
    )


def _serial(device: SimDevice) -> dict[str, str | int | Decimal]:
    """Named where the device tells it."""
    return {} if device.serial is None else {"serial": device.serial}


def _obeys(pump: SimDevice) -> bool:
    """Can pumpd stop this pump, and see that it stands? One that it cannot is watched only."""
    driver = drivers().get(pump.driver)
    return driver is None or (driver.info.pump.can_stop and driver.info.pump.can_read_back)


def _patient(number: int, bed: SimBed) -> str:
    family, given = _NAMES[(number - 1) % len(_NAMES)]
    return _table(
        "[bed.patient]",
        mrn=f"DEMO-{number:04d}",
        family_name=family,
        given_name=given,
        birth_date=f"{1940 + number % 50}-01-15",
        sex="female" if number % 2 else "male",
        weight_kg=Decimal(str(bed.patient.weight_kg)),
    )


def _table(header: str, **keys: str | int | Decimal) -> str:
    return "\n".join((header, *(f"{key} = {_value(value)}" for key, value in keys.items()), ""))


def _value(value: str | int | Decimal) -> str:
    """JSON's string escapes are a subset of TOML's basic strings."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
