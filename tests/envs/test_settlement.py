from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given

from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import load_demand
from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.settlement import Settlement, StockValues, landed_usd
from entrepot.envs.simulation import Lived
from entrepot.envs.twin import TwinParameters
from entrepot.envs.twin.state import opening_state
from entrepot.envs.world import World as BuiltWorld
from tests.worlds import AIR, INLAND, SEA, SHOP, World, few, order, small_network, small_world, worlds
from tests.worlds.tiny import tiny_scenario

PRICED: dict[str, dict[str, Any]] = {
    "hub": {"inbound_usd_per_unit": 0.5},
    "shop": {"inbound_usd_per_unit": 0.25, "return_usd_per_unit": 2.0, "restock_share": 0.75},
    "inland": {"price": {"per_unit": 1.0}},
    "sea": {"price": {"per_unit": 2.0, "per_container": 670.0}, "duty_share": 0.1},
    "air": {"price": {"per_unit": 8.0}},
}


def test_goods_are_worth_freight_duty_and_receiving_along_the_cheapest_way() -> None:
    parameters = TwinParameters.from_arrays(NetworkArrays.from_description(small_network(**PRICED)))
    hub = 1.0 + 0.5
    shop = hub + 2.0 + 0.1 * 10.0 + 670.0 / 67 * 0.01 + 0.25
    torch.testing.assert_close(landed_usd(parameters), torch.tensor([[hub], [shop]]))


def test_goods_at_amazons_centres_are_worth_their_placement_once_they_are_there() -> None:
    shop = {"inbound_usd_per_unit": 0.25, "fba": {"fees": "us", "fees_on": "2025-01-15"}}
    network = small_network(**PRICED | {"shop": shop})
    values = StockValues.of(TwinParameters.from_arrays(NetworkArrays.from_description(network)))
    on_the_way = 1.0 + 0.5 + 2.0 + 0.1 * 10.0 + 670.0 / 67 * 0.01
    assert values.on_the_way[SHOP, 0].item() == pytest.approx(on_the_way)
    assert values.at_dock[SHOP, 0].item() == pytest.approx(on_the_way + 0.27)
    assert values.on_hand[SHOP, 0].item() == pytest.approx(on_the_way + 0.27 + 0.25)


def test_goods_where_no_lane_leads_are_worth_what_they_save_where_they_can_be_sent() -> None:
    lanes = [
        {"origin": "factory", "destination": "shop", "mode": "air", "transit": {"days": 1}, "price": {"per_unit": 9.0}},
        {"origin": "hub", "destination": "shop", "mode": "sea", "transit": {"days": 1}, "price": {"per_unit": 2.0}},
    ]
    parameters = TwinParameters.from_arrays(NetworkArrays.from_description(small_network(lanes=lanes)))
    torch.testing.assert_close(landed_usd(parameters), torch.tensor([[7.0], [9.0]]))


@few
@given(worlds())
def test_no_lane_brings_goods_to_where_they_are_worth_more_than_they_cost(world: World) -> None:
    parameters, values = world.parameters, StockValues.of(world.parameters)
    at_node = torch.cat([values.on_hand, torch.zeros(parameters.suppliers, parameters.skus)])
    paid = parameters.lane.freight_usd + parameters.lane.duty_usd + values.booked[:, None] * parameters.sku.volume_m3
    gain = values.on_the_way[parameters.lane.destination] - at_node[parameters.lane.origin] - paid
    assert bool((gain[parameters.lane.carries[:, 0] > 0] < 1e-3).all())


def settled(world: World) -> float:
    """USD of the days, stock settled at both ends."""
    records = world.run()
    settlement = Settlement.start(world.parameters, records[0].before)
    cost = 0.0
    for record in records:
        settlement = settlement.add(record.flows, record.costs)
        cost += float(record.costs.total.sum() - record.costs.storage.sum())
    return cost + float(settlement.usd(records[-1].after))


@pytest.mark.parametrize("lane", [INLAND, SEA])
@pytest.mark.parametrize("days", [1, 2, 9])
@pytest.mark.parametrize("fba", [{}, {"fba": {"fees": "us", "fees_on": "2025-01-15"}}])
def test_moving_goods_along_the_cheapest_way_costs_nothing_once_settled(
    lane: int, days: int, fba: dict[str, Any]
) -> None:
    """Whether they are still booked, on their way or there at the end; at a centre of Amazon's too, but for storage."""
    sea, shop = PRICED["sea"] | {"departures": ["tue"]}, PRICED["shop"] | fba
    world = small_world(small_network(**PRICED | {"sea": sea, "shop": shop}), days=days, on_hand=[[6700.0], [0.0]])
    assert settled(order(world, lane, 6700.0)) == pytest.approx(0.0, abs=1e-6)


def test_expediting_costs_the_difference_to_the_cheapest_way() -> None:
    world = small_world(small_network(**PRICED), days=9, on_hand=[[20.0], [0.0]])
    assert settled(order(world, AIR, 20.0)) == pytest.approx(20 * (8.0 - (2.0 + 1.0 + 0.1)))


def test_a_sale_bears_the_expected_cost_of_its_returns_whenever_they_come() -> None:
    returns = {"returns": {"share": 0.1, "median_days": 5, "log_deviation": 0.5}}
    network = small_network(**PRICED, market=returns)
    shop = float(landed_usd(TwinParameters.from_arrays(NetworkArrays.from_description(network)))[SHOP, 0])
    a_return = 2.0 + 0.25 * 10.0 - 0.75 * (shop - 0.25)
    for days in (1, 4, 60):
        world = small_world(network, days=days, on_hand=[[0.0], [2000.0]])
        demand = torch.zeros_like(world.scenario.demand)
        demand[:, 0] = 2000.0
        sold = replace(world, scenario=replace(world.scenario, demand=demand))
        # Each unit restocked is unloaded for 0.25 USD, which its landed value holds again.
        assert settled(sold) == pytest.approx(2000 * (shop + 0.1 * a_return), rel=1e-6)


def test_nobody_provides_for_what_vanishes_so_that_it_costs_its_value_and_what_it_cost_to_bring_there() -> None:
    network = load_network("kreen_records", skus=3)
    arrays = NetworkArrays.from_description(network)
    never = {"kind": "stationary", "every_market": {"distribution": "poisson", "mean": 1e-9}}
    world = BuiltWorld.of(network, load_demand(never, arrays, source="tests"), dtype=torch.float64)
    simulation = world.simulation()
    scenario = tiny_scenario(world, episodes=2, days=9, dtype=torch.float64)
    stock = torch.full((len(network.nodes), 3), 4000.0, dtype=torch.float64)
    present = simulation.begin(opening_state(world.parameters, stock, episodes=2))
    settlement = Settlement.start(world.parameters, present.state)
    lived: list[Lived] = []
    nothing = Decisions(orders=torch.zeros(2, len(network.lanes), 3, dtype=torch.float64))
    end = simulation.run(present, scenario, lambda _: nothing, watch=lived.append)
    values, vanished = StockValues.of(world.parameters), torch.zeros(2, dtype=torch.float64)
    for day in lived:
        settlement = settlement.add(day.flows, day.costs)
        assert day.flows.records is not None
        vanished += (day.flows.records.shrunk.double() * values.on_hand.double()).sum(dim=(1, 2))
    assert (vanished > 0).all()
    torch.testing.assert_close(settlement.usd(end.state), vanished)
    scrapped = sum(day.costs.scrap.sum(dim=1) for day in lived)
    assert (torch.as_tensor(scrapped) > 0).all()
