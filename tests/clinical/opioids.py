"""Administrations and the shipped tables, for tests of MME."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from pumpd.clinical.entries import Route
from pumpd.clinical.mme import DAY_MS, Administered, Mme, Worn, mme_at
from pumpd.clinical.mme_tables import OpioidTables
from pumpd.config.opioids import default_opioids

H = 3_600_000
MIN = 60_000
NOW = 100 * H


@cache
def tables(chosen: str = "cdc-2022") -> OpioidTables:
    """The shipped tables with this one chosen."""
    return default_opioids().choosing(chosen)


def given(drug: str, mg: float, at_ms: int = NOW - H, route: str = "oral", name: str = "e1") -> Administered:
    """One administration; mg may have decimals down to a microgram."""
    return Administered(name, drug, Route(route), round(mg * 1000), at_ms)


def times(count: int, drug: str, mg: float, route: str = "oral") -> list[Administered]:
    """The same dose so many times within the last day."""
    return [given(drug, mg, NOW - at * DAY_MS // (count + 1), route, f"e{at}") for at in range(1, count + 1)]


def patch(rate_ug_h: float, on_ms: int = 0, off_ms: int | None = None, drug: str = "fentanyl") -> Worn:
    """A patch; by default on for more than a day, and on."""
    return Worn("p1", drug, round(rate_ug_h * 1000), on_ms, off_ms)


def total(*parts: Administered | Worn, chosen: str = "cdc-2022", now_ms: int = NOW) -> Mme:
    """MME a day of these."""
    hand = [one for one in parts if isinstance(one, Administered)]
    return mme_at(now_ms, tables(chosen), hand, [one for one in parts if isinstance(one, Worn)])


def exactly(found: Mme) -> Fraction:
    """A complete total that is one number."""
    assert found.complete, found.gaps
    assert found.low == found.high
    return found.low
