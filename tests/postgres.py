"""A PostgreSQL server for tests: real processes in a temporary folder, listening on no port."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.conftest import need

T = TypeVar("T")
PG_BIN = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
_QUIET: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
_ALL = """SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    AND NOT relispartition AND relname <> 'alembic_version' AND (relkind = 'p' OR pg_relation_size(oid) > 0)"""
_QUICK = """
fsync = off
full_page_writes = off
autovacuum = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 64MB
jit = off
"""
"""Of a cluster that need not outlive the machine: what a killed process had committed is there with it all the same."""
_SHAPE = """
SELECT md5(string_agg(one, ' ' ORDER BY one)) FROM (
    SELECT concat(oid, relname, relkind) AS one FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat(attrelid, attname) FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped
    AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL SELECT concat(oid, tgname, tgenabled) FROM pg_trigger
    UNION ALL SELECT concat(setconfig) FROM pg_db_role_setting WHERE setdatabase = (
        SELECT oid FROM pg_database WHERE datname = current_database())) AS every
"""
"""Tables, columns, triggers and settings as one word: the same in a copy that nobody has altered."""
_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_COPYING = "" if PG_BIN is None or PG_BIN.parent.name < "15" else "STRATEGY FILE_COPY"  # the quicker one for a test
MOST_MB = 16  # a database that has grown beyond it is not given out again


def _as_postgres() -> list[str]:
    """initdb refuses root; Debian's package brings a user for it."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


def _can_run() -> bool:
    if PG_BIN is None:
        return False
    if os.geteuid() != 0:
        return True
    return shutil.which("setpriv") is not None and any(user.pw_name == "postgres" for user in pwd.getpwall())


