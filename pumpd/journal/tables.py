"""The journal's tables, as the newest migration leaves them (a test holds both together).

Kernel times (now_ms) order everything; wall times (microseconds since 1970, UTC) are for people.
Row ids are given by the writer, so that one writer and any database behave the same. But for alarms, commands, meta
(the newest state of something) and checkpoints, the database refuses to change or remove a row. Messages of other
systems may be removed once they are done with and old (see the migration 0005), samples below a cut (0006), and what
an anchor says was let go (0007).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, text

metadata = MetaData()
Int64 = BigInteger().with_variant(Integer(), "sqlite")
COURSES = text("kind IN ('CourseChanged', 'InfusionChanged')")
STAYS = text("kind IN ('PatientBound', 'PatientReleased')")
TAKEN = text("state <> 'withdrawn'")
UNAPPLIED = text("state = 'received'")
WAITING = text("state = 'waiting'")
DEAD = text("state = 'dead'")

# key "heartbeat": the last commit's moment and the head of the hash chain
meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

# config: JSON, what the run was configured from (pumpd.journal.records.Origins); NULL before schema 0002
boots = Table(
    "boots",
    metadata,
    Column("id", Int64, primary_key=True, autoincrement=False),
    Column("boot_id", Text, nullable=False),
    Column("boot_ms", Int64, nullable=False),
    Column("wall_us", Int64, nullable=False),
    Column("software", Text, nullable=False),
    Column("config_sha", Text, nullable=False),
    Column("config", Text),
)

beds = Table(
    "beds",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
)

# what packed frames have in common: device, integrity, signal names; texts of a pump's status
shapes = Table(
    "shapes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
)

# Vitals, PumpStatus and Tick of one bed and at most one second, packed (pumpd.journal.packing). PostgreSQL: partitioned
# by the months of wall_us, without a unique index (see the migration 0006)
samples = Table(
    "samples",
    metadata,
    Column("id", Int64, primary_key=True, autoincrement=False),
    Column("bed", Integer, nullable=False),
    Column("seq", Int64, nullable=False),
    Column("now_ms", Int64, nullable=False),
    Column("wall_us", Int64, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("samples_bed_now", "bed", "now_ms"),  # on PostgreSQL samples_bed_time: "bed", "(now_ms / 600000)"
)

# values of one signal in the span_s seconds from from_ms on (a multiple of the span), of all monitors of the bed
rollups = Table(
    "rollups",
    metadata,
    Column("bed", Integer, primary_key=True, autoincrement=False),
    Column("span_s", Integer, primary_key=True, autoincrement=False),
    Column("signal", Text, primary_key=True),
    Column("from_ms", Int64, primary_key=True, autoincrement=False),
    Column("low_milli", Int64, nullable=False),
    Column("high_milli", Int64, nullable=False),
    Column("sum_milli", Int64, nullable=False),
    Column("count", Integer, nullable=False),
)

# up to which kernel time a bed's samples are rolled up
rolled = Table(
    "rolled",
    metadata,
    Column("bed", Integer, primary_key=True, autoincrement=False),
    Column("until_ms", Int64, nullable=False),
)

# append-only: samples up to this number were let go, being older than before_us after so many days
cuts = Table(
    "cuts",
    metadata,
    Column("id", Int64, primary_key=True, autoincrement=False),
    Column("sample", Int64, nullable=False),
    Column("before_us", Int64, nullable=False),
    Column("days", Integer, nullable=False),
    Column("at_us", Int64, nullable=False),
)

# append-only and chained: up to which link of the chain the record was let go (pumpd.journal.anchors)
anchors = Table(
    "anchors",
    metadata,
    Column("id", Int64, primary_key=True, autoincrement=False),
    Column("link", Int64, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("at_us", Int64, nullable=False),
    Column("body", Text, nullable=False),
)

# append-only: up to which step and kernel time of each bed
anchored = Table(
    "anchored",
    metadata,
    Column("bed", Integer, primary_key=True, autoincrement=False),
    Column("anchor", Int64, primary_key=True, autoincrement=False),
    Column("seq", Int64, nullable=False),
    Column("now_ms", Int64, nullable=False),
)

# every other event; kind "Gap" is the journal's own: steps that were lost while it failed
events = Table(
    "events",
    metadata,
    Column("id", Int64, primary_key=True, autoincrement=False),
    Column("bed", Integer, nullable=False),
    Column("seq", Int64, nullable=False),
    Column("now_ms", Int64, nullable=False),
    Column("wall_us", Int64, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("events_bed_now", "bed", "now_ms"),
    Index("events_stay", "id", sqlite_where=STAYS, postgresql_where=STAYS),
)

# append-only and hash-chained: every decision, every command's outcome (idx -1), every anchor (of no bed: 0, idx -2)
decisions = Table(
    "decisions",
    metadata,
    Column("n", Int64, primary_key=True, autoincrement=False),
    Column("bed", Integer, nullable=False),
    Column("seq", Int64, nullable=False),
    Column("idx", Integer, nullable=False),
    Column("now_ms", Int64, nullable=False),
    Column("wall_us", Int64, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("decisions_bed_n", "bed", "n"),
    Index("decisions_course", "subject", "n", sqlite_where=COURSES, postgresql_where=COURSES),
)

# the latest state of each alarm; n is the decision that it repeats
alarms = Table(
    "alarms",
    metadata,
    Column("id", Text, primary_key=True),
    Column("bed", Integer, nullable=False),
    Column("onset_ms", Int64, nullable=False),
    Column("wall_us", Int64, nullable=False),
    Column("n", Int64, nullable=False),
    Column("body", Text, nullable=False),
    Index("alarms_onset", "onset_ms"),
)

# the latest state of each order; n is the decision that issued it, outcome_n the one that ended it
commands = Table(
    "commands",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("bed", Integer, nullable=False),
    Column("pump", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("wall_us", Int64, nullable=False),
    Column("n", Int64, nullable=False),
    Column("body", Text, nullable=False),
    Column("outcome", Text),
    Column("detail", Text),
    Column("outcome_n", Int64),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("id", Int64, primary_key=True, autoincrement=False),
    Column("bed", Integer, nullable=False),
    Column("seq", Int64, nullable=False),
    Column("now_ms", Int64, nullable=False),
    Column("wall_us", Int64, nullable=False),
    Column("kernel", Text, nullable=False),
    Column("keep", Integer, nullable=False),
    Column("chain_n", Int64, nullable=False),
    Column("chain_hash", LargeBinary, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Index("checkpoints_bed", "bed", "seq"),
)

policies = Table(
    "policies",
    metadata,
    Column("id", Int64, primary_key=True, autoincrement=False),
    Column("bed", Integer, nullable=False),
    Column("seq", Int64, nullable=False),
    Column("now_ms", Int64, nullable=False),
    Column("wall_us", Int64, nullable=False),
    Column("sha", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("policies_bed", "bed", "seq"),
)

# messages of other systems. (app, control_id, sent): MSH-3, MSH-10, MSH-7. state: received, applied, or withdrawn
# (it could not be acknowledged: the sender sends it again, and that is another row)
messages_in = Table(
    "messages_in",
    metadata,
    Column("id", Int64, primary_key=True, autoincrement=False),
    Column("peer", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("control_id", Text, nullable=False),
    Column("sent", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("answer", LargeBinary),
    Column("received_us", Int64, nullable=False),
    Column("state", Text, nullable=False),
    Index("messages_in_key", "control_id", "app", "sent", unique=True, sqlite_where=TAKEN, postgresql_where=TAKEN),
    Index("messages_in_open", "id", sqlite_where=UNAPPLIED, postgresql_where=UNAPPLIED),
)

# messages to other systems, in the order of number. rank 0: ahead of the others (alarms). state: waiting, sent,
# dead (refused for good), discarded (by a person), thinned (stale before it could be sent; raw is emptied).
# why: the last failure or answer, at at_us
messages_out = Table(
    "messages_out",
    metadata,
    Column("number", Int64, primary_key=True, autoincrement=False),
    Column("destination", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("made_us", Int64, nullable=False),
    Column("stale_us", Int64),
    Column("bed", Text, nullable=False),
    Column("seq", Int64, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("refusals", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("at_us", Int64, nullable=False),
    Index("messages_out_id", "destination", "id", unique=True),
    Index("messages_out_next", "destination", "rank", "number", sqlite_where=WAITING, postgresql_where=WAITING),
    Index("messages_out_dead", "destination", "number", sqlite_where=DEAD, postgresql_where=DEAD),
)

# the last step of each bed of which something was queued for a destination
messages_told = Table(
    "messages_told",
    metadata,
    Column("destination", Text, primary_key=True),
    Column("bed", Text, primary_key=True),
    Column("seq", Int64, nullable=False),
)

# append-only: what became of messages that a destination refused. act: refused, replayed or discarded (by a person)
dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", Int64, primary_key=True, autoincrement=False),
    Column("number", Int64, nullable=False),
    Column("act", Text, nullable=False),
    Column("person", Text),
    Column("why", Text, nullable=False),
    Column("wall_us", Int64, nullable=False),
    Index("dead_letters_number", "number", "id"),
)

# who may sign in. roles: words apart by spaces; password, pin: argon2id or ""; badge: hashed with a key that is not in
# this database; source: "" or the identity provider; removed: the name is not given to another person
accounts = Table(
    "accounts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("display", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("password", Text, nullable=False),
    Column("pin", Text, nullable=False),
    Column("badge", LargeBinary),
    Column("disabled", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("identity", Text),
    Column("removed", Integer, nullable=False),
    Column("made_us", Int64, nullable=False),
    Column("signed_in_us", Int64),
    Index("accounts_badge", "badge", unique=True),
)

# who is signed in; a row goes when its session ends. digest: SHA-256 of the cookie's 256 random bits
sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("account", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("made_ms", Int64, nullable=False),
    Column("seen_ms", Int64, nullable=False),
)

# of machines. digest: SHA-256 of the token; permissions: words apart by spaces
tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("permissions", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("made_us", Int64, nullable=False),
    Column("expires_us", Int64),
    Column("used_us", Int64),
    Column("revoked", Integer, nullable=False),
    Column("made_by", Text, nullable=False),
)

# append-only and hash-chained: who did or saw what (pumpd.journal.audit_chain). roles: words apart by spaces
audit = Table(
    "audit",
    metadata,
    Column("seq", Int64, primary_key=True, autoincrement=False),
    Column("at_us", Int64, nullable=False),
    Column("what", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("session", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("bed", Text),
    Column("patient", Text),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("audit_at", "at_us"),
    Index("audit_who", "who", "seq"),
    Index("audit_what", "what", "seq"),
    Index("audit_bed", "bed", "seq"),
)
