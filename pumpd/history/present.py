"""Whose stay it is that may be shown. Only the present patient's: what was before is another person's."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from pumpd.journal.query import bed_number, read_policies
from pumpd.journal.stays import last_moment, stays
from pumpd.live.stamp import Stamp
from pumpd.safety.policy import BedPolicy
from pumpd.units import MS_PER_H


class Present(Struct, frozen=True):
    """The stay that may be shown. from_ms: where what was asked for begins; stamp: of the journal's last moment."""

    bed: int
    since_ms: int
    from_ms: int
    until_ms: int
    stamp: Stamp
    policies: tuple[tuple[int, BedPolicy], ...]

    @property
    def policy(self) -> BedPolicy | None:
        """The newest."""
        return self.policies[-1][1] if self.policies else None


async def present(connection: AsyncConnection, bed: str, mrn: str | None, hours: int | None) -> Present | None:
    """None where the journal and the kernel do not agree on who lies there (it has just changed), or knows nothing."""
    number, moment = await bed_number(connection, bed), await last_moment(connection)
    if number is None or moment is None:
        return None
    until_ms, wall = moment
    here = [one for one in await stays(connection) if one.bed == number][-1:]
    lying = [one for one in here if one.ended_ms is None]
    if (lying[0].mrn if lying else None) != mrn:
        return None
    since_ms = max((one.began_ms if one.ended_ms is None else one.ended_ms for one in here), default=0)
    from_ms = since_ms if hours is None else max(since_ms, until_ms - hours * MS_PER_H)
    rules = tuple(await read_policies(connection, number))
    return Present(number, since_ms, from_ms, until_ms, Stamp(until_ms, lambda _: wall), rules)