class Postgres:
    """A server that can be stopped and started. socket: its folder, as the host of a URL."""

    def __init__(self, folder: Path, *, quick: bool = False) -> None:
        """quick: nothing is forced to the disk, except while `durable` says so."""
        assert PG_BIN is not None
        self.socket, self._template, self._shape = folder, "", ""
        self._free: list[str] = []
        self._loose: list[str] = []
        self._quick = quick
        self._command, self._data = _as_postgres(), folder / "data"
        self._pg_ctl = [*self._command, PG_BIN / "pg_ctl", "-D", self._data, "-w"]

    def make(self) -> None:
        # small segments of the write-ahead log, so that a test can fill a "disk" of two megabytes
        options = ["-U", "pumpd", "-A", "trust", "-N", "--wal-segsize=1"]
        self._run(*self._command, PG_BIN / "initdb", "-D", self._data, *options)
        if self._quick:
            with (self._data / "postgresql.conf").open("a") as settings:
                settings.write(_QUICK)

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self.socket}"
        self._run(*self._pg_ctl, "-l", self.socket / "log", "-o", options, "start")

    @contextmanager
    def durable(self) -> Iterator[None]:
        """With the settings of a hospital meanwhile: a commit is on the disk before it is answered."""
        settings = ("fsync", "full_page_writes")
        for name in settings:
            self.sql(f"ALTER SYSTEM SET {name} = on")
        self._reread("on")
        try:
            yield
        finally:
            for name in settings:
                self.sql(f"ALTER SYSTEM RESET {name}")
            self._reread("off" if self._quick else "on")

    def _reread(self, fsync: str) -> None:
        self.sql("SELECT pg_reload_conf()")
        while self.value("SHOW fsync") != fsync:
            time.sleep(0.01)  # the server says nothing when it has done so

    def stop(self, mode: str = "immediate") -> None:
        self._run(*self._pg_ctl, "-m", mode, "stop")

    def _run(self, *command: Any) -> None:
        subprocess.run(command, check=True, cwd=self.socket, **_QUIET)

    @property
    def pid(self) -> int:
        """Of the process that starts all others."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def limit_files(self, size: int | None) -> None:
        """No process of the server may make a file longer than this (None: any length): a full disk."""
        soft = "unlimited" if size is None else size
        for pid in self._pids():
            limit = [*self._command, "prlimit", "--pid", str(pid), f"--fsize={soft}:"]
            subprocess.run(limit, check=pid == self.pid, **_QUIET)  # a connection's process may just have ended

    def _pids(self) -> Iterator[int]:
        """The first one's children are looked up only after it was dealt with: those that come later take after it."""
        yield self.pid
        yield from map(int, Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split())

    def pause(self) -> None:
        """Every process of the server hangs."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        for pid in self._pids():
            with suppress(ProcessLookupError):  # a connection's process may just have ended
                os.kill(pid, number)

    def sql(self, statement: str, database: str = "postgres") -> None:
        self.value(statement, database)

    def value(self, statement: str, database: str = "postgres") -> Any:
        """The first column of the first row, or None. Not for a thread in which a loop runs."""
        return asyncio.run(self._asked(database, lambda connection: connection.fetchval(statement)))

    async def _asked(self, database: str, work: Callable[[Any], Awaitable[T]]) -> T:
        import asyncpg

        connection = await asyncpg.connect(host=str(self.socket), user="pumpd", database=database)
        try:
            return await work(connection)
        finally:
            await connection.close()

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://pumpd@/{database}?host={self.socket}"

    def empty(self) -> str:
        """The URL of a new database without a table."""
        return self._loosely("template0")

    def journal(self) -> str:
        """The URL of a database with the newest schema and no row."""
        if not self._template:
            self._template = self._made()
            self._shape = self.value(_SHAPE, self._template)
        return self.url(self._free.pop()) if self._free else self._new(self._template)

    def _made(self) -> str:
        """A journal of today, with the months in which tests write."""
        from pumpd.journal import ops

        name = f"newest{uuid.uuid4().hex[:8]}"
        self.sql(f"CREATE DATABASE {name}")
        ops.upgrade(self.url(name))
        asyncio.run(_months_of_tests(self.url(name)))
        return name

    def give_back(self, url: str) -> None:
        """Take the rows out of what `journal` gave: in a quarter of the time of a new copy.

        A database in which more than rows was changed, or that has become large, is dropped with the loose ones.
        """
        name = url.partition("@/")[2].partition("?")[0]
        again = asyncio.run(self._asked(name, self._emptied))
        (self._free if again else self._loose).append(name)
        self.tidy_up()

    def tidy_up(self) -> None:
        """Drop what `empty` and `copy` have made: a server that is killed looks at every file when it starts again."""
        while self._loose:
            self.sql(f"DROP DATABASE IF EXISTS {self._loose.pop()} WITH (FORCE)")

    async def _emptied(self, connection: Any) -> bool:
        await connection.execute(f"SELECT pg_terminate_backend(pid, 5000) {_OTHERS}")
        size = await connection.fetchval("SELECT pg_database_size(current_database())")
        if size > MOST_MB << 20 or await connection.fetchval(_SHAPE) != self._shape:
            return False
        tables = [row[0] for row in await connection.fetch(_ALL)]
        deletes = ";".join(f"DELETE FROM {table}" for table in tables)
        await connection.execute(f"SET session_replication_role = replica; {deletes}")
        return True

    def copy(self, url: str) -> str:
        """The URL of a new database with all that is in this one, which nobody may use just now."""
        return self._loosely(url.partition("@/")[2].partition("?")[0])

    def _loosely(self, template: str) -> str:
        made = self._new(template)
        self._loose.append(made.partition("@/")[2].partition("?")[0])
        return made

    def _new(self, template: str) -> str:
        name = f"t{uuid.uuid4().hex[:12]}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} {_COPYING}")
        return self.url(name)


async def _months_of_tests(url: str) -> None:
    from pumpd.journal import engine as engines
    from pumpd.journal.months import make_months
    from tests.journal.steps import ZERO

    engine = engines.make_engine(engines.parse_url(url))
    await make_months(engine, ZERO)
    await engine.dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server for all tests of this process; who stops it starts it again."""
    try:
        import asyncpg  # noqa: F401

        driver = True
    except ModuleNotFoundError:
        driver = False
    need(driver and _can_run(), "PostgreSQL", "apt install postgresql; pip install 'pumpd[postgres]'")
    folder = Path(tempfile.mkdtemp(prefix="pumpd-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = Postgres(folder, quick=True)
    server.make()
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
