"""A progress bar for long recordings: on standard error, only where a person watches, gone when done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from pumpd.evaluation.columns import Recording, Row

SHORT_ROWS = 20_000  # about half a second; a bar for less would only flicker
EVERY_ROWS = 2_000


class Watch:
    """Wraps recordings so that reading them moves a bar. Close it at the end, whatever happened."""

    def __init__(self, recordings: int, console: Console | None = None) -> None:
        """recordings: how many will come. console: standard error unless given."""
        self._console = console or Console(stderr=True)
        self._recordings = recordings
        self._begun = 0
        self._progress: Progress | None = None

    def over(self, recording: Recording) -> Recording:
        """The same recording; where nobody watches, the very same."""
        self._begun += 1
        return replace(recording, rows=self._rows(recording)) if self._console.is_interactive else recording

    def _rows(self, recording: Recording) -> Iterator[Row]:
        for at, row in enumerate(recording.rows, 1):
            if at % EVERY_ROWS == 0 and (at >= SHORT_ROWS or self._progress is not None):
                self._show(recording)
            yield row

    def _show(self, recording: Recording) -> None:
        if self._progress is None:
            columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
            self._progress = Progress(*columns, console=self._console, transient=True)
            self._progress.add_task("", total=self._recordings)
            self._progress.start()
        part = recording.fraction() if recording.fraction is not None else None
        name = PurePath(recording.name).name
        many = f"{self._begun}/{self._recordings} " if self._recordings > 1 else ""
        task = self._progress.task_ids[0]
        if part is None and self._recordings == 1:
            self._progress.update(task, total=None)  # a pipe: it moves, nobody knows how far
        self._progress.update(task, description=many + name, completed=self._begun - 1 + (part or 0.0))

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
