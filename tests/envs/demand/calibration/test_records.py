from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand.calibration.account import Problem
from entrepot.envs.demand.calibration.records import read_sales

HEADER = "date,sku,market,units_sold\n"


def csv(folder: Path, text: str) -> Path:
    path = folder / "sales.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_become_a_dense_table_of_days_places_and_skus(tmp_path: Path) -> None:
    records = read_sales(csv(tmp_path, HEADER + "2024-01-03,b,west,4\n2024-01-01,a,east,2\n"))
    assert records.places == ("east", "west")
    assert records.skus == ("a", "b")
    assert records.units.tolist() == [[[2, 0], [0, 0]], [[0, 0], [0, 0]], [[0, 0], [0, 4]]]
    assert records.report.first_day == "2024-01-01"
    assert records.report.days_without_sales == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2024-02-30,a,east,1", "the date is not a date (YYYY-MM-DD"),
        ("3 Brumaire 2024,a,east,1", "the date is not a date (YYYY-MM-DD"),
        (",a,east,1", "the date is not a date (YYYY-MM-DD"),
        ("0204-01-01,a,east,1", "the date is not"),
        ("2024-01-02,,east,1", "the sku is empty"),
        ("2024-01-02,a,,1", "the market or country is empty"),
        ("2024-01-02,a,east,", "units_sold is not a finite number"),
        ("2024-01-02,a,east,inf", "units_sold is not a finite number"),
        ("2024-01-02,a,east,many", "units_sold is not a finite number"),
        ("2024-01-02,a,east,-3", "units_sold is negative"),
        ("2024-01-02,a,east,1.5", "units_sold is not a whole number"),
        ("2024-01-02,a,east", "more or fewer fields than the header"),
        ("2024-01-02,a,east,1,200", "more or fewer fields than the header"),
        ("", "the line is empty"),
    ],
)
def test_a_bad_row_is_left_out_and_reported_with_its_line(tmp_path: Path, row: str, reason: str) -> None:
    path = csv(tmp_path, HEADER + f"2024-01-01,a,east,2\n{row}\n2024-01-04,a,west,1\n")
    records = read_sales(path, known_markets=("east", "west"))
    (problem,) = records.report.problems
    assert problem.lines == (3,)
    assert problem.reason.startswith(reason)
    assert records.report.left_out == 1
    assert records.units.sum() == 3


def test_rows_of_one_kind_are_counted_together() -> None:
    problem = Problem("units_sold is negative", tuple(range(2, 1202)))
    assert str(problem) == "1,200 rows: units_sold is negative (lines 2, 3, 4, 5, 6, …)"
    assert str(Problem("the sku is empty", (7,))) == "1 row: the sku is empty (line 7)"


def test_a_bad_row_does_not_make_the_good_one_after_it_a_duplicate(tmp_path: Path) -> None:
    records = read_sales(csv(tmp_path, HEADER + "2024-01-01,a,east,-1\n2024-01-01,a,east,5\n"))
    assert records.units.sum() == 5
    assert [problem.lines for problem in records.report.problems] == [(2,)]


def test_every_row_is_either_used_or_reported(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    dates, units = ["2024-01-01", "2024-01-02", "never", ""], ["1", "-1", "0.5", "", "7"]
    rows = [
        f"{rng.choice(dates)},{rng.choice(['a', 'b', ''])},{rng.choice(['east', 'moon', ''])},{rng.choice(units)}"
        for _ in range(300)
    ]
    report = read_sales(
        csv(tmp_path, HEADER + "2024-01-01,c,east,1\n" + "\n".join(rows)), known_markets=("east",)
    ).report
    reported = [line for problem in (*report.problems, *report.others) for line in problem.lines]
    assert len(reported) == len(set(reported)) == report.left_out + report.of_others
    assert report.usable + report.left_out == report.rows == 301


def test_long_gaps_are_named_and_weekends_are_not(tmp_path: Path) -> None:
    days = ["2024-01-01", "2024-01-05", "2024-01-09", "2024-01-20"]
    report = read_sales(csv(tmp_path, HEADER + "".join(f"{day},a,east,1\n" for day in days))).report
    assert report.gaps == (("2024-01-10", "2024-01-19"),)
    assert "no sale from 2024-01-10 to 2024-01-19: closed, or a gap in the records?" in report.lines()


def test_countries_that_stand_for_no_market_are_counted_and_kept_out(tmp_path: Path) -> None:
    text = "date,sku,country,units_sold\n2024-01-01,a,Italy,2\n2024-01-02,a,Malta,3\n2024-01-03,a,Malta,3\n"
    records = read_sales(csv(tmp_path, text), used_countries=("Italy",))
    assert records.places == ("Italy",)
    assert records.report.other_countries == 2
    assert records.report.problems == ()
    assert records.report.last_day == "2024-01-03"


def test_csv_and_parquet_hold_the_same_history(tmp_path: Path, sales: pd.DataFrame, sales_file: Path) -> None:
    typed = sales.assign(date=pd.to_datetime(sales["date"]))
    typed.to_parquet(tmp_path / "sales.parquet")
    sales.to_csv(tmp_path / "sales.csv.gz", index=False)
    reference = read_sales(sales_file)
    for name in ("sales.parquet", "sales.csv.gz"):
        np.testing.assert_array_equal(read_sales(tmp_path / name).units, reference.units)


def test_the_first_row_of_a_parquet_file_is_line_one(tmp_path: Path) -> None:
    frame = pd.DataFrame({"date": ["x", "2024-01-01"], "sku": "a", "market": "east", "units_sold": [1, 2]})
    frame.to_parquet(tmp_path / "sales.parquet")
    assert read_sales(tmp_path / "sales.parquet").report.problems[0].lines == (1,)


def test_a_file_that_is_no_history_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere.csv' does not exist"):
        read_sales(tmp_path / "nowhere.csv")
    with pytest.raises(ConfigurationError, match=r"missing column sku, market .or country.; found: date, units_sold"):
        read_sales(csv(tmp_path, "date,units_sold\n2024-01-01,1\n"))
    with pytest.raises(ConfigurationError, match="no usable row: 1 row: units_sold is negative"):
        read_sales(csv(tmp_path, HEADER + "2024-01-01,a,east,-1\n"))
    (tmp_path / "sales.xlsx").write_bytes(b"x")
    with pytest.raises(ConfigurationError, match=r"allowed: a .parquet, .csv or .csv.gz file"):
        read_sales(tmp_path / "sales.xlsx")
    (tmp_path / "broken.parquet").write_bytes(b"x")
    with pytest.raises(ConfigurationError, match="can't be read"):
        read_sales(tmp_path / "broken.parquet")
