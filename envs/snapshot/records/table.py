"""Rows of a CSV file, of a sheet, or from Python, with the columns that they must and may have."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from entrepot.configs.errors import ConfigurationError

TEXT_FILES = (".csv", ".tsv", ".txt", ".csv.gz")
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
DELIMITERS = (",", ";", "\t")

Source = str | Path | Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class Columns:
    """Names of columns: those that must be there, and those that may; other spellings lead to a name."""

    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()
    spellings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One row: values by column, and where it stands."""

    values: Mapping[str, Any]
    place: str  # for messages: file and line

    def get(self, column: str) -> Any:
        """The value; None where the column or the value is missing."""
        value = self.values.get(column)
        return None if isinstance(value, str) and (not value or value.isspace()) else value


@dataclass(frozen=True)
class Table:
    """What was read."""

    source: str
    columns: frozenset[str]
    rows: tuple[Row, ...]
    unread: tuple[str, ...]  # columns that nobody asked for


def read_table(name: str, source: Source, columns: Columns, renamed: Mapping[str, str] | None = None) -> Table:
    """Read one table of records.

    Args:
        name: of the table; the sheet of this name is read where a workbook has several.
        source: the path of a .csv, .tsv or workbook, or rows by column.
        columns: which there must and may be. Case, and spaces for underscores, make no difference.
        renamed: columns of the source, by the name that is asked for here.

    Raises:
        ConfigurationError: the file can't be read, or a column is missing; what is there and what is needed.
    """
    if isinstance(source, str | Path):
        label = str(source)
        heads, records = _records(name, Path(source))
    else:
        label = name
        records = [(f"{name}: row {number}", dict(row)) for number, row in enumerate(source, 1)]
        heads = list(dict.fromkeys(head for _, row in records for head in row))
    own = {_plain(theirs): ours for ours, theirs in (renamed or {}).items()}
    known = {*columns.needed, *columns.optional}
    called = {head: own.get(_plain(head)) or columns.spellings.get(_plain(head), _plain(head)) for head in heads}
    for ours in known:
        twice = [head for head in heads if called[head] == ours]
        if len(twice) > 1:
            raise ConfigurationError(f"{label}: columns {twice[0]!r} and {twice[1]!r} both stand for {ours!r}")
    missing = [column for column in columns.needed if column not in called.values()]
    if missing and (records or isinstance(source, str | Path)):
        optional = f"; it may have {', '.join(columns.optional)}" if columns.optional else ""
        raise ConfigurationError(
            f"{label}: column {missing[0]!r} is missing; found: {', '.join(map(repr, heads)) or 'no rows'}; needed: "
            f"{', '.join(columns.needed)}{optional}. Another name is read with --column {missing[0]}=NAME"
        )
    same = all(head == ours for head, ours in called.items())
    return Table(
        source=label,
        columns=frozenset(called.values()),
        rows=tuple(Row(row if same else {called[head]: row[head] for head in row}, place) for place, row in records),
        unread=tuple(head for head in heads if called[head] not in known),
    )


def _plain(head: Any) -> str:
    return "_".join(str(head).strip().casefold().split())


def _records(name: str, path: Path) -> tuple[list[str], list[tuple[str, dict[str, Any]]]]:
    """Names of columns, which may be all that there is, and rows."""
    suffix = "".join(path.suffixes[-2:] if path.suffix.casefold() == ".gz" else path.suffixes[-1:]).casefold()
    if suffix not in TEXT_FILES + WORKBOOKS:
        allowed = ", ".join(TEXT_FILES + WORKBOOKS)
        raise ConfigurationError(f"{name}: {str(path)!r} ends in {suffix!r}; allowed: {allowed}")
    if not path.is_file():
        raise ConfigurationError(f"{name}: there is no file {str(path)!r}")
    try:
        rows = _text_rows(path) if suffix in TEXT_FILES else _sheet_rows(name, path)
        _, heads = next(rows)
        return list(heads), list(rows)
    except OSError as error:
        raise ConfigurationError(f"{name}: {str(path)!r} can't be read: {error.strerror or error}") from error


def _text_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """First the names of columns, without values, then rows."""
    data = path.read_bytes()
    try:
        text = (gzip.decompress(data) if path.suffix.casefold() == ".gz" else data).decode("utf-8-sig")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ConfigurationError(f"{path}: not gzip, or cut short ({error})") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not UTF-8 (byte {error.start}); save it as CSV UTF-8") from error
    if "\0" in text:
        raise ConfigurationError(f"{path}: holds zero bytes, so it is no CSV in UTF-8; save it as CSV UTF-8")
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    heads: list[str] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            place = f"{path}: line {reader.line_num}"
            if heads is None:
                heads = _heads(cells, place)
                yield place, dict.fromkeys(heads)
                continue
            if len(cells) != len(heads):
                raise ConfigurationError(f"{place}: {len(cells)} values for {len(heads)} columns")
            yield place, dict(zip(heads, cells, strict=True))
    except csv.Error as error:
        raise ConfigurationError(f"{path}: line {reader.line_num}: not CSV ({error})") from error
    if heads is None:
        raise ConfigurationError(f"{path}: empty; a line with the names of its columns is needed")


def sheet_names(path: Path) -> list[str]:
    """Of a workbook.

    Raises:
        ConfigurationError: it can't be read.
    """
    import python_calamine

    try:
        with python_calamine.CalamineWorkbook.from_path(path) as book:
            return list(book.sheet_names)
    except (OSError, python_calamine.CalamineError) as error:
        raise ConfigurationError(f"{path}: not a workbook that can be read ({error})") from error


def _sheet_rows(name: str, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """As `_text_rows`."""
    import python_calamine

    try:
        with python_calamine.CalamineWorkbook.from_path(path) as book:
            sheet = _sheet(name, path, book.sheet_names)
            rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    except python_calamine.CalamineError as error:
        raise ConfigurationError(f"{path}: not a workbook that can be read ({error})") from error
    heads: list[str] | None = None
    for line, cells in enumerate(rows, 1):
        if all(str(cell).strip() == "" for cell in cells):
            continue
        place = f"{path}: sheet {sheet!r}: row {line}"
        if heads is None:
            while cells and str(cells[-1]).strip() == "":
                cells = cells[:-1]
            heads = _heads([str(cell) for cell in cells], place)
            yield place, dict.fromkeys(heads)
            continue
        yield place, dict(zip(heads, cells, strict=False))
    if heads is None:
        raise ConfigurationError(f"{path}: sheet {sheet!r} is empty; a row with the names of its columns is needed")


def _sheet(name: str, path: Path, sheets: Sequence[str]) -> str:
    named = [sheet for sheet in sheets if _plain(sheet) == name]
    if named or len(sheets) == 1:
        return (named or list(sheets))[0]
    raise ConfigurationError(f"{path}: none of the sheets {', '.join(map(repr, sheets))} is called {name!r}")


def _heads(cells: Sequence[str], place: str) -> list[str]:
    heads = [cell.strip() for cell in cells]
    for head in heads:
        if not head or heads.count(head) > 1:
            raise ConfigurationError(f"{place}: a column is called {head!r}; each needs a name of its own")
    return heads
