from __future__ import annotations

import numpy as np
import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot import LongRunDemand, Records, snapshot_from_records
from entrepot.envs.snapshot.statistics import opening_square
from tests.envs.snapshot.records.network import KETTLE, LAMP, NETWORK, SALES, STOCK, remarks, snapshot


def sale(day: str, units: object, sku: str = "kettle") -> dict[str, object]:
    return {"date": day, "sku": sku, "market": "us_shop", "units": units}


def test_order_lines_of_one_day_are_added_up() -> None:
    once = snapshot(sales=[sale("2026-11-24", 7)])
    lines = snapshot(sales=[sale("2026-11-24", 3), sale("2026-11-24", 4)])
    assert lines.arrays["demand_fast"][0, 0, KETTLE] == once.arrays["demand_fast"][0, 0, KETTLE] == 7


def test_days_without_a_row_are_days_of_0() -> None:
    found = snapshot(sales=[sale("2026-11-22", 7), sale("2026-11-24", 0)])
    mean = 7 / 3
    smoothed = mean
    for units in (7, 0, 0):
        smoothed += (units - smoothed) / 7
    assert found.demand.mean[0, KETTLE] == pytest.approx(mean)
    assert found.arrays["demand_fast"][0, 0, KETTLE] == pytest.approx(smoothed)


def test_of_days_after_the_last_row_nothing_is_known_unless_it_is_said() -> None:
    stopped = snapshot(sales=[sale("2026-11-20", 7)])
    assert stopped.arrays["demand_fast"][0, 0, KETTLE] == 7
    assert "end on 2026-11-20; of the 4 days after it nothing is known" in remarks(stopped, "sales")[0]
    quiet = snapshot(sales=[sale("2026-11-20", 7)], sales_until="2026-11-24")
    assert quiet.arrays["demand_fast"][0, 0, KETTLE] < 7
    assert not any("nothing is known" in remark for remark in remarks(quiet, "sales"))


def test_the_long_run_stands_before_the_first_row_and_that_is_told() -> None:
    found = snapshot(sales=SALES)
    assert found.arrays["demand_square"][0, 0, KETTLE] == pytest.approx(
        opening_square(4) + (16 - opening_square(4)) / 28
    )
    assert "begin on 2026-11-24, 1 days before the decision (400 are best)" in remarks(found, "sales")[0]


def test_today_and_later_are_not_known_yet_and_returns_are_not_demand() -> None:
    found = snapshot(sales=[*SALES, sale("2026-11-25", 900), sale("2026-11-24", -3)])
    assert found.arrays["demand_fast"][0, 0].tolist() == [4, 7]
    told = remarks(found, "sales")
    assert told[0] == "odd: 1 rows of 2026-11-25 or later are left out: not known yet"
    assert told[1] == "assumed: 1 rows below 0 are returns, not demand, and are left out"


def test_a_sku_that_never_sold_is_0_and_told() -> None:
    found = snapshot(sales=SALES[:1])
    assert found.arrays["demand_slow"][0, 0, LAMP] == 0
    assert "odd: none at all of lamp in us_shop" in remarks(found, "sales")


def test_a_moment_belongs_to_its_day_in_the_markets_zone() -> None:
    late = [*SALES, sale("2026-11-25T05:00:00Z", 5)]  # 21:00 on the 24th in Los Angeles
    assert snapshot(sales=late, zone="America/Los_Angeles").arrays["demand_fast"][0, 0, KETTLE] == 9
    assert snapshot(sales=late, zone="UTC").arrays["demand_fast"][0, 0, KETTLE] == 4
    zones = {"us_shop": "America/Los_Angeles"}
    assert snapshot(sales=late, zones=zones).arrays["demand_fast"][0, 0, KETTLE] == 9
    with pytest.raises(ConfigurationError, match="in which days of us_shop begin: --zone"):
        snapshot(sales=late)


def test_no_sales_at_all_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="no sales before 2026-11-25"):
        snapshot(sales=[sale("2026-11-25", 4)])


def test_open_sales_that_are_not_allocated_wait() -> None:
    waiting = {"market": "us_shop", "sku": "lamp", "units": 5, "allocated": 2}
    assert snapshot(backlog=[waiting]).arrays["backlog"][0, 0].tolist() == [0, 3]
    assert remarks(snapshot(), "backlog") == ["assumed: no customer waits, as no open sales were given"]


def test_months_are_those_of_records_that_cover_a_year_and_else_all_alike() -> None:
    year = np.datetime64("2026-11-25") - np.arange(1, 401)
    sales = [sale(str(day), 20 if "-12-" in str(day) else 10) for day in year]
    index = snapshot(sales=sales).demand.month_index
    assert index[11] == pytest.approx(2 * index[0])
    assert index @ [31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] == pytest.approx(365.25)
    assert (snapshot(sales=sales[:300]).demand.month_index == 1).all()


def test_whole_years_of_a_season_are_not_needed_to_tell_the_mean() -> None:
    months = np.ones(12)
    months[10] = 2.0  # November sells twice the mean
    sales = [sale(f"2026-11-{day:02d}", 20) for day in range(1, 25)]
    found = snapshot_from_records(
        NETWORK, Records(STOCK, sales), "2026-11-25", long_run=LongRunDemand(month_index=months)
    )
    assert found.demand.mean[0, KETTLE] == pytest.approx(10)
    assert found.arrays["season_ahead"].shape == (1, 15)


def test_a_gap_in_which_nobody_bought_anything_is_told_as_a_feed_may_have_failed() -> None:
    found = snapshot(sales=[sale("2026-11-01", 7), sale("2026-11-20", 7), sale("2026-11-24", 7)])
    assert "odd: none at all from 2026-11-02 to 2026-11-19; these 18 days count as days without demand" in remarks(
        found, "sales"
    )
    near = snapshot(sales=[sale("2026-11-17", 7), sale("2026-11-24", 7)])
    assert not any("without demand" in remark for remark in remarks(near, "sales"))


def test_a_date_of_a_mistaken_year_is_told_by_the_gap_that_it_makes() -> None:
    found = snapshot(sales=[sale("2016-11-23", 7), *SALES])
    assert any("to 2026-11-23; these 399 days count as days without demand" in said for said in remarks(found, "sales"))
