"""Messages that are done with may be removed once they are old: received and applied, or sent, thinned out, discarded.

What was acknowledged and not yet applied, what waits, and a dead letter that nobody has settled are kept for good, and
so is what was noted about dead letters: who settled which, and why it was refused.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# (table, when a removal is refused, when it was before)
REFUSED = (
    ("messages_in", "OLD.state NOT IN ('applied', 'withdrawn')", ""),
    (
        "messages_out",
        "OLD.state NOT IN ('sent', 'thinned', 'discarded')",
        "OLD.state NOT IN ('sent', 'thinned') OR OLD.refusals > 0",
    ),
)


def upgrade() -> None:
    for table, when, _ in REFUSED:
        _guard(table, when)


def downgrade() -> None:
    for table, _, before in REFUSED:
        _guard(table, before)


def _guard(table: str, when: str) -> None:
    name = f"kept_{table}_delete"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {name}")
        op.execute(
            f"CREATE TRIGGER {name} BEFORE DELETE ON {table} {f'WHEN {when} ' if when else ''}"
            f"BEGIN SELECT RAISE(ABORT, 'the record is kept: {table} refuses this delete'); END"
        )
        return
    op.execute(f"DROP TRIGGER {name} ON {table}")
    condition = f"WHEN ({when}) " if when else ""
    op.execute(f"CREATE TRIGGER {name} BEFORE DELETE ON {table} FOR EACH ROW {condition}EXECUTE FUNCTION pumpd_kept()")
