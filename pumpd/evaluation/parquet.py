"""Reads Parquet, one batch of a row group at a time. Column names and meanings are those of the CSV.

pyarrow is an optional extra, imported only here and only when a Parquet file is read.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pumpd.device import SIGNALS
from pumpd.evaluation.columns import (
    OFF,
    OXYGEN,
    TIME,
    Cell,
    Place,
    Recording,
    RecordingError,
    RowReader,
    check_header,
    signals_of,
)

BATCH_ROWS = 16_384  # some 1 MB of cells at a time, however large the row groups are
UNIT_KEYS = (b"unit", b"units")  # metadata of a column in which writers note its unit


class NoParquetSupport(Exception):
    """pyarrow is not installed; the message says how to get it."""


def read_parquet(path: Path) -> Recording:
    """Open a Parquet file. Raises RecordingError (here and while iterating `rows`), NoParquetSupport or OSError."""
    pa = _pyarrow("pyarrow", path)
    pq = _pyarrow("pyarrow.parquet", path)
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise RecordingError(f"{path}: no readable Parquet file: {_first_line(error)}") from None
    header = [name.strip().lower() for name in file.schema_arrow.names]
    check_header(str(path), header)
    for name, field in zip(header, file.schema_arrow, strict=True):
        _check_column(path, name, field, pa.types)
    place = Place(str(path), lines=False)
    total = max(1, file.metadata.num_rows)
    rows = RowReader(place, header).read(_cells(file, place, pa.ArrowException))
    return Recording(str(path), signals_of(header), rows, lambda: min(1.0, place.at / total))


def _pyarrow(module: str, path: Path) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise NoParquetSupport(
            f'{path} is Parquet: install the extra "parquet" to read it (pip install "pumpd[parquet]")'
        ) from None


def _check_column(path: Path, name: str, field: Any, types: Any) -> None:
    """Raises RecordingError for a type that cannot be what the column means, or a unit that is not ours."""
    expected = _expected(name)
    if not _fits(name, field.type, types):
        raise RecordingError(f'{path}: column "{name}" is {field.type}, expected {expected}')
    unit = _unit(field)
    ours = "s" if name == TIME else SIGNALS[name].unit if name in SIGNALS else ""  # our own columns have none
    if unit is not None and ours and unit.lower() != ours.lower():
        raise RecordingError(f'{path}: column "{name}" is in {unit}, expected {ours}')


def _fits(name: str, kind: Any, types: Any) -> bool:
    if types.is_null(kind):  # a column in which nothing was ever written
        return name != TIME
    number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    if name == OFF:
        return bool(types.is_boolean(kind) or types.is_integer(kind) or _is_text(kind, types))
    if name == "poss":  # S beside the numbers
        return bool(number or _is_text(kind, types))
    yes_or_no = name == OXYGEN or (name in SIGNALS and SIGNALS[name].flag)
    return bool(number or (yes_or_no and types.is_boolean(kind)))


def _is_text(kind: Any, types: Any) -> bool:
    inner = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_string(inner) or types.is_large_string(inner))


def _expected(name: str) -> str:
    if name == TIME:
        return "a number of seconds"
    if name == OFF:
        return "a boolean, 0 or 1, or names of columns"
    if name == "poss":
        return "S or a number"
    return "a boolean or a number" if name == OXYGEN or SIGNALS[name].flag else "a number"


def _unit(field: Any) -> str | None:
    metadata = field.metadata or {}
    for key in UNIT_KEYS:
        if key in metadata:
            return str(metadata[key].decode("utf-8", "replace")).strip()
    return None


def _cells(file: Any, place: Place, broken: type[Exception]) -> Iterator[Sequence[Cell]]:
    """Every row as a tuple of Python values, the place (rows counted from 1) kept up to date."""
    at = 0
    with file:
        try:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                columns = [_without_nan(column.to_pylist()) for column in batch.columns]
                for row in zip(*columns, strict=True):
                    at += 1
                    place.at = at
                    yield row
        except (broken, OSError) as error:
            place.at = at + 1
            raise place.error(f"unreadable from here on: {_first_line(error)}") from None


def _without_nan(cells: list[Any]) -> list[Any]:
    """NaN is a missing value; as an object it would also equal no other NaN that was seen before."""
    return [None if cell != cell else cell for cell in cells]  # noqa: PLR0124


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
