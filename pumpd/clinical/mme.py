"""Morphine milligram equivalents a day, as administered in the last 24 h. Exact fractions. Pure.

Theory. MME/day at `now` is a sum over what was given in the sliding window (now - 24 h, now]: an administration counts
whole when its time lies in it, a patch counts by the hours it was worn in it. Amounts are added up per opioid and
route first and multiplied by the factor after, so that a factor that depends on the day's total (methadone, CDC 2016)
sees that total, and neither order nor the way in which a dose was split can change the result. What has no factor is
a `Gap`: the total is then "at least", and says so. Amounts of pumps are pairs (at least, at most), and so is a total.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from pumpd.clinical.entries import Route
from pumpd.clinical.mme_tables import UG, Factor, FactorTable, Opioid, OpioidTables, Per
from pumpd.clinical.words import meant
from pumpd.units import MS_PER_H, MS_PER_MIN, exact, plain

DAY_MS = 24 * MS_PER_H  # MME a day is by definition


@dataclass(frozen=True, slots=True)
class Administered:
    """One administration by hand. drug: as charted; id: of the entry; and_ng: beyond whole micrograms."""

    id: str
    drug: str
    route: Route
    amount_ug: int
    at_ms: int
    and_ng: int = 0


@dataclass(frozen=True, slots=True)
class Worn:
    """A patch, from on_ms until off_ms (None: it is still on). id: of the entry that put it on."""

    id: str
    drug: str
    rate_ng_h: int
    on_ms: int
    off_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Pumped:
    """What a pump gave of a drug in the window (at least, at most); why: set where that is not all that is known."""

    pump: str
    drug: str | None
    low_ng: int
    high_ng: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One opioid by one route: low, high: MME in the window; low_ug, high_ug: the amount (patch: mcg/h over 24 h).

    label: the drug as it is spelt. factor: of the table; table: its id; source: where the number was read. entries:
    ids of the entries, and pumps, that were added up.
    """

    drug: str
    label: str
    route: Route
    low: Fraction
    high: Fraction
    low_ug: Fraction
    high_ug: Fraction
    factor: Fraction
    per: Per
    table: str
    source: str
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """What the total lacks, or may lack: why, of which drug and route (both may be empty), by which entries."""

    drug: str
    route: str
    why: str
    entries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mme:
    """MME a day at now_ms. low, high: what is known of the total; gaps: why it is incomplete, empty when it is not.

    table: id of the chosen table; tables: labels of all that were used. notes: what to know of these numbers (a patch
    that still acts, a factor's note); warnings: the tables' scope, to be shown with them.
    """

    now_ms: int
    low: Fraction
    high: Fraction
    parts: tuple[Part, ...]
    gaps: tuple[Gap, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    table: str
    tables: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """False: the true total may be larger, `gaps` says why."""
        return not self.gaps


@dataclass(slots=True)
class _Sum:
    low_ug: Fraction = Fraction(0)
    high_ug: Fraction = Fraction(0)
    entries: list[str] = field(default_factory=list)

    def add(self, low_ug: Fraction, high_ug: Fraction, entry: str) -> None:
        self.low_ug += low_ug
        self.high_ug += high_ug
        self.entries.append(entry)


def mme_at(
    now_ms: int,
    tables: OpioidTables,
    administered: Iterable[Administered] = (),
    worn: Iterable[Worn] = (),
    pumped: Iterable[Pumped] = (),
    since_ms: int | None = None,
) -> Mme:
    """MME a day at now_ms, with the chosen table and the site's parenteral one.

    pumped: of the same window. since_ms: nothing is known of before (None: that is no concern); a window that reaches
    further back makes the total incomplete.
    """
    patches = list(worn)
    collected = _Collected(tables)
    for dose in administered:
        if now_ms - DAY_MS < dose.at_ms <= now_ms and (dose.amount_ug or dose.and_ng):
            amount = dose.amount_ug + Fraction(dose.and_ng, 1000)
            collected.add(dose.drug, dose.route, amount, amount, dose.id)
    for patch in patches:
        rate = Fraction(patch.rate_ng_h, 1000) * Fraction(worn_ms(patch, now_ms), DAY_MS)
        if rate:
            collected.add(patch.drug, Route.TRANSDERMAL, rate, rate, patch.id)
    for pump in sorted(pumped, key=lambda one: (one.pump, one.drug or "")):
        collected.add_pump(pump)
    collected.weigh()
    gaps = collected.gaps + _not_charted(now_ms, since_ms)
    return _total(now_ms, tables, collected, gaps, residual_notes(patches, now_ms, tables))


def worn_ms(patch: Worn, now_ms: int) -> int:
    """How long the patch was worn in the 24 h before now_ms."""
    until = now_ms if patch.off_ms is None else min(patch.off_ms, now_ms)
    return max(0, until - max(patch.on_ms, now_ms - DAY_MS))


def residual_notes(worn: Iterable[Worn], now_ms: int, tables: OpioidTables) -> tuple[str, ...]:
    """What to say of patches that were taken off and may still act: never counted."""
    span = tables.residual
    says = f"goes on acting for {_hours(span.from_ms)} to {_hours(span.to_ms)} h after removal, which is not counted"
    off = ((one, now_ms - one.off_ms) for one in worn if one.off_ms is not None and one.rate_ng_h)
    acting = [(one, off_ms) for one, off_ms in off if 0 <= off_ms < span.to_ms]
    return tuple(
        f"{tables.label(one.drug)} patch {patch_rate(one.rate_ng_h)}, off for {lasted(off_ms)}: {says}"
        for one, off_ms in sorted(acting, key=lambda found: (found[0].on_ms, found[0].id))
    )


def patch_rate(rate_ng_h: int) -> str:
    """ "37.5 mcg/h"."""
    return f"{plain(exact(rate_ng_h, 1000))} mcg/h"


def lasted(ms: int) -> str:
    """A duration in hours and minutes, rounded down: "5 h 20 min", "12 min"."""
    hours, minutes = ms // MS_PER_H, ms % MS_PER_H // MS_PER_MIN
    words = ([f"{hours} h"] if hours else []) + ([f"{minutes} min"] if minutes or not hours else [])
    return " ".join(words)


def _hours(ms: int) -> str:
    return f"{ms / MS_PER_H:g}"


def _not_charted(now_ms: int, since_ms: int | None) -> list[Gap]:
    if since_ms is None or since_ms <= now_ms - DAY_MS:
        return []
    return [Gap("", "", f"charted for {lasted(max(0, now_ms - since_ms))} only: what was given before is not in it")]


class _Collected:
    """Amounts per opioid and route, then parts and gaps."""

    def __init__(self, tables: OpioidTables) -> None:
        self._tables = tables
        self._known: dict[tuple[str, Route], _Sum] = {}
        self._unknown: dict[tuple[str, Route], _Sum] = {}
        self.parts: list[Part] = []
        self.gaps: list[Gap] = []
        self.notes: list[str] = []
        self.used: list[FactorTable] = []

    def add(self, drug: str, route: Route, low_ug: Fraction, high_ug: Fraction, entry: str) -> None:
        found = self._tables.find(drug)
        if found is None:
            self._unknown.setdefault((drug.strip(), route), _Sum()).add(low_ug, high_ug, entry)
        elif found.counts:
            self._known.setdefault((found.code, route), _Sum()).add(low_ug, high_ug, entry)

    def add_pump(self, pump: Pumped) -> None:
        route = self._tables.pump_route
        if pump.drug is not None and pump.high_ng:
            self.add(pump.drug, route, Fraction(pump.low_ng, 1000), Fraction(pump.high_ng, 1000), pump.pump)
        found = None if pump.drug is None else self._tables.find(pump.drug)
        if pump.why and (found is None or found.counts):
            self.gaps.append(Gap(found.code if found else pump.drug or "", route, pump.why, (pump.pump,)))

    def weigh(self) -> None:
        """Multiply every sum by its factor; what has none is a gap."""
        for (code, route), amount in sorted(self._known.items()):
            opioid = self._tables.find(code)
            found = self._tables.factor(code, route)
            if opioid is None or found is None:
                self.gaps.append(Gap(code, route, self._no_factor(code, route), tuple(sorted(amount.entries))))
            else:
                self._weighed(opioid, route, amount, *found)
        for (name, route), amount in sorted(self._unknown.items()):
            known = [one.code for one in self._tables.opioids]
            why = f'"{name}" is no drug of these tables{meant(name, known)}'
            self.gaps.append(Gap(name, route, why, tuple(sorted(amount.entries))))

    def _weighed(self, opioid: Opioid, route: Route, amount: _Sum, table: FactorTable, factor: Factor) -> None:
        low_factor, _ = factor.at(amount.low_ug)
        high_factor, within = factor.at(amount.high_ug)
        entries = tuple(sorted(amount.entries))
        if not within:
            end = f"{_mg(factor.bands[-1].up_to_ug or 0)} mg/day"
            why = f"{opioid.label} {route}: the scale of {table.label} ends at {end}, counted at its last factor"
            self.gaps.append(Gap(opioid.code, route, why, entries))
        if factor.note:
            self.notes.append(f"{opioid.label} {route}: {factor.note}")
        if table not in self.used:
            self.used.append(table)
        unit = UG[factor.per]
        self.parts.append(
            Part(
                opioid.code,
                opioid.label,
                route,
                amount.low_ug * low_factor / unit,
                amount.high_ug * high_factor / unit,
                amount.low_ug,
                amount.high_ug,
                high_factor,
                factor.per,
                table.id,
                factor.source,
                entries,
            )
        )

    def _no_factor(self, code: str, route: Route) -> str:
        chosen, own = self._tables.table(), self._tables.parenteral
        return f"{self._tables.label(code)} {route} has no factor in {chosen.label} or in the table {own.label}"


def _mg(amount_ug: int) -> str:
    return f"{amount_ug / 1000:g}"


def _total(now_ms: int, tables: OpioidTables, collected: _Collected, gaps: list[Gap], residual: tuple[str, ...]) -> Mme:
    chosen = tables.table()
    others = [one.label for one in collected.used if one.id != chosen.id]
    return Mme(
        now_ms=now_ms,
        low=sum((part.low for part in collected.parts), Fraction(0)),
        high=sum((part.high for part in collected.parts), Fraction(0)),
        parts=tuple(collected.parts),
        gaps=tuple(gaps),
        notes=(*collected.notes, *residual),
        warnings=tables.warnings,
        table=chosen.id,
        tables=(chosen.label, *others),
    )
