"""The [capture] table into what the recorder takes: where raw bytes are kept, and how many at most."""

from __future__ import annotations

from pathlib import Path

from pumpd.config.model import CaptureConfig
from pumpd.config.ward_file import CaptureTable

_SQLITE = "sqlite+aiosqlite:///"
_OTHERS = Path("var")
"""Where captures go beside a journal that is no file here (PostgreSQL)."""


def capture_config(table: CaptureTable, journal_url: str) -> CaptureConfig | None:
    """None: nothing is captured. The directory is, like the journal, relative to the working directory."""
    folder = _beside(journal_url) if table.directory is None else Path(table.directory)
    if not table.enabled or folder is None:
        return None
    return CaptureConfig(folder, table.bytes_per_file, table.files_per_device, table.keep_free_bytes)


def _beside(journal_url: str) -> Path | None:
    """None for a journal in memory: there is nothing to keep captures beside."""
    if not journal_url.startswith("sqlite"):
        return _OTHERS / "capture"
    file = journal_url.removeprefix(_SQLITE).partition("?")[0]
    return None if file in ("", ":memory:") else Path(file).parent / "capture"
