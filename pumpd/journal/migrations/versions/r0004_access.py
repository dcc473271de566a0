"""Accounts, sessions and machine tokens; the audit: who did or saw what, append-only and chained.

Accounts and tokens are never removed, so that a name in the audit stays one person's. The audit refuses every change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INT64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEYS = {"accounts": "name", "tokens": "id", "audit": "seq"}
GUARDS = (("accounts", "delete"), ("tokens", "delete"), ("audit", "update"), ("audit", "delete"))


def upgrade() -> None:
    _accounts()
    _tokens()
    _audit()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite() if sqlite else _postgresql():
        op.execute(statement)


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("display", sa.Text, nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("password", sa.Text, nullable=False),
        sa.Column("pin", sa.Text, nullable=False),
        sa.Column("badge", sa.LargeBinary),
        sa.Column("disabled", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("identity", sa.Text),
        sa.Column("removed", sa.Integer, nullable=False),
        sa.Column("made_us", INT64, nullable=False),
        sa.Column("signed_in_us", INT64),
    )
    op.create_index("accounts_badge", "accounts", ["badge"], unique=True)
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("made_ms", INT64, nullable=False),
        sa.Column("seen_ms", INT64, nullable=False),
    )


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("permissions", sa.Text, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("made_us", INT64, nullable=False),
        sa.Column("expires_us", INT64),
        sa.Column("used_us", INT64),
        sa.Column("revoked", sa.Integer, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", INT64, primary_key=True, autoincrement=False),
        sa.Column("at_us", INT64, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("bed", sa.Text),
        sa.Column("patient", sa.Text),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_index("audit_at", "audit", ["at_us"])
    for column in ("who", "what", "bed"):
        op.create_index(f"audit_{column}", "audit", [column, "seq"])


def _sqlite() -> list[str]:
    found = [_refuse(table, act) for table, act in GUARDS]
    for table, key in KEYS.items():
        # INSERT OR REPLACE removes a row without asking the triggers of a removal
        there = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) "  # noqa: S608 names of the table above
        found.append(_refuse(table, "insert", there))
    return found


def _refuse(table: str, act: str, when: str = "") -> str:
    return (
        f"CREATE TRIGGER kept_{table}_{act} BEFORE {act.upper()} ON {table} {when}"
        f"BEGIN SELECT RAISE(ABORT, 'the record is kept: {table} refuses this {act}'); END"
    )


def _postgresql() -> list[str]:
    call = "EXECUTE FUNCTION pumpd_kept()"  # of schema 0002
    found = [
        f"CREATE TRIGGER kept_{table}_{act} BEFORE {act.upper()} ON {table} FOR EACH ROW {call}"
        for table, act in GUARDS
    ]
    return found + [
        f"CREATE TRIGGER kept_{table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {call}" for table in KEYS
    ]


def downgrade() -> None:
    for table in ("audit", "tokens", "sessions", "accounts"):
        op.drop_table(table)
