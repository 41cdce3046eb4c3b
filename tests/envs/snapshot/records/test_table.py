from __future__ import annotations

import gzip
import zipfile
from datetime import date
from pathlib import Path

import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot.records.cells import Reading
from entrepot.envs.snapshot.records.table import Columns, Row, Table, read_table
from tests.envs.snapshot.records.network import STOCK, remarks, snapshot

COLUMNS = Columns(needed=("sku", "units"), optional=("eta",), spellings={"quantity": "units"})


def read(path: Path, text: str | bytes) -> Table:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_table("shipments", path, COLUMNS)


@pytest.mark.parametrize(
    "text",
    [
        "sku,units\nNA,3\n",
        "\ufeffSKU;Quantity\r\nNA;3\r\n\r\n",
        "sku\tUNITS \nNA\t3\n",
        '"sku","units"\n"NA","3"\n',
    ],
)
def test_delimiters_marks_case_and_spellings_are_recognised_and_names_are_text(tmp_path: Path, text: str) -> None:
    table = read(tmp_path / "s.csv", text)
    assert [(row.get("sku"), row.get("units")) for row in table.rows] == [("NA", "3")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sku,eta\na,b\n", r"column 'units' is missing; found: 'sku', 'eta'; needed: sku, units; it may have eta"),
        ("", "empty; a line with the names of its columns is needed"),
        ("sku,units\na\n", r"line 2: 1 values for 2 columns"),
        ("sku,units,units\na,1,1\n", "a column is called 'units'; each needs a name of its own"),
        ("sku,units,quantity\na,1,1\n", "columns 'units' and 'quantity' both stand for 'units'"),
        ("sku,units\n\xe9,1\n".encode("latin-1"), r"not UTF-8 \(byte 10\)"),
        ("sku,units\n".encode("utf-16"), "not UTF-8"),
        ('sku,units\n"a,1\n', "not CSV"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_line_with_its_place(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as error:
        read(tmp_path / "s.csv", text)
    assert "\n" not in str(error.value)
    assert "s.csv" in str(error.value)


def test_files_that_are_not_there_or_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no file"):
        read_table("stock", tmp_path / "none.csv", COLUMNS)
    with pytest.raises(ConfigurationError, match=r"ends in '.parquet'; allowed: .csv"):
        read_table("stock", tmp_path / "none.parquet", COLUMNS)
    (tmp_path / "s.xlsx").write_bytes(b"no workbook")
    with pytest.raises(ConfigurationError, match="not a workbook that can be read"):
        read_table("stock", tmp_path / "s.xlsx", COLUMNS)


def test_compressed_files_are_read_and_cut_ones_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b"sku,units\na,1\n")
    for data in (whole[:-9], b"sku,units", b""):
        (tmp_path / "s.csv.gz").write_bytes(data)
        with pytest.raises(ConfigurationError, match=r"s\.csv\.gz: (not gzip, or cut short|empty)"):
            read_table("shipments", tmp_path / "s.csv.gz", COLUMNS)
    (tmp_path / "s.csv.gz").write_bytes(whole)
    assert read_table("shipments", tmp_path / "s.csv.gz", COLUMNS).rows[0].get("units") == "1"


def workbook(path: Path, sheets: dict[str, str]) -> None:
    """The least that is a workbook: inline texts and numbers."""
    package = "http://schemas.openxmlformats.org"
    relation = f"{package}/officeDocument/2006/relationships"
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1))
    targets = "".join(
        f'<Relationship Id="r{n}" Type="{relation}/worksheet" Target="worksheets/{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    main = f"{package}/spreadsheetml/2006/main"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/package/2006/relationships"><Relationship Id="r" '
            f'Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{relation}"><sheets>{listed}</sheets></workbook>'
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/package/2006/relationships">{targets}</Relationships>',
        )
        for number, rows in enumerate(sheets.values(), 1):
            archive.writestr(
                f"xl/worksheets/{number}.xml",
                f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
            )


def cells(*rows: tuple[str | float, ...]) -> str:
    def cell(column: str, line: int, value: str | float) -> str:
        if isinstance(value, str):
            return f'<c r="{column}{line}" t="inlineStr"><is><t>{value}</t></is></c>'
        return f'<c r="{column}{line}"><v>{value}</v></c>'

    def row(line: int, values: tuple[str | float, ...]) -> str:
        inside = "".join(cell(column, line, value) for column, value in zip("ABCDE", values, strict=False))
        return f'<row r="{line}">{inside}</row>'

    return "".join(row(line, values) for line, values in enumerate(rows, 1))


def test_the_sheet_of_the_tables_name_is_read_and_numbers_that_are_names_stay_names(tmp_path: Path) -> None:
    path = tmp_path / "records.xlsx"
    stock = cells(("node", "sku", "on_hand", "as_of"), *((row["node"], row["sku"], 10, "2026-11-25") for row in STOCK))
    workbook(path, {"notes": cells(("hello",)), "Stock": stock})
    found = snapshot(stock=path, zone="UTC")
    assert found.arrays["on_hand"][0].tolist() == [[10, 10], [10, 10]]
    with pytest.raises(ConfigurationError, match="none of the sheets 'notes', 'Stock' is called 'sales'"):
        read_table("sales", path, COLUMNS)


def test_columns_of_other_names_are_read_by_saying_so_and_columns_that_mean_nothing_are_told() -> None:
    rows = [{"Lager": row["node"], "sku": row["sku"], "on_hand": 1, "bin": "A1"} for row in STOCK]
    found = snapshot(stock=rows, columns={"node": "lager"})
    assert found.arrays["on_hand"].sum() == 4
    assert remarks(found, "stock") == ["assumed: columns that mean nothing here aren't read: bin"]


@pytest.mark.parametrize(
    ("text", "units"), [("1200", 1200), (" 1,200 ", 1200), ("1'200", 1200), ("12.0", 12), (12.0, 12), ("-3", -3)]
)
def test_whole_units_are_read(text: object, units: float) -> None:
    assert Reading(whole=True).units(Row({"units": text}, "s: line 2"), "units") == units


@pytest.mark.parametrize("text", ["1.5", "12,5", "1.234", "ten", "nan", "inf", "1e30", 2.5, True, "12 00"])
def test_what_is_no_whole_number_is_refused(text: object) -> None:
    with pytest.raises(ConfigurationError, match=r"s: line 2: units: .*; allowed: "):
        Reading(whole=True).units(Row({"units": text}, "s: line 2"), "units")


@pytest.mark.parametrize("value", ["2026-11-25", "20261125", date(2026, 11, 25), "2026-11-25 23:59"])
def test_days_are_read(value: object) -> None:
    assert Reading(whole=True).day(Row({"eta": value}, ""), "eta", "x") == (date(2026, 11, 25) - date(1970, 1, 1)).days


@pytest.mark.parametrize("value", ["25.11.2026", "11/25/2026", "2026-11-31", 46351.0])
def test_other_ways_to_write_a_day_are_refused_with_the_option_that_reads_them(value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"s: line 2: eta: .*--date-format"):
        Reading(whole=True).day(Row({"eta": value}, "s: line 2"), "eta", "x")
    told = Reading(whole=True, date_format="%d.%m.%Y").day(Row({"eta": "25.11.2026"}, ""), "eta", "x")
    assert told == (date(2026, 11, 25) - date(1970, 1, 1)).days
