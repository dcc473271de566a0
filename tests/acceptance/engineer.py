"""The ward's engineer, who gives a stranger a token; by hand that is `pumpd token create` (tests/cli), and slower."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pumpd.access.accounts import NewToken, TokenMade
from pumpd.access.records import StoreUnavailable
from pumpd.access.roles import Identity, Permission
from pumpd.config.load import inspect_ward
from pumpd.journal import JournalOpenError
from pumpd.signin.office import NotNoted, open_office

CANNOT = (JournalOpenError, StoreUnavailable, NotNoted, OSError, ValueError)


async def token_made(ward_file: Path, name: str, may: str) -> str:
    """may: permissions, apart by spaces. "": the ward's accounts cannot be opened."""
    ward = (await asyncio.to_thread(inspect_ward, ward_file)).ward
    if ward is None:
        return ""
    new = NewToken(name, frozenset(map(Permission, may.split())), Identity.FULL, 365)
    try:
        async with open_office(ward.access, ward.journal_url, ward.access_folder) as office:
            made = await office.accounts.add_token(new, office.by)
    except CANNOT:
        return ""
    return made.secret if isinstance(made, TokenMade) else ""
