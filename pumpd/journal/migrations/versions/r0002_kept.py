"""The record is kept: the database itself refuses to change or remove what was written. Finding courses quickly.

What is only the newest state of something (alarms, commands, meta) may be brought up to date, never removed.
Checkpoints repeat the record and are thinned out. `boots.config` says which files the run was configured from.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WRITTEN_ONCE = {
    "boots": "id",
    "beds": "id",
    "shapes": "id",
    "samples": "id",
    "events": "id",
    "decisions": "n",
    "policies": "id",
}
KEPT_UP_TO_DATE = ("meta", "alarms", "commands")
COURSES = sa.text("kind IN ('CourseChanged', 'InfusionChanged')")
STAYS = sa.text("kind IN ('PatientBound', 'PatientReleased')")


def upgrade() -> None:
    op.add_column("boots", sa.Column("config", sa.Text))
    op.create_index("decisions_course", "decisions", ["subject", "n"], sqlite_where=COURSES, postgresql_where=COURSES)
    op.create_index("events_stay", "events", ["id"], sqlite_where=STAYS, postgresql_where=STAYS)
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite() if sqlite else _postgresql():
        op.execute(statement)


def _sqlite() -> list[str]:
    found = []
    for table, key in WRITTEN_ONCE.items():
        found += [_refuse(table, "update"), _refuse(table, "delete")]
        # INSERT OR REPLACE removes a row without asking the triggers of a removal
        taken = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) "  # noqa: S608 names of the table above
        found.append(_refuse(table, "insert", taken))
    return found + [_refuse(table, "delete") for table in KEPT_UP_TO_DATE]


def _refuse(table: str, act: str, when: str = "") -> str:
    return (
        f"CREATE TRIGGER kept_{table}_{act} BEFORE {act.upper()} ON {table} {when}"
        f"BEGIN SELECT RAISE(ABORT, 'the record is kept: {table} refuses this {act}'); END"
    )


def _postgresql() -> list[str]:
    function = (
        "CREATE FUNCTION pumpd_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'the record is kept: % refuses this %', TG_TABLE_NAME, lower(TG_OP)"
        " USING ERRCODE = 'restrict_violation'; END $$"
    )
    call = "EXECUTE FUNCTION pumpd_kept()"
    found = [function]
    for table in (*WRITTEN_ONCE, *KEPT_UP_TO_DATE):
        acts = ("update", "delete") if table in WRITTEN_ONCE else ("delete",)
        found += [f"CREATE TRIGGER kept_{table}_{a} BEFORE {a.upper()} ON {table} FOR EACH ROW {call}" for a in acts]
        found.append(f"CREATE TRIGGER kept_{table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {call}")
    return found


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in (*WRITTEN_ONCE, *KEPT_UP_TO_DATE):
        for act in ("insert", "update", "delete") if sqlite else ("truncate", "update", "delete"):
            op.execute(f"DROP TRIGGER IF EXISTS kept_{table}_{act}" + ("" if sqlite else f" ON {table}"))
    if not sqlite:
        op.execute("DROP FUNCTION pumpd_kept()")
    op.drop_index("events_stay", "events")
    op.drop_index("decisions_course", "decisions")
    op.drop_column("boots", "config")
