"""A journal URL per test: a SQLite file always, PostgreSQL where a server can be started."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import need

PG_BIN = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


def _as_postgres() -> list[str]:
    """initdb refuses root; Debian's package brings a user for it."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


def _can_run() -> bool:
    if PG_BIN is None:
        return False
    if os.geteuid() != 0:
        return True
    return shutil.which("setpriv") is not None and any(user.pw_name == "postgres" for user in pwd.getpwall())


@pytest.fixture(scope="session")
def postgres() -> Iterator[Path]:
    """A server's socket folder; the server lives in a temporary folder and listens on no port."""
    try:
        import asyncpg  # noqa: F401

        driver = True
    except ModuleNotFoundError:
        driver = False
    need(driver and _can_run(), "PostgreSQL", "apt install postgresql; pip install 'pumpd[postgres]'")
    folder = Path(tempfile.mkdtemp(prefix="pumpd-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    command, data = _as_postgres(), folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    subprocess.run([*command, PG_BIN / "initdb", "-D", data, "-U", "pumpd", "-A", "trust", "-N"], check=True, **quiet)
    options = f"-c listen_addresses= -c unix_socket_directories={folder}"
    pg_ctl = [*command, PG_BIN / "pg_ctl", "-D", data, "-w"]
    subprocess.run([*pg_ctl, "-l", folder / "log", "-o", options, "start"], check=True, **quiet)
    try:
        yield folder
    finally:
        subprocess.run([*pg_ctl, "-m", "immediate", "stop"], check=True, **quiet)
        shutil.rmtree(folder, ignore_errors=True)


def _new_database(socket: Path) -> str:
    import asyncpg

    name = f"t{uuid.uuid4().hex[:12]}"

    async def create() -> None:
        connection = await asyncpg.connect(host=str(socket), user="pumpd", database="postgres")
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()

    asyncio.run(create())
    return f"postgresql+asyncpg://pumpd@/{name}?host={socket}"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A SQLite file in a folder that does not exist yet and has a space in its name."""
    return f"sqlite+aiosqlite:///{tmp_path}/var lib/pumpd.db"


@pytest.fixture(params=["sqlite", "postgres"])
def any_url(request: pytest.FixtureRequest, url: str) -> str:
    """Both databases, one after the other."""
    if request.param == "sqlite":
        return url
    return _new_database(request.getfixturevalue("postgres"))


@pytest.fixture
def database(url: str) -> Path:
    """The SQLite file behind `url`."""
    return Path(url.removeprefix("sqlite+aiosqlite:///"))
