"""deploy/README.md, "Back up, upgrade, go back", with journals of a version before and one after."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from typer.testing import CliRunner

from pumpd.cli import app
from pumpd.journal import engine as engines
from pumpd.journal.schema import MIGRATIONS, UpgradeReport, upgrade_engine
from tests.journal.steps import Recorder, admitted, opened

VERSIONS = sorted(file.name for file in (MIGRATIONS / "versions").glob("r*.py"))
HEAD = VERSIONS[-1][1:5]
NEWER = f'"""Of tomorrow."""\nrevision, down_revision = "9999", "{HEAD}"\nbranch_labels = depends_on = None\n\n\n'
NEWER += "def upgrade() -> None:\n    pass\n\n\ndef downgrade() -> None:\n    pass\n"


def migrations(folder: Path, *, without: str = "", tomorrow: bool = False) -> Path:
    """Those of a version of yesterday or of tomorrow."""
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__", without or "nothing"))
    if tomorrow:
        (folder / "versions" / "r9999_tomorrow.py").write_text(NEWER, encoding="utf-8")
    return folder


def by_another_version(url: str, folder: Path) -> UpgradeReport:
    async def work() -> UpgradeReport:
        engine = engines.make_engine(engines.parse_url(url))
        try:
            return await upgrade_engine(engine, folder)
        finally:
            await engine.dispose()

    return asyncio.run(work())


def revision(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def pumpd(*words: object) -> str:
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == 0, done.output
    return done.output


async def _patient(url: str) -> None:
    async with opened(url) as journal:
        await journal.durable(admitted(Recorder(journal)).token)


def test_a_journal_of_yesterday_is_copied_and_then_brought_up_to_date(tmp_path: Path) -> None:
    file, yesterday = tmp_path / "journal.db", VERSIONS[-2][1:5]
    by_another_version(f"sqlite:///{file}", migrations(tmp_path / "old", without=VERSIONS[-1]))
    assert revision(file) == yesterday
    said = pumpd("db", "upgrade", "--journal", f"sqlite:///{file}")
    assert revision(file) == HEAD
    (copy,) = [other for other in tmp_path.glob("journal.db*") if said.strip().endswith(f"copied to {other}")]
    assert revision(copy) == yesterday


def test_after_a_newer_version_the_older_one_refuses_and_runs_again_from_the_backup(tmp_path: Path) -> None:
    file, backup, url = (
        tmp_path / "journal.db",
        tmp_path / "before-upgrade.db",
        f"sqlite+aiosqlite:///{tmp_path}/journal.db",
    )
    asyncio.run(_patient(url))
    pumpd("db", "backup", backup, "--journal", url)
    by_another_version(url, migrations(tmp_path / "new", tomorrow=True))
    refused = CliRunner().invoke(app, ["db", "upgrade", "--journal", url])
    assert refused.exit_code == 2
    assert "newer than this pumpd knows" in refused.output
    (tmp_path / "newer").mkdir()
    for part in tmp_path.glob("journal.db*"):
        part.rename(tmp_path / "newer" / part.name)
    pumpd("db", "restore", backup, "--journal", url)
    assert revision(file) == HEAD
    assert "clean" in pumpd("db", "verify", "--journal", url)
    assert revision(tmp_path / "newer" / "journal.db") == "9999", "what happened since is kept"
