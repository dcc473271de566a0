"""Messages of and to other systems (HL7): the inbox, the outboxes, dead letters.

Kept for good: what was received, that it was applied, what a destination refused, and who settled that. A message that
was sent, or thinned out before it could be sent, may be removed later, unless it was once refused.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INT64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TAKEN = sa.text("state <> 'withdrawn'")
UNAPPLIED = sa.text("state = 'received'")
WAITING = sa.text("state = 'waiting'")
DEAD = sa.text("state = 'dead'")

# (table, what the trigger is called after, the act, when it is refused: "" always)
IN_CONTENT = "id, peer, app, control_id, sent, kind, raw, answer, received_us"
OUT_CONTENT = "number, destination, id, kind, rank, made_us, stale_us, bed, seq"
GUARDS = (
    ("messages_in", "update", f"UPDATE OF {IN_CONTENT}", ""),
    ("messages_in", "state", "UPDATE", "OLD.state <> 'received'"),
    ("messages_in", "delete", "DELETE", ""),
    ("messages_out", "update", f"UPDATE OF {OUT_CONTENT}", ""),
    ("messages_out", "raw", "UPDATE OF raw", "NEW.state <> 'thinned' OR OLD.rank = 0"),
    ("messages_out", "state", "UPDATE", "OLD.state NOT IN ('waiting', 'dead')"),
    ("messages_out", "delete", "DELETE", "OLD.state NOT IN ('sent', 'thinned') OR OLD.refusals > 0"),
    ("messages_told", "delete", "DELETE", ""),
    ("dead_letters", "update", "UPDATE", ""),
    ("dead_letters", "delete", "DELETE", ""),
)
# SQLite's INSERT OR REPLACE removes a row without asking the triggers of a removal
KEYS = {
    "messages_in": (
        "id = NEW.id OR (control_id = NEW.control_id AND app = NEW.app AND sent = NEW.sent AND state <> 'withdrawn')"
    ),
    "messages_out": "number = NEW.number OR (destination = NEW.destination AND id = NEW.id)",
    "dead_letters": "id = NEW.id",
}


def upgrade() -> None:
    _inbox()
    _outbox()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite() if sqlite else _postgresql():
        op.execute(statement)


def _inbox() -> None:
    op.create_table(
        "messages_in",
        sa.Column("id", INT64, primary_key=True, autoincrement=False),
        sa.Column("peer", sa.Text, nullable=False),
        sa.Column("app", sa.Text, nullable=False),
        sa.Column("control_id", sa.Text, nullable=False),
        sa.Column("sent", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary),
        sa.Column("received_us", INT64, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    key = ["control_id", "app", "sent"]
    op.create_index("messages_in_key", "messages_in", key, unique=True, sqlite_where=TAKEN, postgresql_where=TAKEN)
    op.create_index("messages_in_open", "messages_in", ["id"], sqlite_where=UNAPPLIED, postgresql_where=UNAPPLIED)


def _outbox() -> None:
    op.create_table(
        "messages_out",
        sa.Column("number", INT64, primary_key=True, autoincrement=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("made_us", INT64, nullable=False),
        sa.Column("stale_us", INT64),
        sa.Column("bed", sa.Text, nullable=False),
        sa.Column("seq", INT64, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("refusals", sa.Integer, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at_us", INT64, nullable=False),
    )
    following = ["destination", "rank", "number"]
    op.create_index("messages_out_id", "messages_out", ["destination", "id"], unique=True)
    op.create_index("messages_out_next", "messages_out", following, sqlite_where=WAITING, postgresql_where=WAITING)
    dead = ["destination", "number"]
    op.create_index("messages_out_dead", "messages_out", dead, sqlite_where=DEAD, postgresql_where=DEAD)
    op.create_table(
        "messages_told",
        sa.Column("destination", sa.Text, primary_key=True),
        sa.Column("bed", sa.Text, primary_key=True),
        sa.Column("seq", INT64, nullable=False),
    )
    op.create_table(
        "dead_letters",
        sa.Column("id", INT64, primary_key=True, autoincrement=False),
        sa.Column("number", INT64, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("person", sa.Text),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("wall_us", INT64, nullable=False),
    )
    op.create_index("dead_letters_number", "dead_letters", ["number", "id"])


def _sqlite() -> list[str]:
    found = [_refuse(table, name, act, when) for table, name, act, when in GUARDS]
    for table, key in KEYS.items():
        there = f"EXISTS (SELECT 1 FROM {table} WHERE {key})"  # noqa: S608 names of the table above
        found.append(_refuse(table, "insert", "INSERT", there))
    return found


def _refuse(table: str, name: str, act: str, when: str) -> str:
    verb = act.split(maxsplit=1)[0].lower()
    return (
        f"CREATE TRIGGER kept_{table}_{name} BEFORE {act} ON {table} {f'WHEN {when} ' if when else ''}"
        f"BEGIN SELECT RAISE(ABORT, 'the record is kept: {table} refuses this {verb}'); END"
    )


def _postgresql() -> list[str]:
    call = "EXECUTE FUNCTION pumpd_kept()"  # of schema 0002
    found = []
    for table, name, act, when in GUARDS:
        condition = f"WHEN ({when}) " if when else ""
        found.append(f"CREATE TRIGGER kept_{table}_{name} BEFORE {act} ON {table} FOR EACH ROW {condition}{call}")
    tables = dict.fromkeys(guard[0] for guard in GUARDS)
    return found + [
        f"CREATE TRIGGER kept_{table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {call}" for table in tables
    ]


def downgrade() -> None:
    for table in ("dead_letters", "messages_told", "messages_out", "messages_in"):
        op.drop_table(table)
