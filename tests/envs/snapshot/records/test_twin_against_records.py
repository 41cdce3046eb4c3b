"""The twin's flows written out as records give the twin's snapshot again, field by field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split, load_demand
from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.observe.arrays import snapshot_arrays
from entrepot.envs.observe.reading import Costly
from entrepot.envs.opening import stocked
from entrepot.envs.order_up_to import demand_rate, orders_from_cover
from entrepot.envs.snapshot import SNAPSHOT_FIELDS, LongRunDemand, Records, calendar, snapshot_from_records
from entrepot.envs.twin import draw_scenario
from entrepot.envs.world import World, build_world

DAYS = 60
EXAMPLE = Path(__file__).parents[4] / "examples" / "my_network" / "my_network.yaml"
Rows = list[dict[str, Any]]


def rows_of(columns: dict[str, tuple[str, ...]], **units: Any) -> Rows:
    """One row a cell of tables with the same axes."""
    shape = next(iter(units.values())).shape
    return [
        {
            **{column: names[place] for (column, names), place in zip(columns.items(), cell, strict=True)},
            **{column: float(table[cell]) for column, table in units.items()},
        }
        for cell in np.ndindex(shape)
    ]


def open_shipments(world: World, departed: list[tuple[int, Any, Any]], today: int) -> Rows:
    """What is still on its way, with the days of arrival that the twin drew."""
    names = world.network
    return [
        {
            "lane": names.lanes[lane],
            "sku": names.skus[sku],
            "units": float(shipped[lane, sku]),
            "eta": calendar.iso(eta),
        }
        for day, shipped, transit in departed
        for lane, sku in np.argwhere(shipped > 0)
        if (eta := day + int(transit[lane])) >= today
    ]


def world_of(name: str) -> World:
    """A shipped network with a few SKUs, or the README's with ten units a day."""
    if name != "my_network":
        return build_world(name, skus=2)
    network = load_network(str(EXAMPLE))
    ten_a_day = {"kind": "stationary", "every_market": {"distribution": "poisson", "mean": 10}}
    return build_world(network, load_demand(ten_a_day, NetworkArrays.from_description(network), source="test"))


@pytest.mark.parametrize("name", ["kreen", "two_warehouses", "my_network"])
def test_records_of_what_the_twin_did_give_the_snapshot_that_it_shows(name: str) -> None:
    world = world_of(name)
    names, demand, attributes = world.network, world.demand, world.attributes
    scenario = draw_scenario(names, demand, episodes=1, days=DAYS + 1, split=Split.TEST, seed=5)
    first = int(scenario.first_day[0])
    simulation = world.simulation()
    present = stocked(simulation, episodes=1)
    sales: Rows = []
    departed: list[tuple[int, Any, Any]] = []
    for number in range(DAYS + 1):
        day, today = scenario.at(number), first + number
        snapshot = simulation.observe(present, day, frozenset({Costly.PIPELINE}))
        expected = snapshot_arrays(snapshot)
        if number:
            records = Records(
                stock=rows_of(
                    {"node": names.nodes, "sku": names.skus}, on_hand=expected["on_hand"][0], dock=expected["dock"][0]
                ),
                sales=sales,
                shipments=open_shipments(world, departed, today),
                backlog=rows_of({"market": names.markets, "sku": names.skus}, units=expected["backlog"][0]),
            )
            opening = LongRunDemand(demand.month_index, demand.mean_units_per_day)
            found = snapshot_from_records(world.description, records, calendar.iso(today), long_run=opening)
            assert list(found.arrays) == list(SNAPSHOT_FIELDS)
            for field, values in found.arrays.items():
                assert values.shape == expected[field].shape, field
                assert values.dtype == expected[field].dtype, field
                tolerance = 1e-5 if field.startswith(("demand_", "season_")) else 0.0
                np.testing.assert_allclose(
                    values, expected[field], rtol=tolerance, atol=tolerance, err_msg=f"{field} on day {number}"
                )
        orders = orders_from_cover(attributes, snapshot, attributes.base_cover_days, demand_rate(attributes, snapshot))
        present, flows, _ = simulation.live(present, Decisions(orders), day)
        departed.append((today, flows.shipped[0].numpy(), flows.transit_days[0].numpy()))
        asked = rows_of({"market": names.markets, "sku": names.skus}, units=flows.demand[0].numpy())
        sales += [{"date": calendar.iso(today), **row} for row in asked]
    assert any(shipped.any() for _, shipped, _ in departed)
