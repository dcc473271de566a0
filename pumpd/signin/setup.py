"""The first start: who can read the console, or a file that only the daemon's user can, makes the first account."""

from __future__ import annotations

from pathlib import Path

from pumpd.signin.secret import new_secret, same, write_private

SETUP_FILE = "set-up-token"


class SetUp:
    """A token of one use. It lives until there is an account."""

    def __init__(self, folder: Path | None) -> None:
        self.file = None if folder is None else folder / SETUP_FILE
        self.token = ""

    def begin(self) -> None:
        """A fresh one, in the file too. Raises OSError."""
        self.token = new_secret()
        if self.file is not None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_private(self.file, f"{self.token}\n".encode())

    def end(self) -> None:
        """There is an account: nobody needs it any more."""
        self.token = ""
        if self.file is not None:
            self.file.unlink(missing_ok=True)

    def is_right(self, token: str) -> bool:
        return bool(self.token) and same(self.token, token.strip())
