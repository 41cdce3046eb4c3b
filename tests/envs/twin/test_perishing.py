"""Goods that perish go out in the order of their expiry, keep their age on transfers, and are scrapped in time."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from entrepot.envs.network import NetworkArrays
from entrepot.envs.twin import TwinParameters, opening_state
from tests.worlds import HUB, INLAND, SEA, SHOP, World, few, order, quiet_scenario, small_network, small_world, worlds


def units_by_expiry(world: World, node: int) -> list[list[float]]:
    """Of each day, the units at a node by lot at its end."""
    lots = [record.after.lots for record in world.run()]
    return [lot.on_hand[:, node, 0, 0].tolist() for lot in lots if lot is not None]


def test_goods_are_sold_to_the_end_of_their_last_day_and_scrapped_on_the_next() -> None:
    world = small_world(small_network(sku={"shelf_life_days": 3}), days=5, on_hand=[[0.0], [40.0]], demand=2.0)
    records = world.run()
    assert [record.flows.served.sum().item() for record in records] == [2, 2, 2, 2, 0]
    expired = [0 if r.flows.expired is None else r.flows.expired[0, SHOP, 0].item() for r in records]
    assert expired == [0, 0, 0, 0, 32]
    assert records[4].costs.expired.tolist() == [[0, 320]]
    assert records[4].after.on_hand.sum() == 0


def test_the_oldest_is_sold_first() -> None:
    network = small_network(market={"options": [{"node": "hub"}]}, sku={"shelf_life_days": 5})
    world = order(small_world(network, days=4, on_hand=[[10.0], [0.0]], demand=4.0), INLAND, 10, on=1)
    # Ten units of the start, that expire on day 5; ten that come on day 2 and were made a day later than they.
    for day, (old, new) in enumerate([(6, 0), (2, 0), (0, 8), (0, 4)]):
        lots = units_by_expiry(world, HUB)[day]
        # At a day's end lot 0 is what was good to its end: those of day 5 stand in lot 5 on day 0.
        assert [lots[5 - day], sum(lots) - lots[5 - day]] == [old, new]


def test_a_transfer_keeps_the_day_of_expiry_and_takes_the_oldest() -> None:
    world = order(small_world(small_network(sku={"shelf_life_days": 9}), days=11, on_hand=[[30.0], [0.0]]), SEA, 20)
    records = world.run()
    expired = torch.stack([record.flows.expired for record in records if record.flows.expired is not None])
    # Made just before day 0: on day 10 the last of both places is over.
    assert expired[:, 0, :, 0].nonzero().tolist() == [[10, HUB], [10, SHOP]]
    assert expired[10, 0, :, 0].tolist() == [10, 20]


def test_what_spoils_on_its_way_is_scrapped_when_it_arrives() -> None:
    world = order(small_world(small_network(sku={"shelf_life_days": 3}), days=7, on_hand=[[30.0], [0.0]]), SEA, 20)
    records = world.run()
    expired = [0.0 if r.flows.expired is None else r.flows.expired[0, SHOP, 0].item() for r in records]
    assert expired == [0, 0, 0, 0, 0, 20, 0]
    assert [record.after.in_transit.sum().item() for record in records] == [20, 20, 20, 20, 20, 0, 0]


def test_what_customers_send_back_is_not_sold_again() -> None:
    network = small_network(
        market={"returns": {"share": 1.0, "median_days": 2, "log_deviation": 0.1}}, sku={"shelf_life_days": 60}
    )
    world = small_world(network, days=20, on_hand=[[0.0], [50.0]])
    demand = torch.zeros_like(world.scenario.demand)
    demand[:, 0] = 50.0
    records = replace(world, scenario=replace(world.scenario, demand=demand)).run()
    back = sum(record.flows.restocked.sum().item() for record in records)
    expired = sum(r.flows.expired.sum().item() for r in records if r.flows.expired is not None)
    assert back > 30
    assert records[-1].after.on_hand.sum() == 0
    assert expired == back - records[-1].flows.restocked.sum().item()


def newsvendor_usd(units: int, mean: float, over: float, under: float) -> float:
    """Expected cost a day of what is left over and of what is missing, demand Poisson, exactly."""
    probability = [math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(200)]
    left = sum(p * max(units - k, 0) for k, p in enumerate(probability))
    short = sum(p * max(k - units, 0) for k, p in enumerate(probability))
    return over * left + under * short


def test_goods_of_one_day_cost_what_the_newsvendor_pays_and_are_best_at_the_critical_fractile() -> None:
    """Ordered each day, there on the next, sold or scrapped on that day: Arrow, Harris and Marschak 1951."""
    mean, days, episodes = 20.0, 120, 200
    network = small_network(market={"options": [{"node": "hub"}]}, sku={"shelf_life_days": 1})
    arrays = NetworkArrays.from_description(network)
    parameters = TwinParameters.from_arrays(arrays, dtype=torch.float64)
    quiet = quiet_scenario(arrays, days, episodes=episodes)
    drawn = np.random.default_rng(5).poisson(mean, quiet.demand.shape)
    scenario = replace(quiet, demand=torch.as_tensor(drawn, dtype=torch.float64))
    opening = opening_state(parameters, torch.zeros((2, 1), dtype=torch.float64), episodes=episodes)
    over, under = 10.0, 15.0  # value, and price less value
    measured, exact = {}, {}
    for units in (16, 19, 20, 21, 22, 26):
        orders = torch.zeros((days, episodes, parameters.lanes, 1), dtype=torch.float64)
        orders[:, :, INLAND] = units
        records = World(arrays, parameters, opening, scenario, orders).run()[2:]  # the first day has nothing to sell
        usd = torch.stack([record.costs.total.sum(dim=1) for record in records])
        # What is left over of a day is scrapped on the next.
        measured[units] = usd.mean().item()
        exact[units] = newsvendor_usd(units, mean, over, under)
        deviation = usd.mean(dim=0).std().item() / episodes**0.5
        assert abs(measured[units] - exact[units]) < 4 * deviation
    cumulative = np.cumsum([math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(60)])
    best = int(np.searchsorted(cumulative, under / (under + over)))
    assert best == 21
    assert min(measured, key=lambda units: measured[units]) == min(exact, key=lambda units: exact[units]) == best


@pytest.mark.parametrize("number", [0, 3])
def test_a_copy_of_a_state_goes_on_as_the_state_does(number: int) -> None:
    world = order(small_world(small_network(sku={"shelf_life_days": 4}), days=8, on_hand=[[30.0], [0.0]]), SEA, 9)
    again = replace(world, opening=copy.deepcopy(world.opening))
    left, right = world.run()[number + 4].after.lots, again.run()[number + 4].after.lots
    assert left is not None
    assert right is not None
    assert torch.equal(left.on_hand, right.on_hand)
    assert torch.equal(left.pipeline, right.pipeline)


@few
@given(worlds(perish=st.just(True)))
def test_lots_are_the_stock_and_nothing_that_has_expired_is_among_them(world: World) -> None:
    parameters = world.parameters
    if parameters.shelf_life is None:
        return
    for overwrite in (False, True):
        for record in world.run(overwrite=overwrite):
            lots = record.after.lots
            assert lots is not None
            assert torch.equal(lots.on_hand.sum(dim=0).transpose(0, 1), record.after.on_hand)
            assert torch.equal(lots.dock.sum(dim=0).transpose(0, 1), record.after.dock)
            by_node = lots.pipeline.view(parameters.shelf_life.lots, -1, *lots.pipeline.shape[1:]).sum(dim=0)
            assert torch.equal(by_node, record.after.pipeline)
            assert all((part >= 0).all() for part in (lots.on_hand, lots.dock, lots.pipeline))
