"""The record may be let go once it is old, and what is left of it can still be checked.

- `anchors`, append-only: each says up to which link of the chain the record was let go, the hash of that link, and in
  `body` everything else about it. The anchor is itself a link of the chain.
- `anchored`, append-only: up to which step and kernel time of each bed that was.
- What an anchor speaks of may be removed, and nothing else: events, decisions, alarms, commands, roll-ups.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INT64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LINK = "coalesce((SELECT link FROM anchors ORDER BY id DESC LIMIT 1), 0)"
OF_BED = "coalesce((SELECT {} FROM anchored WHERE bed = OLD.bed ORDER BY anchor DESC LIMIT 1), 0)"
MAY_GO = {
    "events": f"OLD.seq <= {OF_BED.format('seq')}",
    "decisions": f"OLD.n <= {LINK}",
    "alarms": f"OLD.n <= {LINK}",
    "commands": f"OLD.n <= {LINK} AND coalesce(OLD.outcome_n, 0) <= {LINK}",
    "rollups": f"OLD.from_ms < {OF_BED.format('now_ms')}",
}
KEYS = {"anchors": "id = NEW.id", "anchored": "bed = NEW.bed AND anchor = NEW.anchor"}


def upgrade() -> None:
    op.create_table(
        "anchors",
        sa.Column("id", INT64, primary_key=True, autoincrement=False),
        sa.Column("link", INT64, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("at_us", INT64, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "anchored",
        sa.Column("bed", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("anchor", INT64, primary_key=True, autoincrement=False),
        sa.Column("seq", INT64, nullable=False),
        sa.Column("now_ms", INT64, nullable=False),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite() if sqlite else _postgresql():
        op.execute(statement)


def _sqlite() -> list[str]:
    found = []
    for table, condition in MAY_GO.items():
        found += [f"DROP TRIGGER IF EXISTS kept_{table}_delete", _refuse(table, "delete", f"WHEN NOT ({condition}) ")]
    for table, key in KEYS.items():
        there = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key}) "  # noqa: S608 names of the table above
        found += [_refuse(table, "update"), _refuse(table, "delete"), _refuse(table, "insert", there)]
    return found


def _refuse(table: str, act: str, when: str = "") -> str:
    return (
        f"CREATE TRIGGER kept_{table}_{act} BEFORE {act.upper()} ON {table} {when}"
        f"BEGIN SELECT RAISE(ABORT, 'the record is kept: {table} refuses this {act}'); END"
    )


def _postgresql() -> list[str]:
    """A condition of a trigger itself may not ask another table: each has a function that does."""
    found = []
    for table, condition in MAY_GO.items():
        body = f"BEGIN IF {condition} THEN RETURN OLD; END IF; {RAISE} END"
        found += [
            f"CREATE FUNCTION pumpd_kept_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
            f"DROP TRIGGER IF EXISTS kept_{table}_delete ON {table}",
            f"CREATE TRIGGER kept_{table}_delete BEFORE DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION pumpd_kept_{table}()",
        ]
    for table in KEYS:
        found += [_kept(table, act, "ROW") for act in ("update", "delete")] + [_kept(table, "truncate", "STATEMENT")]
    return found


RAISE = (
    "RAISE EXCEPTION 'the record is kept: % refuses this %', TG_TABLE_NAME, lower(TG_OP)"
    " USING ERRCODE = 'restrict_violation';"
)


def _kept(table: str, act: str, each: str) -> str:
    return (
        f"CREATE TRIGGER kept_{table}_{act} BEFORE {act.upper()} ON {table} FOR EACH {each}"
        " EXECUTE FUNCTION pumpd_kept()"
    )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in MAY_GO:
        if sqlite:
            op.execute(f"DROP TRIGGER kept_{table}_delete")
            op.execute(_refuse(table, "delete"))
        else:
            op.execute(f"DROP TRIGGER kept_{table}_delete ON {table}")
            op.execute(f"DROP FUNCTION pumpd_kept_{table}()")
            op.execute(_kept(table, "delete", "ROW"))
    for table in KEYS:
        op.drop_table(table)
