"""The newest schema of this pumpd, and that of a later one."""

from __future__ import annotations

from alembic.script import ScriptDirectory

from pumpd.journal.schema import config

NEWEST = str(ScriptDirectory.from_config(config()).get_current_head())
LATER = f"{int(NEWEST) + 1:04}"
