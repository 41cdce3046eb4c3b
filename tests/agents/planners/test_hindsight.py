from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from entrepot.agents.planners.hindsight import HindsightPlan, hindsight_plan, plan_each_sku
from entrepot.agents.planners.instance import Instance, Opening, PlannedNetwork, days_of
from entrepot.envs.settlement import Settlement
from tests.worlds import World, few, small_network, small_world, worlds

RELATIVE, ABSOLUTE_USD = 1e-4, 1e-2
"""The twin adds up in single precision, of values up to some thousands of USD."""


def instance_of(world: World, episode: int, *, whole_units: bool) -> Instance:
    network = PlannedNetwork.of(world.parameters)
    opening = Opening.of(world.opening, episode, world.scenario.days)
    return days_of(network, opening, world.scenario, episode, whole_units=whole_units)


def costs_of(world: World, *, whole_units: bool) -> tuple[Tensor, Tensor]:
    """[B] what the orders cost, and what they cost once settled."""
    records = world.run(whole_units=whole_units)
    settlement = Settlement.start(world.parameters, records[0].before)
    for record in records:
        settlement = settlement.add(record.flows, record.costs)
    cost = torch.stack([record.costs.total.double().sum(dim=1) for record in records]).sum(dim=0)
    return cost, cost + settlement.usd(records[-1].after)


def assert_bounded(plan: HindsightPlan, cost: Tensor) -> None:
    assert plan.usd <= float(cost) + RELATIVE * abs(float(cost)) + ABSOLUTE_USD


@few
@given(worlds(exchange=st.just(False)), st.booleans())
def test_no_orders_in_whole_units_cost_less_than_the_bound(world: World, settled: bool) -> None:
    cost = costs_of(world, whole_units=True)[settled]
    for episode in range(len(cost)):
        instance = instance_of(world, episode, whole_units=True)
        together = hindsight_plan(instance, settled=settled)
        assert_bounded(together, cost[episode])
        assert plan_each_sku(instance, settled=settled).usd <= together.usd + ABSOLUTE_USD


@few
@given(worlds(whole=False, exchange=st.just(False)), st.booleans())
def test_no_orders_in_fractions_cost_less_than_the_bound(world: World, settled: bool) -> None:
    cost = costs_of(world, whole_units=False)[settled]
    for episode in range(len(cost)):
        plan = hindsight_plan(instance_of(world, episode, whole_units=False), whole_units=False, settled=settled)
        assert_bounded(plan, cost[episode])


@few
@given(worlds(exchange=st.just(False)))
def test_no_days_after_any_opening_cost_less_settled_than_the_bound_that_chooses_its_own(world: World) -> None:
    first = 5
    records = world.run()
    settlement = Settlement.start(world.parameters, records[first].before)
    for record in records[first:]:
        settlement = settlement.add(record.flows, record.costs)
    days = torch.stack([record.costs.total.double().sum(dim=1) for record in records[first:]]).sum(dim=0)
    settled = days + settlement.usd(records[-1].after)
    network = PlannedNetwork.of(world.parameters)
    later = world.scenario.window(first, len(records) - first)
    for episode in range(len(settled)):
        state = records[first].before
        due = np.zeros((later.days, *state.on_hand.shape[1:]), bool)
        due[: network.pipeline_days - 1] = True
        opening = Opening.any(
            due,
            state.backlog[episode].double().numpy(),
            state.with_customers[:, episode].double().sum(dim=0).numpy() * 2,
        )
        assert_bounded(hindsight_plan(days_of(network, opening, later, episode, whole_units=True)), settled[episode])


def demanding_world(backlog_share: float, seed: int, *, amazons: bool = False) -> World:
    """A factory, a hub and a shop with every linear price, delays, and a month of demand that pays for both lanes."""
    storage = {"storage_usd_per_m3_day": [1.0 + month / 10 for month in range(12)]}
    network = small_network(
        capital_share_per_year=0.3,
        hub={"storage_usd_per_m3_day": 0.4, "inbound_usd_per_unit": 0.05},
        shop={
            **({"fba": {"fees": "us", "fees_on": "2025-01-15"}} if amazons else storage),
            "inbound_usd_per_unit": 0.1,
            "outbound_usd_per_unit": 0.2,
            "return_usd_per_unit": 0.5,
            "restock_share": 0.7,
        },
        market={
            "backlog_share": backlog_share,
            "backlog_usd_per_unit_day": 0.6,
            "returns": {"share": 0.1, "median_days": 4, "log_deviation": 0.8},
        },
        inland={"price": {"per_unit": 0.1}, "departures": ["mon", "wed", "fri"]},
        sea={
            "price": {"per_m3": 60, "per_container": 500},
            "transit": {"days": 6},
            "departures": ["tue"],
            "duty_share": 0.03,
        },
        air={"price": {"per_chargeable_kg": 1.5}, "transit": {"days": 1}, "duty_share": 0.03},
    )
    rng = np.random.default_rng(seed)
    days = 40
    world = small_world(
        network,
        days=days,
        on_hand=[[40.0], [25.0]],
        demand=rng.poisson(4.0, (1, days, 1, 1)),
        delay_days=rng.integers(0, 3, (1, days, 3)),
    )
    return world


@pytest.mark.parametrize("backlog_share", [0.0, 1.0])
@pytest.mark.parametrize(("seed", "amazons"), [(0, False), (1, False), (2, False), (0, True)])
def test_the_twin_charges_for_the_plans_orders_what_the_plan_costs(
    backlog_share: float, seed: int, amazons: bool
) -> None:
    world = demanding_world(backlog_share, seed, amazons=amazons)
    plan = hindsight_plan(instance_of(world, 0, whole_units=False), whole_units=False, settled=False)
    ordered = replace(world, orders=torch.as_tensor(plan.ship)[:, None])
    cost, _ = costs_of(ordered, whole_units=False)
    assert plan.ship.sum() > 50
    assert (plan.parts["placement"] > 0) == amazons
    assert float(cost) == pytest.approx(plan.usd, rel=1e-6)
    for part in plan.parts:
        booked = sum(float(getattr(record.costs, part).sum()) for record in ordered.run(whole_units=False))
        assert booked == pytest.approx(plan.parts[part], rel=1e-6, abs=1e-6), part


def test_the_plan_is_better_than_orders_a_little_off_it() -> None:
    world = demanding_world(0.0, 0)
    plan = hindsight_plan(instance_of(world, 0, whole_units=False), whole_units=False, settled=False)
    rng = np.random.default_rng(0)
    for _ in range(5):
        other = plan.ship * rng.uniform(0.8, 1.2, plan.ship.shape)
        cost, _ = costs_of(replace(world, orders=torch.as_tensor(other)[:, None]), whole_units=False)
        assert float(cost) > plan.usd


def test_settled_at_both_ends_a_plan_gains_nothing_by_living_on_its_stock() -> None:
    """A shop with plenty on its shelves: unsettled it sells for nothing, settled it pays what bringing goods costs."""
    network = small_network(sea={"price": {"per_unit": 2.0}}, air={"price": {"per_unit": 9.0}})
    world = small_world(network, days=10, on_hand=[[0.0], [100.0]], demand=np.full((1, 10, 1, 1), 5.0))
    instance = instance_of(world, 0, whole_units=True)
    assert hindsight_plan(instance, settled=False).usd == pytest.approx(0.0, abs=1e-6)
    assert hindsight_plan(instance, settled=True).usd == pytest.approx(50 * 2.0)
