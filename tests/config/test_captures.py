"""Where the raw bytes of lines are kept, as the ward file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.config.captures import capture_config
from pumpd.config.load import load_ward
from pumpd.config.model import CaptureConfig, WardConfig
from pumpd.config.ward_file import CaptureTable
from tests.config.conftest import Break


def test_it_is_on_by_default_beside_the_journal_and_may_be_moved_or_switched_off(ward_file: Break) -> None:
    def config(*changes: tuple[str, str]) -> CaptureConfig | None:
        ward = load_ward(ward_file(*changes))
        assert isinstance(ward, WardConfig), ward
        return ward.capture

    assert config() == CaptureConfig(Path("var/capture"))
    moved = config(("[library]", '[capture]\ndirectory = "/srv/pumpd"\nfiles_per_device = 3\n\n[library]'))
    assert moved == CaptureConfig(Path("/srv/pumpd"), files_per_device=3)
    assert config(("[library]", "[capture]\nenabled = false\n\n[library]")) is None


@pytest.mark.parametrize(
    ("journal", "folder"),
    [
        ("sqlite+aiosqlite:////var/lib/pumpd/pumpd.db", Path("/var/lib/pumpd/capture")),
        ("sqlite+aiosqlite:///pumpd.db?timeout=5", Path("capture")),
        ("sqlite+aiosqlite:///:memory:", None),
        ("postgresql+asyncpg://host/pumpd", Path("var/capture")),
    ],
)
def test_the_folder_is_where_the_journal_is(journal: str, folder: Path | None) -> None:
    config = capture_config(CaptureTable(), journal)
    assert (config and config.directory) == folder
