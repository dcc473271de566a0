"""The databases of the journal's tests: each test is one of both, unless it is about a file or about a server.

`any_url` is a SQLite file and then a PostgreSQL database (skipped plainly where no server can be started, a failure
with PUMPD_REQUIRE=all); `disk` and tests.journal.tamper do to either what happens to disks and what people do.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from pumpd.journal import ops
from pumpd.journal.schema import MIGRATIONS
from tests.journal.disk import disk
from tests.journal.revisions import LATER, NEWEST
from tests.postgres import Postgres, postgres

__all__ = ["disk", "postgres"]
NEXT = f"""
from alembic import op
import sqlalchemy as sa
revision = "{LATER}"
down_revision = "{NEWEST}"
branch_labels = None
depends_on = None
def upgrade():
    with op.batch_alter_table("events") as table:
        table.add_column(sa.Column("note", sa.Text))
def downgrade():
    with op.batch_alter_table("events") as table:
        table.drop_column("note")
"""


@pytest.fixture(autouse=True)
def backups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a PostgreSQL journal is copied to before it is upgraded."""
    folder = tmp_path / "backups"
    monkeypatch.setattr("pumpd.journal.schema.BACKUPS", folder)
    return folder


@cache
def _newest() -> bytes:
    """A SQLite journal with the newest schema and nothing in it; made once, because migrating takes long."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "newest.db"
        ops.upgrade(f"sqlite+aiosqlite:///{path}")
        return path.read_bytes()


@pytest.fixture
def no_file(tmp_path: Path) -> str:
    """The URL of a SQLite file in a folder that does not exist yet and has a space in its name."""
    return f"sqlite+aiosqlite:///{tmp_path}/var lib/pumpd.db"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A journal in a SQLite file, for what is true of a file only; everything else is asked of `any_url`."""
    path = tmp_path / "var lib" / "pumpd.db"
    path.parent.mkdir()
    path.write_bytes(_newest())
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgres"])
def any_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A journal with the newest schema and nothing in it: on both databases, one after the other."""
    if request.param == "sqlite":
        yield request.getfixturevalue("url")
        return
    server: Postgres = request.getfixturevalue("postgres")
    made = server.journal()
    yield made
    server.give_back(made)


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """As any_url, before anything was made there."""
    if request.param == "sqlite":
        yield request.getfixturevalue("no_file")
        return
    server: Postgres = request.getfixturevalue("postgres")
    yield server.empty()
    server.tidy_up()


@pytest.fixture
def other_url(request: pytest.FixtureRequest, any_url: str, tmp_path: Path) -> str:
    """A place of the same kind as `any_url` where there is nothing."""
    if any_url.startswith("sqlite"):
        return f"sqlite+aiosqlite:///{tmp_path}/new home/pumpd.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.empty()


@pytest.fixture
def pg_url(postgres: Postgres) -> Iterator[str]:
    """A journal on PostgreSQL, for what is true of a server only; everything else is asked of `any_url`."""
    made = postgres.journal()
    yield made
    postgres.give_back(made)


@pytest.fixture
def database(url: str) -> Path:
    """The SQLite file behind `url`."""
    return Path(url.removeprefix("sqlite+aiosqlite:///"))


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The migrations of a later pumpd."""
    folder = tmp_path / "migrations 100%"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / f"r{LATER}_next.py").write_text(NEXT)
    return folder
