from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot import Records, snapshot_from_records
from tests.envs.snapshot.records.network import (
    CALIFORNIA,
    KETTLE,
    LAMP,
    NETWORK,
    SALES,
    STOCK,
    WEDNESDAY,
    remarks,
    snapshot,
)


def test_reserved_and_allocated_units_are_not_on_hand() -> None:
    row = {**STOCK[2], "reserved": 3, "allocated": 2, "dock": 5}
    found = snapshot(stock=[*STOCK[:2], row, STOCK[3]])
    assert found.arrays["on_hand"][0, CALIFORNIA, KETTLE] == 5
    assert found.arrays["dock"][0, CALIFORNIA, KETTLE] == 5


def test_a_node_without_records_is_unknown_and_told_but_a_sku_that_its_records_lack_is_0() -> None:
    found = snapshot(stock=STOCK[2:3])
    assert np.isnan(found.arrays["on_hand"][0, 0]).all()
    assert np.isnan(found.arrays["dock"][0, 0]).all()
    assert found.arrays["on_hand"][0, CALIFORNIA].tolist() == [10, 0]
    assert remarks(found, "stock") == [
        "odd: no record of shenzhen: what is there is unknown, which is not 0",
        "assumed: 0 units where a node's records don't list a SKU: lamp at california",
    ]


def test_stock_below_0_is_kept_and_told() -> None:
    found = snapshot(stock=[*STOCK[:3], {**STOCK[3], "on_hand": "-4"}])
    assert found.arrays["on_hand"][0, CALIFORNIA, LAMP] == -4
    assert remarks(found, "stock") == ["odd: stock below 0 is kept as it is: lamp at california (-4)"]


def test_rows_of_one_cell_are_added_up_and_told() -> None:
    found = snapshot(stock=[*STOCK, STOCK[3]])
    assert found.arrays["on_hand"][0, CALIFORNIA, LAMP] == 20
    assert "added up: lamp at california" in remarks(found, "stock")[0]


def test_a_name_that_the_network_lacks_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ConfigurationError, match=r"stock: row 5: node 'californa' is not in the network, did you mean"):
        snapshot(stock=[*STOCK, {**STOCK[3], "node": "californa"}])


def test_a_few_rows_may_be_left_out_if_that_is_said_and_they_are_told() -> None:
    found = snapshot(stock=[*STOCK, {**STOCK[3], "node": "osaka"}], most_left_out=0.2)
    assert remarks(found, "stock") == ["left out: 1 of 5 rows: stock: row 5: node 'osaka' is not in the network"]


def test_the_age_is_counted_from_the_oldest_record_to_the_start_of_the_day_in_the_zone() -> None:
    found = snapshot(stock=[*STOCK[:3], {**STOCK[3], "as_of": "2026-11-24T20:00-08:00"}])
    assert found.age_seconds(zone="UTC").tolist() == [[0, 0]]  # California's other row is of midnight
    assert found.age_seconds(zone="America/Los_Angeles").tolist() == [[8 * 3600, 8 * 3600]]


def test_each_node_has_an_age_of_its_own_and_one_without_records_is_as_old_as_the_oldest() -> None:
    older = [{**row, "as_of": "2026-11-24T22:00Z"} for row in STOCK[2:]]
    assert snapshot(stock=[*STOCK[:2], *older]).age_seconds().tolist() == [[0, 7200]]
    assert snapshot(stock=older).age_seconds().tolist() == [[7200, 7200]]
    noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert snapshot(stock=[*STOCK[:2], *older]).age_seconds(noon).tolist() == [[12 * 3600, 14 * 3600]]


def test_an_age_that_nobody_tells_is_asked_for_and_stock_of_a_later_day_is_refused() -> None:
    undated = [{key: value for key, value in row.items() if key != "as_of"} for row in STOCK]
    with pytest.raises(ConfigurationError, match="--as-of"):
        snapshot(stock=undated).age_seconds()
    assert (snapshot(stock=undated, as_of="2026-11-24T23:00+00:00").age_seconds() == 3600).all()
    with pytest.raises(ConfigurationError, match="after 2026-11-24"):
        snapshot("2026-11-24", sales=[{**_sale(), "date": "2026-11-20"}]).age_seconds()
    with pytest.raises(ConfigurationError, match=r"after 2026-11-24 23:00"):
        snapshot().age_seconds(datetime(2026, 11, 24, 23, tzinfo=UTC))


def _sale() -> dict[str, object]:
    return {"sku": "kettle", "market": "us_shop", "units": 1}


@pytest.mark.parametrize("text", ["12.000", "-1.500"])
def test_units_that_may_be_thousands_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"stock: row 1: on_hand: .* can be read in one way"):
        snapshot(stock=[{**STOCK[0], "on_hand": text}, *STOCK[1:]])


@pytest.mark.parametrize("column", ["reserved", "allocated"])
def test_what_is_off_the_stock_is_not_below_0(column: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"stock: row 1: {column}: -500; allowed: 0 or more"):
        snapshot(stock=[{**STOCK[0], column: -500}, *STOCK[1:]])


@pytest.mark.parametrize(("texts", "told"), [(("1.234", "12.500"), True), (("1.234", "12.5"), False)])
def test_of_divisible_goods_a_figure_that_may_be_thousands_is_told(texts: tuple[str, str], told: bool) -> None:
    divisible = NETWORK.model_copy(update={"divisible": True})
    stock = [{**row, "on_hand": text} for row, text in zip(STOCK, (*texts, "7", "8"), strict=True)]
    found = snapshot_from_records(divisible, Records(stock=stock, sales=SALES), WEDNESDAY)
    assert found.arrays["on_hand"][0, 0, 0] == np.float32(1.234)
    said = "stock: row 1: '1.234' and all like it in on_hand are read as fractions" if told else ""
    assert (
        any(said in message for message in remarks(found, "stock"))
        if told
        else not any("fractions" in message for message in remarks(found, "stock"))
    )


@pytest.mark.parametrize(
    ("as_of", "decided_at", "hours"),
    [
        ("2026-11-01T00:30", "2026-11-01T03:30", 4.0),  # clocks go back
        ("2026-03-08T00:30", "2026-03-08T03:30", 2.0),  # clocks go forward
        ("2026-03-08T02:30", "2026-03-08T04:30", 1.0),  # a time that no clock showed, taken as before the change
    ],
)
def test_ages_are_of_hours_that_passed_when_clocks_change(as_of: str, decided_at: str, hours: float) -> None:
    zone = ZoneInfo("America/Los_Angeles")
    stock = [{**row, "as_of": as_of} for row in STOCK]
    sales = [{**row, "date": "2026-02-24"} for row in SALES]
    found = snapshot(as_of[:10], stock=stock, sales=sales, zone="America/Los_Angeles")
    moment = datetime.fromisoformat(decided_at).replace(tzinfo=zone)
    assert found.age_seconds(moment, zone="America/Los_Angeles").max() == hours * 3600
    again = moment.replace(hour=1, minute=10, fold=1)
    if as_of.startswith("2026-11"):
        earlier = snapshot(
            as_of[:10], stock=[{**row, "as_of": "2026-11-01T01:30"} for row in STOCK], sales=sales, zone=str(zone)
        )
        assert earlier.age_seconds(again, zone=str(zone)).max() == 40 * 60
