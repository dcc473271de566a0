"""OBX-3 and OBX-6: MDC codes with their names, units that fit. Pure."""

from __future__ import annotations

from pumpd_hl7.codes import MDC, code_of, codes, unit_of, units
from pumpd_hl7.observations import Observation
from pumpd_hl7.rules.finding import Findings, Place
from pumpd_hl7.rules.tables import UNITS

_NUMBERS = ("NM", "SN")


def code_rules(place: Place) -> Findings:
    """OBX-3 `code^REFID^MDC`."""
    segment = place.segment
    if not place.has(3):
        yield place.error(3, "required", "no code")
        return
    at = 1 if segment.get(3, 3) == MDC else 4 if segment.get(3, 6) == MDC else 0
    if not at:
        yield place.warning(3, "mdc", "no MDC code: other systems will not know what it is")
        return
    number, ref = segment.get(3, at), segment.get(3, at + 1)
    found = codes().get(int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None
    if not number.isascii() or not number.isdigit() or number == "0":
        yield place.error(3, "code", f"{number[:20]!r} is no 32-bit code")
    elif found is None:
        yield place.warning(3, "unknown", f"{number} {ref[:60]} is in no table here: it is kept, and not understood")
    elif found.number != int(number):
        yield place.warning(3, "old", f"{number} is the old number of {found.ref}: now {found.number}")
    elif ref and code_of(f"0^{ref}^{MDC}").number != found.number:
        yield place.error(3, "name", f"{number} is {found.ref}, not {ref[:60]}")
    elif not ref:
        yield place.error(3, "name", f"{number} without its name {found.ref}")


def unit_rules(place: Place, seen: Observation) -> Findings:
    """OBX-6, and whether it is a unit of that code."""
    if not place.has(6):
        if seen.kind in _NUMBERS and seen.value:
            yield place.error(6, "required", "a number without its unit")
        return
    segment = place.segment
    unit = unit_of(segment.raw(6), segment.delimiters.component)
    if unit is None or not unit.known:
        yield place.warning(6, "unknown", f"{segment.raw(6)[:60]!r} is a unit of no table here")
        return
    number, ref, ucum = segment.get(6, 1), segment.get(6, 2), segment.get(6, 4)
    if segment.get(6, 3) != MDC:
        yield place.warning(6, "mdc", f"not the MDC unit {unit.number}^{unit.ref}")
    elif number != str(unit.number) or ref != unit.ref:
        named = units().get(int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None
        yield place.error(6, "name", f"{number[:20]} is {named.ref if named else 'no unit'}, not {ref[:60]}")
    elif ucum and segment.get(6, 6) == "UCUM" and ucum not in (unit.ucum, unit.ucum.replace("mm[Hg]", "mmHg")):
        yield place.error(6, "ucum", f"{ucum[:20]!r} is not {unit.ref}, which is {unit.ucum}")
    fits = UNITS.get(seen.code.number)
    if fits and unit.ucum not in fits:
        yield place.error(6, "unit", f"{seen.code.ref} is not measured in {unit.ucum}: {' '.join(sorted(fits))}")
