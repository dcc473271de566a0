"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INT64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "boots",
        sa.Column("id", INT64, primary_key=True, autoincrement=False),
        sa.Column("boot_id", sa.Text, nullable=False),
        sa.Column("boot_ms", INT64, nullable=False),
        sa.Column("wall_us", INT64, nullable=False),
        sa.Column("software", sa.Text, nullable=False),
        sa.Column("config_sha", sa.Text, nullable=False),
    )
    op.create_table(
        "beds",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_table(
        "shapes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "samples",
        sa.Column("id", INT64, primary_key=True, autoincrement=False),
        sa.Column("bed", sa.Integer, nullable=False),
        sa.Column("seq", INT64, nullable=False),
        sa.Column("now_ms", INT64, nullable=False),
        sa.Column("wall_us", INT64, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("samples_bed_now", "samples", ["bed", "now_ms"])
    op.create_table(
        "events",
        sa.Column("id", INT64, primary_key=True, autoincrement=False),
        sa.Column("bed", sa.Integer, nullable=False),
        sa.Column("seq", INT64, nullable=False),
        sa.Column("now_ms", INT64, nullable=False),
        sa.Column("wall_us", INT64, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("events_bed_now", "events", ["bed", "now_ms"])
    op.create_table(
        "decisions",
        sa.Column("n", INT64, primary_key=True, autoincrement=False),
        sa.Column("bed", sa.Integer, nullable=False),
        sa.Column("seq", INT64, nullable=False),
        sa.Column("idx", sa.Integer, nullable=False),
        sa.Column("now_ms", INT64, nullable=False),
        sa.Column("wall_us", INT64, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_index("decisions_bed_n", "decisions", ["bed", "n"])
    op.create_table(
        "alarms",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("bed", sa.Integer, nullable=False),
        sa.Column("onset_ms", INT64, nullable=False),
        sa.Column("wall_us", INT64, nullable=False),
        sa.Column("n", INT64, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("alarms_onset", "alarms", ["onset_ms"])
    op.create_table(
        "commands",
        sa.Column("order_id", sa.Text, primary_key=True),
        sa.Column("bed", sa.Integer, nullable=False),
        sa.Column("pump", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("wall_us", INT64, nullable=False),
        sa.Column("n", INT64, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("detail", sa.Text),
        sa.Column("outcome_n", INT64),
    )
    op.create_table(
        "checkpoints",
        sa.Column("id", INT64, primary_key=True, autoincrement=False),
        sa.Column("bed", sa.Integer, nullable=False),
        sa.Column("seq", INT64, nullable=False),
        sa.Column("now_ms", INT64, nullable=False),
        sa.Column("wall_us", INT64, nullable=False),
        sa.Column("kernel", sa.Text, nullable=False),
        sa.Column("keep", sa.Integer, nullable=False),
        sa.Column("chain_n", INT64, nullable=False),
        sa.Column("chain_hash", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
    )
    op.create_index("checkpoints_bed", "checkpoints", ["bed", "seq"])
    op.create_table(
        "policies",
        sa.Column("id", INT64, primary_key=True, autoincrement=False),
        sa.Column("bed", sa.Integer, nullable=False),
        sa.Column("seq", INT64, nullable=False),
        sa.Column("now_ms", INT64, nullable=False),
        sa.Column("wall_us", INT64, nullable=False),
        sa.Column("sha", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("policies_bed", "policies", ["bed", "seq"])


def downgrade() -> None:
    op.drop_table("policies")
    op.drop_table("checkpoints")
    op.drop_table("commands")
    op.drop_table("alarms")
    op.drop_table("decisions")
    op.drop_table("events")
    op.drop_table("samples")
    op.drop_table("shapes")
    op.drop_table("beds")
    op.drop_table("boots")
    op.drop_table("meta")
