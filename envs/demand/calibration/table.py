"""A CSV or Parquet file as columns of text, every row with its line; nothing in it is guessed at."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand.calibration.keys import ReadingKeys

DELIMITERS = (",", ";", "\t", "|")
MARKED = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
"""Encodings by the mark that a file may begin with."""

Taken = tuple[int, dict[str, int], "array[int]"]
"""A column that is read: its place in a row, the code of each value met, the rows' codes."""


@dataclass(frozen=True)
class Column:
    """One column of R rows: which values occur, and which of them each row has."""

    values: tuple[str, ...]
    code: NDArray[np.int64]  # [R] into `values`
    numeric: bool = False  # whether the file itself says that these are numbers

    def first_rows(self) -> NDArray[np.int64]:
        """[values] row in which each value stands first."""
        found = np.full(len(self.values), -1, np.int64)
        found[self.code[::-1]] = np.arange(len(self.code) - 1, -1, -1)
        return found

    def renamed(self, values: Sequence[str]) -> Column:
        """The same rows with other values, of which several may be the same."""
        known: dict[str, int] = {}
        moved = np.array([known.setdefault(value, len(known)) for value in values], np.int64)
        return Column(tuple(known), moved[self.code] if len(moved) else self.code)


@dataclass(frozen=True)
class Table:
    """A file's columns by name, in lower case."""

    path: str
    columns: Mapping[str, Column]
    line: NDArray[np.int64]  # [R] where each row begins
    malformed: tuple[int, ...] = ()  # lines with more or fewer fields than the header
    empty: tuple[int, ...] = ()  # lines without any field
    remarks: tuple[str, ...] = ()


def read_table(path: Path, keys: ReadingKeys, wanted: Sequence[str]) -> Table:
    """Read a .csv, .csv.gz or .parquet file.

    Args:
        path: the file. Lines of a CSV are counted from 1, its header included; the first row of a Parquet is line 1.
        keys: encoding and delimiter, where they are given.
        wanted: names of columns; others are left unread.

    Raises:
        ConfigurationError: the file is missing, broken or no table.
    """
    if not path.is_file():
        why = "is no file" if path.exists() else "does not exist"
        raise ConfigurationError(f"demand.path: the file {str(path)!r} {why}")
    if path.suffix == ".parquet":
        return _parquet(path, wanted)
    if path.name.endswith((".csv", ".csv.gz")):
        return _csv(path, keys, wanted)
    raise ConfigurationError(f"demand.path: {str(path)!r}; allowed: a .parquet, .csv or .csv.gz file")


def _parquet(path: Path, wanted: Sequence[str]) -> Table:
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    try:
        names = _by_name(path, parquet.read_schema(path).names)
        content = parquet.read_table(path, columns=[names[name] for name in wanted if name in names])
        columns = {name: _arrow_column(content[names[name]]) for name in wanted if name in names}
    except (arrow.ArrowException, OSError, ValueError, NotImplementedError) as error:
        raise ConfigurationError(f"{path}: can't be read as Parquet: {_one_line(error)}") from error
    missing = {name: Column((), np.zeros(0, np.int64)) for name in names if name not in columns}
    return Table(str(path), {**missing, **columns}, np.arange(content.num_rows) + 1)


def _arrow_column(column: Any) -> Column:
    import pyarrow as arrow

    kind = column.type
    if arrow.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    if isinstance(encoded, arrow.ChunkedArray):
        encoded = encoded.combine_chunks()
    numeric = arrow.types.is_integer(kind) or arrow.types.is_floating(kind) or arrow.types.is_decimal(kind)
    values = tuple(_text(value) for value in encoded.dictionary.to_pylist())
    code = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), np.int64)
    return Column(values, code, numeric)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, date):
        return value.isoformat()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _csv(path: Path, keys: ReadingKeys, wanted: Sequence[str]) -> Table:
    text, encoding = _decoded(_bytes(path), keys, path)
    if not text.strip():
        raise ConfigurationError(f"{path}: the file is empty")
    skipped = 0
    if text[:4].lower() == "sep=":  # written by spreadsheets, for spreadsheets
        _, _, text = text.partition("\n")
        skipped = 1
    header_text, _, _ = text.partition("\n")
    delimiter = keys.delimiter or _delimiter(header_text, wanted)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    remarks = [f"read as {encoding}"] if encoding not in ("utf-8", "utf-8-sig") else []
    if delimiter != ",":
        remarks.append(f"columns are divided by {delimiter!r}")
    try:
        names = _by_name(path, next(rows, []))
        places = {name: list(names).index(name) for name in names}
        taken: list[Taken] = [(places[name], {}, array("q")) for name in wanted if name in places]
        line, malformed, empty = _rows(rows, len(names), taken, skipped)
    except csv.Error as error:
        raise ConfigurationError(f"{path}: line {rows.line_num + skipped}: can't be read as CSV: {error}") from error
    found = [name for name in wanted if name in places]
    columns = {
        name: Column(tuple(values), np.frombuffer(code, np.int64) if len(code) else np.zeros(0, np.int64))
        for name, (_, values, code) in zip(found, taken, strict=True)
    }
    missing = {name: Column((), np.zeros(0, np.int64)) for name in names if name not in columns}
    return Table(str(path), {**missing, **columns}, line, malformed, empty, tuple(remarks))


def _rows(
    rows: Any, width: int, taken: Sequence[Taken], skipped: int
) -> tuple[NDArray[np.int64], tuple[int, ...], tuple[int, ...]]:
    """Sort every row's fields into the columns' values and codes.

    Returns:
        Lines of the rows, of those of another width, and of empty ones.
    """
    lines, begins = array("q"), rows.line_num + 1 + skipped
    malformed: list[int] = []
    empty: list[int] = []
    for row in rows:
        if len(row) == width:
            lines.append(begins)
            for place, values, code in taken:
                code.append(values.setdefault(row[place], len(values)))
        else:
            (malformed if row else empty).append(begins)
        begins = rows.line_num + 1 + skipped
    return np.array(lines, np.int64), tuple(malformed), tuple(empty)


def _by_name(path: Path, header: Iterable[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for place, written in enumerate(header):
        name = written.strip().lower() or f"column {place + 1}"
        if name in names:
            raise ConfigurationError(f"{path}: line 1: two columns are called {name!r}")
        names[name] = written
    return names


def _delimiter(header: str, wanted: Sequence[str]) -> str:
    def known(delimiter: str) -> int:
        return sum(name.strip().strip('"').lower() in wanted for name in header.strip().split(delimiter))

    return max(DELIMITERS, key=known)


def _bytes(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ConfigurationError(f"{path}: the compressed file is cut short or damaged: {_one_line(error)}") from error
    except OSError as error:
        raise ConfigurationError(f"{path}: can't be read: {error.strerror or error}") from error


def _decoded(content: bytes, keys: ReadingKeys, path: Path) -> tuple[str, str]:
    marked = next((name for mark, name in MARKED.items() if content.startswith(mark)), None)
    encoding = keys.encoding or marked or "utf-8"
    try:
        text = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeError as error:
        line = 1 + content.count(b"\n", 0, getattr(error, "start", 0))
        raise ConfigurationError(
            f"{path}: line {line}: not {encoding} text; save the file as UTF-8, or name its encoding in the demand "
            "YAML (encoding: cp1252, for example)"
        ) from error
    if "\0" in text:
        raise ConfigurationError(
            f"{path}: line {1 + text.count(chr(10), 0, text.index(chr(0)))}: holds a zero byte, so it is no {encoding} "
            "text; name its encoding in the demand YAML (encoding: utf-16-le, for example)"
        )
    return text, encoding


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
