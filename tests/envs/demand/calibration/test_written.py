"""Ways in which people and programs write a history: recognised, or refused with the line and the key."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand.calibration.keys import ReadingKeys
from entrepot.envs.demand.calibration.records import SalesRecords, read_sales
from tests.envs.demand.calibration.histories import daily, model_of, shop, written


@pytest.mark.parametrize(
    ("changes", "filters", "told"),
    [
        ({"sign": ";", "day": lambda day: day.strftime("%d.%m.%Y"), "filters": lambda _: "50,0"}, 50, "decimal comma"),
        ({"sign": "\t", "day": lambda day: day.strftime("%m/%d/%Y")}, 50, "dates are read as month_first"),
        ({"day": lambda day: day.strftime("%d/%m/%Y")}, 50, "dates are read as day_first"),
        ({"filters": lambda _: '"1,200"'}, 1200, "1,200 is 1200"),
        ({"sign": ";", "filters": lambda _: "1.200,0"}, 1200, "1.200,0 is 1200"),
        ({"filters": lambda _: "1 200"}, 1200, "joined by name"),
        ({"day": lambda day: f"{day} 23:59:59"}, 50, "a sale counts on its date"),
        ({"day": lambda day: f"{day}T23:30:00+02:00"}, 50, "the date counts as written"),
        ({"day": lambda day: day.strftime("%Y%m%d")}, 50, "joined by name"),
        ({"day": lambda day: day.strftime("%d-%b-%Y")}, 50, "joined by name"),
        ({"encoding": "utf-8-sig"}, 50, "joined by name"),
        ({"encoding": "utf-16"}, 50, "read as utf-16"),
        ({"names": ("grinder", " filter ")}, 50, "spaces around names don't count: ' filter '"),
    ],
)
def test_what_can_be_read_in_one_way_only_is_recognised_and_told(
    tmp_path: Path, changes: dict[str, Any], filters: float, told: str
) -> None:
    model = model_of(written(tmp_path, **changes))
    assert daily(model) == [1.0, filters]
    assert any(told in line for line in model.remarks)


def excel(day: date) -> str:
    return str((day - date(1899, 12, 30)).days)


@pytest.mark.parametrize(
    ("changes", "message", "keys"),
    [
        ({"day": excel}, r"line 2: the date '44562' can't be read.* date_format .*excel", {"date_format": "excel"}),
        ({"day": lambda day: day.strftime("%d.%m.%y")}, r"line 2: .*date_format", {"date_format": "%d.%m.%y"}),
        (
            {"day": lambda day: f"{day}T12:00:00Z"},
            r"line 2: '2022-01-01T12:00:00Z' is UTC.*time_zone",
            {"time_zone": "Europe/Berlin"},
        ),
        (
            {"sign": ";", "grinder": lambda _: "1,000", "filters": lambda _: "50,000"},
            r"line 2: units_sold '1,000' may be 1000 or 1; say decimal",
            {"decimal": ","},
        ),
        ({"encoding": "utf-16-le"}, r"line 1: holds a zero byte.*encoding", {"encoding": "utf-16-le"}),
        ({"sign": ":"}, r"missing column date, sku", {"delimiter": ":"}),
        (
            {"filters": lambda day: "1.5" if day.day == 1 else "50,5" if day.day == 2 else "50", "sign": ";"},
            r"line 3: units_sold '1.5'.*|'50,5' has a decimal comma, line 3: '1.5' a decimal point",
            {"decimal": ".", "most_left_out": 0.1},
        ),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_and_the_key_that_is_named_reads_it(
    tmp_path: Path, changes: dict[str, Any], message: str, keys: dict[str, Any]
) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(ConfigurationError, match=message):
        model_of(path)
    assert daily(model_of(path, **keys))[0] == 1.0


def test_a_date_that_may_have_the_day_or_the_month_first_is_refused(tmp_path: Path) -> None:
    header = "date,sku,market,units_sold\n"
    (tmp_path / "sales.csv").write_text(header + "03/04/2024,a,east,1\n05/04/2024,a,east,1\n")
    with pytest.raises(ConfigurationError, match=r"line 2: the date '03/04/2024' may have the day or the month first"):
        read_sales(tmp_path / "sales.csv")
    (tmp_path / "sales.csv").write_text(header + "13/04/2024,a,east,1\n04/13/2024,a,east,1\n")
    with pytest.raises(ConfigurationError, match=r"line 2: '13/04/2024' has the day first, line 3: '04/13/2024'"):
        read_sales(tmp_path / "sales.csv")


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_the_date_is_that_of_the_zone_that_is_named(tmp_path: Path, zone: str) -> None:
    stamps = pd.date_range("2022-01-01 12:00", periods=3, tz="UTC") + pd.Timedelta(hours=8)
    pd.DataFrame({"date": stamps, "sku": "a", "market": "east", "units_sold": 1}).to_parquet(tmp_path / "s.parquet")
    (tmp_path / "d.csv").write_text(f"date,sku,market,units_sold\n{stamps[0].isoformat()},a,east,1\n")
    expected = stamps[0].tz_convert(zone).date().isoformat()
    for name in ("s.parquet", "d.csv"):
        assert read_sales(tmp_path / name, keys=ReadingKeys(time_zone=zone)).report.first_day == expected


def test_text_that_is_not_utf_8_is_refused_with_its_line_and_read_with_its_encoding(tmp_path: Path) -> None:
    path = written(tmp_path, encoding="cp1252", names=("grinder", "filtér"))
    with pytest.raises(ConfigurationError, match=r"sales.csv: line 3: not utf-8 text; .*encoding: cp1252"):
        model_of(path)
    assert daily(model_of(path, shop(("grinder", "filtér")), encoding="cp1252")) == [1.0, 50.0]


@pytest.mark.parametrize("harm", ["cut", "flipped"])
def test_a_damaged_compressed_file_is_refused_in_one_line(tmp_path: Path, harm: str) -> None:
    packed = bytearray(gzip.compress(written(tmp_path).read_bytes(), mtime=0))
    if harm == "flipped":
        packed[200] ^= 255
    (tmp_path / "s.csv.gz").write_bytes(bytes(packed if harm == "flipped" else packed[:1000]))
    with pytest.raises(ConfigurationError, match=r"s.csv.gz: the compressed file is cut short or damaged: [^\n]*$"):
        model_of(tmp_path / "s.csv.gz")


def test_a_damaged_parquet_file_is_refused_in_one_line(tmp_path: Path) -> None:
    pd.read_csv(written(tmp_path)).to_parquet(tmp_path / "s.parquet")
    content = bytearray((tmp_path / "s.parquet").read_bytes())
    (tmp_path / "cut.parquet").write_bytes(bytes(content[: len(content) // 2]))
    content[100:400] = b"x" * 300
    (tmp_path / "s.parquet").write_bytes(bytes(content))
    for name in ("cut.parquet", "s.parquet"):
        with pytest.raises(ConfigurationError, match=rf"{name}: can't be read as Parquet: [^\n]*$"):
            model_of(tmp_path / name)


def test_a_quote_that_never_ends_is_refused_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, more='2023-12-31,"filter,shop,50\n')
    with pytest.raises(ConfigurationError, match=r"line 1462: can't be read as CSV"):
        model_of(path)


@pytest.mark.parametrize("name", ["NA", "null", "None", "nan", "0012", "1e5", "no", "Ünü"])
def test_names_are_text_whatever_they_look_like(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, names=("grinder", name), market=name)
    assert daily(model_of(path, shop(("grinder", name), market=name))) == [1.0, 50.0]


UNITS = st.integers(0, 3_000_000)


def read_or_refused(path: Path) -> SalesRecords | str:
    """The records, or why there are none."""
    try:
        return read_sales(path)
    except ConfigurationError as error:
        return str(error)


@given(st.lists(UNITS, min_size=2, max_size=6), st.sampled_from(["{:,}", "{:,}.00", "{}", "{}.0"]), st.booleans())
def test_grouped_and_plain_numbers_are_read_right_or_not_at_all(
    tmp_path_factory: pytest.TempPathFactory, units: list[int], form: str, european: bool
) -> None:
    path = tmp_path_factory.mktemp("units") / "sales.csv"
    texts = [form.format(number) for number in units]
    if european:
        texts = [text.translate(str.maketrans(",.", ".,")) for text in texts]
    rows = [f"2024-01-{day:02d};a;east;{text}" for day, text in enumerate(texts, start=1)]
    path.write_text("\n".join(["date;sku;market;units_sold", *rows]) + "\n")
    found = read_or_refused(path)
    if isinstance(found, str):  # it can be read in two ways, or a large order beside small ones looks like a slip
        assert "may be" in found or "a slip?" in found
    else:
        assert found.units.sum(dtype=float) == pytest.approx(sum(units))


@given(
    st.dates(date(1990, 1, 1), date(2099, 12, 31)), st.sampled_from(["%d/%m/%Y", "%m-%d-%Y", "%d.%m.%Y", "%Y/%m/%d"])
)
def test_dates_are_read_right_or_not_at_all(tmp_path_factory: pytest.TempPathFactory, day: date, form: str) -> None:
    path = tmp_path_factory.mktemp("dates") / "sales.csv"
    path.write_text(f"date,sku,market,units_sold\n{day.strftime(form)},a,east,1\n")
    found = read_or_refused(path)
    if isinstance(found, str):
        assert "may have the day or the month first" in found
        assert day.day <= 12
    else:
        assert found.report.first_day == day.isoformat()
