"""Accounts, sessions and tokens in a real database: all of it comes back, also after a kill -9 and on PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pumpd.access.accounts import NewAccount, NewToken
from pumpd.access.audit import AuditQuery, What
from pumpd.access.principal import Credentials, Denied, SignedIn
from pumpd.access.records import Account, Session, StoreUnavailable, Token
from pumpd.access.roles import Identity, Permission, Role
from pumpd.journal import ops
from pumpd.journal.access_store import JournalAccess
from pumpd.journal.aside import Aside
from pumpd.journal.audit import JournalAudit
from pumpd.signin import SignIn
from pumpd.signin.office import open_office, wall_us
from tests.journal.conftest import any_url, database, postgres, url
from tests.signin.memory import PASSWORD, shipped_policy

__all__ = ["any_url", "database", "postgres", "url"]  # fixtures
HOUR_US = 3_600_000_000


@asynccontextmanager
async def kept(url: str) -> AsyncIterator[JournalAccess]:
    await asyncio.to_thread(ops.prepare, url)
    aside = await Aside.open(url)
    try:
        yield JournalAccess(aside)
    finally:
        await aside.close()


@asynccontextmanager
async def front_door(url: str, folder: Path, now_ms: int = 1_000_000) -> AsyncIterator[tuple[SignIn, JournalAudit]]:
    """As the daemon has it."""
    await asyncio.to_thread(ops.prepare, url)
    aside = await Aside.open(url)
    audit = JournalAudit(aside, wall_us)
    signin = await SignIn.open(shipped_policy(), JournalAccess(aside), audit.note, lambda: now_ms, wall_us, folder)
    try:
        yield signin, audit
    finally:
        await signin.close()
        await audit.close()
        await aside.close()


FULL = Account(
    "wall", "Wall 4B ☃", (Role.DISPLAY,), "hash", "pin", b"\x00\xff", True, "idp", Identity.INITIALS, True, 5, 6
)
TOKEN = Token("t-1", b"d", "ehr", frozenset({Permission.VIEW, Permission.CHART}), Identity.FULL, 1, 2, 3, True, "ada")


async def test_every_field_comes_back_as_it_was_kept(any_url: str) -> None:
    async with kept(any_url) as store:
        assert await store.first_account(FULL)
        assert not await store.first_account(Account("two", "Two", (Role.ADMIN,)))
        await store.save_token(TOKEN)
        session = Session("s-1", b"\x01" * 32, "wall", "10.0.0.7", 10, 20)
        await store.save_session(session, 77)
        await store.seen({"s-1": 30}, {"t-1": 40})
    async with kept(any_url) as store:
        stored = await store.load()
        assert stored.accounts == (Account(**{**_fields(FULL), "signed_in_us": 77}),)
        assert stored.sessions == (Session("s-1", b"\x01" * 32, "wall", "10.0.0.7", 10, 30),)
        assert stored.tokens == (Token(**{**_fields(TOKEN), "used_us": 40}),)
        assert stored.changes == 0
        await store.rehashed("wall", "another", "new")
        await store.rehashed("wall", "hash", "newer")
        await store.end_sessions(["s-1", "s-none"])
        again = await store.load()
        assert (again.accounts[0].password, again.sessions) == ("newer", ())
    assert (await asyncio.to_thread(ops.verify, any_url)).ok


def _fields(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__slots__}  # type: ignore[attr-defined]


async def test_the_command_line_and_the_daemon_work_on_one_journal(any_url: str, tmp_path: Path) -> None:
    async with front_door(any_url, tmp_path) as (signin, audit):
        assert signin.needs_setup()
        async with open_office(shipped_policy(), any_url, tmp_path) as office:
            for new in (
                NewAccount("ada", "Ada Min", (Role.ADMIN,), PASSWORD),
                NewAccount("klee", "Kim Lee RN", (Role.NURSE,), PASSWORD, badge="0815"),
            ):
                assert not isinstance(await office.accounts.add_account(new, office.by), Denied)
            made = await office.accounts.add_token(NewToken("prom", frozenset({Permission.METRICS})), office.by)
            assert not isinstance(made, Denied)
        await signin.look()
        assert not signin.needs_setup()
        assert signin.who(Credentials(bearer=made.secret)) is not None
        session = await signin.sign_in("klee", PASSWORD, "10.0.0.7")
        assert isinstance(session, SignedIn)
        async with open_office(shipped_policy(), any_url, tmp_path) as office:
            assert await office.sign_out("klee") == 1
            assert await office.accounts.revoke_token(made.row.id, office.by)
        await signin.look()
        assert signin.who(Credentials(session.cookie)) is None
        assert signin.who(Credentials(bearer=made.secret)) is None
        told = [row.entry for row in await audit.search(AuditQuery(what=What.ACCOUNT))]
        assert [entry.detail.split(":")[0] for entry in reversed(told)] == [
            "added",
            "added",
            "token prom made",
            "signed out everywhere",
            "token prom revoked",
        ]
        assert all(entry.who.startswith("command line: ") for entry in told)
        assert (await audit.verify()).problem is None


async def test_what_cannot_be_kept_is_said_and_changes_nothing(url: str, database: Path) -> None:
    async with kept(url) as store:
        await store.first_account(FULL)
        away = database.with_name("away.db")
        await asyncio.to_thread(database.rename, away)
        with pytest.raises(StoreUnavailable):
            await store.save_account(Account("two", "Two", (Role.NURSE,)), signs_out=False)
        await asyncio.to_thread(away.rename, database)
        assert [account.name for account in (await store.load()).accounts] == ["wall"]
        await store.save_account(Account("two", "Two", (Role.NURSE,), badge=b"b"), signs_out=False)
        with pytest.raises(StoreUnavailable, match=r"(?i)unique"):
            await store.save_account(Account("three", "Three", (Role.NURSE,), badge=b"b"), signs_out=False)


STREAM = """
import asyncio, sys
from pathlib import Path
from tests.signin.test_kept import front_door
from tests.signin.memory import PASSWORD
async def main():
    async with front_door(sys.argv[1], Path(sys.argv[2])) as (signin, audit):
        if signin.needs_setup():
            made = await signin.set_up(signin.setup.token, "ada", "Ada", PASSWORD, "a")
            print(made.cookie, flush=True)
        for number in range(1000):
            found = await signin.sign_in("ada", PASSWORD, f"address {number}")
            if hasattr(found, "cookie"):
                print(found.cookie, flush=True)
            signin._attempts = type(signin._attempts)(())
asyncio.run(main())
"""


def cookies_of_a_killed_one(url: str, folder: Path, sessions: int) -> list[str]:
    """Every session of which somebody was told before it was killed."""
    command = [sys.executable, "-c", STREAM, url, str(folder)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(sessions)]
        os.kill(process.pid, signal.SIGKILL)
        return [line.strip() for line in told]


async def test_whoever_was_told_of_a_session_has_it_after_a_kill(url: str, tmp_path: Path) -> None:
    cookies = await asyncio.to_thread(cookies_of_a_killed_one, url, tmp_path, 9)
    async with front_door(url, tmp_path) as (signin, audit):
        for cookie in cookies:
            person = signin.who(Credentials(cookie))
            assert person is not None
            assert person.account == "ada"
        assert not signin.needs_setup()
        assert not (tmp_path / "set-up-token").exists()
        assert (await audit.verify()).problem is None
