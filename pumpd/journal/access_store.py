"""Accounts, sessions and tokens in the database: implements pumpd.access.records.AccessStore."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from pumpd.access.records import Account, Session, Stored, Token
from pumpd.access.roles import Identity, Permission, Role
from pumpd.journal.aside import Aside, Database
from pumpd.journal.message_rows import text
from pumpd.journal.tables import accounts, meta, sessions, tokens

CHANGES = "access_changes"
"""The row of `meta` that counts what others than the daemon have changed."""


class JournalAccess:
    """elsewhere: of the command line, so that a running daemon sees what was changed."""

    def __init__(self, aside: Aside, *, elsewhere: bool = False) -> None:
        self._aside, self._elsewhere = aside, elsewhere

    async def load(self) -> Stored:
        return await self._aside.ask(_load)

    async def changes(self) -> int:
        return await self._aside.ask(_changes)

    async def first_account(self, account: Account) -> bool:
        async def work(database: Database) -> bool:
            async with database.writing() as connection:
                if (await connection.execute(select(func.count()).select_from(accounts))).scalar_one():
                    return False
                await self._put_account(connection, account)
                return True

        return await self._aside.ask(work)

    async def save_account(self, account: Account, *, signs_out: bool) -> None:
        async def work(database: Database) -> None:
            async with database.writing() as connection:
                await self._put_account(connection, account)
                if signs_out:
                    await connection.execute(delete(sessions).where(sessions.c.account == account.name))

        await self._aside.ask(work)

    async def rehashed(self, name: str, old: str, new: str) -> None:
        mine = accounts.c
        clause = update(accounts).where(mine.name == name, mine.password == old).values(password=new)
        await self._run(clause)

    async def save_session(self, session: Session, signed_in_us: int) -> None:
        row = {
            "id": session.id,
            "digest": session.digest,
            "account": session.account,
            "address": text(session.address),
            "made_ms": session.made_ms,
            "seen_ms": session.seen_ms,
        }
        now = update(accounts).where(accounts.c.name == session.account).values(signed_in_us=signed_in_us)
        await self._run(delete(sessions).where(sessions.c.id == session.id), insert(sessions).values(row), now)

    async def end_sessions(self, ids: Collection[str]) -> None:
        async def work(database: Database) -> None:
            async with database.writing() as connection:
                await connection.execute(delete(sessions).where(sessions.c.id.in_(ids)))
                await self._note_change(connection)

        await self._aside.ask(work)

    async def seen(self, sessions_ms: Mapping[str, int], tokens_us: Mapping[str, int]) -> None:
        theirs = [update(sessions).where(sessions.c.id == one).values(seen_ms=at) for one, at in sessions_ms.items()]
        used = [update(tokens).where(tokens.c.id == one).values(used_us=at) for one, at in tokens_us.items()]
        await self._run(*theirs, *used)

    async def save_token(self, token: Token) -> None:
        row = _token_row(token)

        async def work(database: Database) -> None:
            async with database.writing() as connection:
                await _put(connection, tokens, tokens.c.id, row)
                await self._note_change(connection)

        await self._aside.ask(work)

    async def _run(self, *clauses: Any) -> None:
        async def work(database: Database) -> None:
            async with database.writing() as connection:
                for clause in clauses:
                    await connection.execute(clause)

        await self._aside.ask(work)

    async def _put_account(self, connection: AsyncConnection, account: Account) -> None:
        await _put(connection, accounts, accounts.c.name, _account_row(account))
        await self._note_change(connection)

    async def _note_change(self, connection: AsyncConnection) -> None:
        if not self._elsewhere:
            return
        changes = 1 + int((await connection.execute(_CHANGES)).scalar() or 0)
        await _put(connection, meta, meta.c.key, {"key": CHANGES, "value": str(changes)})


_CHANGES = select(meta.c.value).where(meta.c.key == CHANGES)


async def _put(connection: AsyncConnection, table: Any, key: Any, row: dict[str, Any]) -> None:
    """The row's new state, or a new row. (The guards refuse INSERT OR REPLACE.)"""
    rest = {name: value for name, value in row.items() if name not in (key.name, "signed_in_us")}
    done = await connection.execute(update(table).where(key == row[key.name]).values(rest))
    if not done.rowcount:
        await connection.execute(insert(table).values(row))


async def _changes(database: Database) -> int:
    async with database.reader.connect() as connection:
        return int((await connection.execute(_CHANGES)).scalar() or 0)


async def _load(database: Database) -> Stored:
    """The count is read first: what changes meanwhile is read again."""
    changes = await _changes(database)
    async with database.reader.connect() as connection:
        people = [_account(row) for row in await connection.execute(select(accounts))]
        standing = [Session(*row) for row in await connection.execute(select(sessions))]
        machines = [_token(row) for row in await connection.execute(select(tokens))]
    return Stored(tuple(people), tuple(standing), tuple(machines), changes)


def _account_row(account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "display": text(account.display),
        "roles": " ".join(role.value for role in account.roles),
        "password": account.password,
        "pin": account.pin,
        "badge": account.badge,
        "disabled": int(account.disabled),
        "source": text(account.source),
        "identity": None if account.identity is None else account.identity.value,
        "removed": int(account.removed),
        "made_us": account.made_us,
        "signed_in_us": account.signed_in_us,
    }


def _account(row: Any) -> Account:
    return Account(
        row.name,
        row.display,
        tuple(map(Role, row.roles.split())),
        row.password,
        row.pin,
        row.badge,
        bool(row.disabled),
        row.source,
        None if row.identity is None else Identity(row.identity),
        bool(row.removed),
        row.made_us,
        row.signed_in_us,
    )


def _token_row(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "digest": token.digest,
        "name": text(token.name),
        "permissions": " ".join(sorted(permission.value for permission in token.permissions)),
        "identity": token.identity.value,
        "made_us": token.made_us,
        "expires_us": token.expires_us,
        "used_us": token.used_us,
        "revoked": int(token.revoked),
        "made_by": text(token.made_by),
    }


def _token(row: Any) -> Token:
    return Token(
        row.id,
        row.digest,
        row.name,
        frozenset(map(Permission, row.permissions.split())),
        Identity(row.identity),
        row.made_us,
        row.expires_us,
        row.used_us,
        bool(row.revoked),
        row.made_by,
    )
