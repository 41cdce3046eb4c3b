from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from entrepot.configs.errors import ConfigurationError
from tests.envs.snapshot.records.network import CALIFORNIA, KETTLE, STOCK, remarks, snapshot

SEA = {"origin": "shenzhen", "destination": "california", "mode": "sea", "sku": "kettle", "units": 120}
FACTORY = {"lane": "factory->shenzhen:truck", "sku": "kettle", "units": 300}
HORIZON = 49


def coming(node: int = CALIFORNIA, **records: Any) -> dict[int, float]:
    """Units of kettles by days to arrival."""
    pipeline = snapshot(**records).arrays["pipeline"][0, node, KETTLE]
    assert len(pipeline) == HORIZON
    return {int(day): float(pipeline[day]) for day in np.flatnonzero(pipeline)}


@pytest.mark.parametrize(
    ("eta", "day"),
    [("2026-11-25", 0), ("2026-11-26", 1), ("2026-12-04", 9), ("2026-11-24", 1), ("2026-10-01", 1), ("2027-06-01", 48)],
)
def test_a_shipment_arrives_on_its_day_tomorrow_if_it_is_overdue_and_on_the_last_day_if_it_is_far(
    eta: str, day: int
) -> None:
    assert coming(shipments=[{**SEA, "eta": eta}]) == {day: 120}


def test_overdue_and_far_shipments_are_told() -> None:
    found = snapshot(shipments=[{**SEA, "eta": "2026-11-20"}, {**SEA, "eta": "2027-06-01"}])
    assert remarks(found, "shipments") == [
        "odd: overdue, so expected tomorrow: shipments: row 1: due 2026-11-20",
        "odd: later than any lane takes, so counted on the last day: shipments: row 2: due 2027-06-01",
    ]


def test_an_order_waits_for_its_departure_and_a_shipment_has_left() -> None:
    # Sea leaves on Wednesdays and takes 21 days: ordered on a Monday, it is 23 days away; left on that Wednesday, 21.
    assert coming(orders=[{**SEA, "ordered": "2026-11-23"}]) == {21: 120}
    assert coming(shipments=[{**SEA, "departed": "2026-11-18"}]) == {14: 120}


def test_an_order_at_a_supplier_counts_its_production_and_a_shipment_from_there_does_not() -> None:
    assert coming(0, orders=[{**FACTORY, "ordered": "2026-11-20"}]) == {6: 300}  # made in 10 days, 1 on the way
    assert coming(0, shipments=[{**FACTORY, "departed": "2026-11-25"}]) == {1: 300}


def test_what_has_neither_a_date_nor_a_lane_is_refused_and_what_has_a_lane_is_taken_to_start_today() -> None:
    found = snapshot(orders=[FACTORY])
    assert "neither eta nor ordered, so taken to have ordered today" in remarks(found, "orders")[0]
    with pytest.raises(ConfigurationError, match="row 1: eta: empty, and no lane is named"):
        snapshot(orders=[{"destination": "shenzhen", "sku": "kettle", "units": 1}])


def test_received_units_are_no_longer_coming() -> None:
    assert coming(shipments=[{**SEA, "received": 50, "eta": "2026-12-04"}]) == {9: 70}


def test_what_was_shipped_of_an_order_is_not_counted_twice() -> None:
    order = {**SEA, "order": "TO-1", "units": 200, "ordered": "2026-11-18"}
    shipped = {**SEA, "order": "TO-1", "units": 120, "eta": "2026-12-04"}
    assert coming(orders=[order], shipments=[shipped]) == {9: 120, 14: 80}
    assert coming(orders=[order], shipments=[{**shipped, "received": 120}]) == {14: 80}


def test_an_open_transfer_is_off_its_origins_stock_unless_stock_says_what_is_reserved() -> None:
    order = {**SEA, "units": 4, "ordered": "2026-11-24"}
    found = snapshot(orders=[order])
    assert found.arrays["on_hand"][0, 0, KETTLE] == 6
    assert "taken off their origin's stock" in remarks(found, "orders")[-1]
    reserved = [{**row, "reserved": 0} for row in STOCK]
    assert snapshot(orders=[order], stock=reserved).arrays["on_hand"][0, 0, KETTLE] == 10


def test_several_lanes_between_the_same_places_need_a_mode() -> None:
    with pytest.raises(ConfigurationError, match="several lanes lead from 'shenzhen' to 'california'"):
        snapshot(shipments=[{**SEA, "mode": "", "eta": "2026-12-04"}])


def test_rows_that_are_wholly_alike_are_each_counted_and_told() -> None:
    row = {**SEA, "eta": "2026-12-04"}
    assert coming(shipments=[row, row]) == {9: 240}
    found = snapshot(shipments=[row, row])
    assert remarks(found, "shipments") == [
        "odd: rows that are wholly alike, each counted: shipments: row 2 is as shipments: row 1"
    ]


def test_units_received_are_not_below_0() -> None:
    with pytest.raises(ConfigurationError, match="received: -20; allowed: 0 or more"):
        coming(shipments=[{**SEA, "eta": "2026-12-04", "received": -20}])
