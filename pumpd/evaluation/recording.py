"""Opens recorded vitals: CSV (a file or standard input) or Parquet, told apart by content. Rows are read as needed."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from pumpd.evaluation.columns import Cell, Place, Recording, RecordingError, RowReader, check_header, signals_of
from pumpd.evaluation.parquet import read_parquet

PARQUET_MAGIC = b"PAR1"
BYTE_ORDER_MARK = "\ufeff"
OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs"}
PARQUET_SUFFIXES = frozenset({".parquet", ".pq"})
SUFFIXES = frozenset({".csv", *PARQUET_SUFFIXES})


class NoRecordings(Exception):
    """A folder without recordings; the message says so."""


def find_recordings(paths: Iterable[Path]) -> list[Path]:
    """The paths themselves, and for each folder the .csv and .parquet files in it and below, in order of name.

    Raises NoRecordings for a folder without any. A path that is there twice is read once.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        if not inside:
            raise NoRecordings(f"there is no .csv or .parquet file in {path}")
        found += inside
    return list(dict.fromkeys(found))


def read_recording(path: Path) -> Recording:
    """Open a file. Raises OSError, or RecordingError here (header, types) and while iterating `rows`.

    Raises parquet.NoParquetSupport for a Parquet file where pyarrow is not installed.
    """
    with path.open("rb") as file:
        magic = file.read(len(PARQUET_MAGIC))
    if magic == PARQUET_MAGIC:
        return read_parquet(path)
    if path.suffix.lower() in PARQUET_SUFFIXES:
        raise RecordingError(f"{path}: this is no Parquet file")
    return parse_recording(str(path), _text_lines(path), os.path.getsize(path))


def read_stream(name: str, stream: TextIO) -> Recording:
    """CSV from a pipe, of which nobody knows how long it is."""
    return parse_recording(name, stream)


def _text_lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        yield from file


def parse_recording(name: str, lines: Iterable[str], size: int | None = None) -> Recording:
    """CSV from lines of text; size in bytes, if known, is what fraction compares with."""
    text = _Lines(lines)
    reader = csv.reader(text)
    header = [cell.strip().lstrip(BYTE_ORDER_MARK).lower() for cell in next(reader, [])]
    _check_separator(name, header)
    check_header(f"{name}:1", header)
    place = Place(name, lines=True)
    rows = RowReader(place, header).read(_numbered(reader, place))
    fraction = None if not size else lambda: min(1.0, text.characters / size)
    return Recording(name, signals_of(header), rows, fraction)


def _check_separator(name: str, header: list[str]) -> None:
    """A spreadsheet of another country: better said than "unknown column"."""
    for other, what in OTHER_SEPARATORS.items():
        if len(header) == 1 and other in header[0]:
            raise RecordingError(f"{name}:1: the columns are separated by {what}, expected commas")


class _Lines:
    """Counts the characters that went by."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = lines
        self.characters = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.characters += len(line)
            yield line


def _numbered(reader: Iterator[list[str]], place: Place) -> Iterator[Sequence[Cell]]:
    """Rows that are not blank, with the place kept up to date."""
    try:
        for place.at, row in enumerate(reader, 2):
            if any(row):
                yield row
    except csv.Error as error:
        raise place.error(f"no readable CSV: {error}") from None
