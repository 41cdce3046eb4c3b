"""Whatever the records, no unit appears or disappears on the way into the arrays."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.envs.network import NetworkArrays, NetworkDescription
from entrepot.envs.snapshot import SNAPSHOT_FIELDS, Records, snapshot_from_records
from tests.worlds.networks import networks

TODAY = date(2026, 3, 2)
few = settings(max_examples=10, deadline=None, derandomize=True, database=None)


@st.composite
def recorded(draw: st.DrawFn) -> tuple[NetworkDescription, dict[str, Any]]:
    """A network and records that name only what it has."""
    network = draw(networks(max_nodes=3, max_lanes=4, max_skus=2))
    skus = st.sampled_from(NetworkArrays.from_description(network).skus)
    lanes, nodes = st.sampled_from([lane.name for lane in network.lanes]), st.sampled_from(list(network.nodes))
    days = st.sampled_from([(TODAY + timedelta(day)).isoformat() for day in (-500, -399, -30, -2, -1, 0, 1, 9, 100)])
    units = st.integers(0, 50)

    def rows(most: int, **columns: st.SearchStrategy[Any]) -> list[dict[str, Any]]:
        return draw(st.lists(st.fixed_dictionaries(columns), max_size=most))

    market = st.sampled_from(list(network.markets))
    yesterday = {"date": (TODAY - timedelta(1)).isoformat(), "sku": draw(skus), "market": draw(market), "units": 3}
    return network, {
        "stock": rows(8, node=nodes, sku=skus, on_hand=st.integers(-9, 50), dock=units),
        "orders": rows(6, lane=lanes, sku=skus, units=units, ordered=days, received=st.integers(0, 9)),
        "shipments": rows(6, lane=lanes, sku=skus, units=units, eta=days),
        "sales": [*rows(10, date=days, sku=skus, market=market, units=st.integers(-5, 50)), yesterday],
        "backlog": rows(4, market=market, sku=skus, units=units, allocated=st.integers(0, 9)),
    }


@few
@given(recorded(), st.randoms(use_true_random=False))
def test_units_are_kept_arrays_are_within_their_ranges_and_the_order_of_rows_makes_no_difference(
    drawn: tuple[NetworkDescription, dict[str, Any]], chance: Any
) -> None:
    network, tables = drawn
    found = snapshot_from_records(network, Records(**tables), TODAY)
    arrays = found.arrays
    waiting = sum(max(row["units"] - row["received"], 0) for row in tables["orders"])
    coming = waiting + sum(row["units"] for row in tables["shipments"])
    assert arrays["pipeline"].sum() == coming
    assert np.nansum(arrays["dock"]) == sum(row["dock"] for row in tables["stock"])
    assert arrays["backlog"].sum() == sum(max(row["units"] - row["allocated"], 0) for row in tables["backlog"])
    told = {row["node"] for row in tables["stock"]}
    for place, name in enumerate(network.nodes):
        assert np.isnan(arrays["on_hand"][0, place]).all() == (name not in told)
    for name, field in SNAPSHOT_FIELDS.items():
        if name not in ("on_hand", "dock"):
            assert (arrays[name] >= field.minimum).all(), name
            assert (arrays[name] <= field.maximum).all(), name
    shuffled = {name: chance.sample(rows, len(rows)) for name, rows in tables.items()}
    again = snapshot_from_records(network, Records(**shuffled), TODAY).arrays
    for name in SNAPSHOT_FIELDS:
        np.testing.assert_array_equal(again[name], arrays[name], err_msg=name)
