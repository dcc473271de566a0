"""Where the commented default files live: the source tree's config/, or share/pumpd/config of an installation."""

from __future__ import annotations

import sys
from pathlib import Path


def default_dir() -> Path:
    """The folder of default configuration files. Raises FileNotFoundError when the installation is incomplete."""
    here = Path(__file__).resolve().parents[2] / "config"
    installed = Path(sys.prefix) / "share" / "pumpd" / "config"
    for folder in (here, installed):
        if (folder / "drug_library.toml").is_file():
            return folder
    raise FileNotFoundError(f"pumpd's default configuration is in neither {here} nor {installed}")
