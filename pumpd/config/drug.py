"""The drug of a pump: its effective limits and caps, each with who set it."""

from __future__ import annotations

from decimal import Decimal

from pumpd.clinical.rate_units import UnitCheck
from pumpd.config.ceilings import Override, effective
from pumpd.config.library_file import Entry, LibraryFile
from pumpd.config.site import Site
from pumpd.config.ward_file import BedTable, PumpTable
from pumpd.safety.limits import Limit
from pumpd.safety.policy import DrugPolicy


def drug_policy(site: Site, bed: BedTable, pump: PumpTable) -> DrugPolicy | None:
    """What holds for this pump's drug; None where the ward file names none. For a ward without problems."""
    entry = None if pump.drug is None else site.entry(pump.drug)
    if entry is None:
        return None
    assert site.library is not None
    drug = site.library.record.find_drug(entry.drug)
    assert drug is not None
    ward = f"ward file {site.file.ward.id}"
    own = [Override(f"{ward}, bed {bed.id}", bed.ceiling), Override(f"{ward}, pump {pump.id}", pump.ceiling)]
    ceilings = effective(site.library_ceilings(entry), site.overrides() + own)
    lowest, highest = entry.strengths()
    return DrugPolicy(
        code=drug.code,
        label=drug.label,
        governed=drug.governed,
        hard=None if ceilings is None else ceilings.hard,
        soft=None if ceilings is None else ceilings.soft,
        conc_min_ug_ml=lowest,
        conc_max_ug_ml=highest,
        opioid=drug.class_ == "opioid",
        caps=site.effective_caps(entry) if drug.governed else None,
        initial=None if ceilings is None else _initial(site, entry, ceilings.soft),
        unit_check=_unit_check(site.library.record),
    )


def _initial(site: Site, entry: Entry, soft: Limit) -> Limit | None:
    """The library's initial rate; lower where the protocol starts lower, or a soft ceiling is."""
    if entry.continuous is None:
        return None
    limits = [Limit(entry.continuous.initial, site.library_name), soft]
    titration = site.protocol.record.titration if site.protocol else None
    if titration is not None:
        limits.insert(1, Limit(titration.start, site.protocol_name))
    return min(limits, key=lambda limit: limit.ug_kg_h)


def _unit_check(library: LibraryFile) -> UnitCheck | None:
    table = library.unit_check
    if table is None:
        return None
    return UnitCheck(tuple(sorted(set(table.factors))), int(Decimal(str(table.tolerance)) * 1000))
