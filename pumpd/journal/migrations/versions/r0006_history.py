"""History that does not grow for ever: months of samples on PostgreSQL, roll-ups for long trends, what was let go.

- PostgreSQL: `samples` is partitioned by the months of wall_us. No unique index over its numbers (a fifth of its
  size): there is one writer (a lock in the database says so), and a commit whose answer was lost is looked up, not
  repeated. Its index is by bed and ten minutes, so that equal keys share their place: a fifth of one by millisecond.
- `rollups`: minimum, maximum, sum and count of each signal's values per minute and per quarter of an hour;
  `rolled`: up to which kernel time each bed has them.
- `cuts`, append-only: which samples were let go, when, and after how many days. Only below a cut may one be removed.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INT64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEPT = "EXECUTE FUNCTION pumpd_kept()"
COLUMNS = "id bigint NOT NULL, seq bigint NOT NULL, now_ms bigint NOT NULL, wall_us bigint NOT NULL"
COLUMNS += ", bed integer NOT NULL, body bytea NOT NULL"
MONTHS = 240
"""Longest span of an existing journal that gets months of its own; what is outside is in the default partition."""


def upgrade() -> None:
    _tables()
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
        return
    for table, acts in (("cuts", ("update", "delete")), ("rollups", ("delete",))):
        _guard(table, acts)
    op.execute("ALTER TABLE samples RENAME TO samples_before")
    _make_parent()
    _move()


def _tables() -> None:
    op.create_table(
        "rollups",
        sa.Column("bed", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("span_s", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("signal", sa.Text, primary_key=True),
        sa.Column("from_ms", INT64, primary_key=True, autoincrement=False),
        sa.Column("low_milli", INT64, nullable=False),
        sa.Column("high_milli", INT64, nullable=False),
        sa.Column("sum_milli", INT64, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_table(
        "rolled",
        sa.Column("bed", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("until_ms", INT64, nullable=False),
    )
    op.create_table(
        "cuts",
        sa.Column("id", INT64, primary_key=True, autoincrement=False),
        sa.Column("sample", INT64, nullable=False),
        sa.Column("before_us", INT64, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("at_us", INT64, nullable=False),
    )


def _guard(table: str, acts: tuple[str, ...]) -> None:
    for act in acts:
        op.execute(f"CREATE TRIGGER kept_{table}_{act} BEFORE {act.upper()} ON {table} FOR EACH ROW {KEPT}")
    op.execute(f"CREATE TRIGGER kept_{table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {KEPT}")


def _guard_sqlite() -> None:
    _refuse("cuts", "update")
    _refuse("cuts", "delete")
    _refuse("cuts", "insert", "WHEN EXISTS (SELECT 1 FROM cuts WHERE id = NEW.id) ")
    _refuse("rollups", "delete")
    op.execute("DROP TRIGGER kept_samples_delete")
    _refuse("samples", "delete", "WHEN OLD.id > coalesce((SELECT sample FROM cuts ORDER BY id DESC LIMIT 1), 0) ")


def _refuse(table: str, act: str, when: str = "") -> None:
    op.execute(
        f"CREATE TRIGGER kept_{table}_{act} BEFORE {act.upper()} ON {table} {when}"
        f"BEGIN SELECT RAISE(ABORT, 'the record is kept: {table} refuses this {act}'); END"
    )


def _make_parent() -> None:
    op.execute(f"CREATE TABLE samples ({COLUMNS}) PARTITION BY RANGE (wall_us)")
    op.execute("CREATE INDEX samples_bed_time ON samples (bed, (now_ms / 600000))")
    _guard("samples", ("update", "delete"))
    _partition("samples_other", "DEFAULT")


def _partition(name: str, bounds: str) -> None:
    op.execute(f"CREATE TABLE {name} PARTITION OF samples {bounds}")
    op.execute(f"CREATE TRIGGER kept_{name}_truncate BEFORE TRUNCATE ON {name} FOR EACH STATEMENT {KEPT}")


def _move() -> None:
    """The samples that are there, into months of their own."""
    bounds = "SELECT min(wall_us), max(wall_us), coalesce(max(id), 0) + 1 FROM samples_before"
    first, last, following = op.get_bind().exec_driver_sql(bounds).one()
    month = _month(first or 0)
    for _ in range(0 if first is None else MONTHS):
        after = _next(month)
        if _micros(month) > last:
            break
        values = f"FOR VALUES FROM ({_micros(month)}) TO ({_micros(after)})"
        _partition(f"samples_{month:%Y_%m}", values)
        month = after
    op.execute(
        "INSERT INTO samples (id, seq, now_ms, wall_us, bed, body) SELECT id, seq, now_ms, wall_us, bed, body"
        " FROM samples_before ORDER BY id"
    )
    op.execute("DROP TABLE samples_before")
    value = json.dumps({"stamp": "", "sample": following})
    op.get_bind().execute(sa.text("INSERT INTO meta VALUES ('commit', :value)"), {"value": value})


def _month(wall_us: int) -> datetime:
    return datetime.fromtimestamp(wall_us // 1_000_000, UTC).replace(day=1, hour=0, minute=0, second=0)


def _next(month: datetime) -> datetime:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def _micros(month: datetime) -> int:
    return int(month.timestamp()) * 1_000_000


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER kept_samples_delete")
        _refuse("samples", "delete")
    else:
        op.execute("ALTER TABLE samples RENAME TO samples_after")
        op.execute(f"CREATE TABLE samples ({COLUMNS}, PRIMARY KEY (id))")
        op.execute("INSERT INTO samples SELECT id, seq, now_ms, wall_us, bed, body FROM samples_after")
        op.execute("DROP TABLE samples_after")
        op.create_index("samples_bed_now", "samples", ["bed", "now_ms"])
        _guard("samples", ("update", "delete"))
        op.execute("ALTER TABLE meta DISABLE TRIGGER kept_meta_delete")
        op.execute("DELETE FROM meta WHERE key = 'commit'")
        op.execute("ALTER TABLE meta ENABLE TRIGGER kept_meta_delete")
    for table in ("cuts", "rolled", "rollups"):
        op.drop_table(table)
