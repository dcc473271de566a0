"""Alembic's folder; run through pumpd.journal.schema, never from a command line of its own."""
