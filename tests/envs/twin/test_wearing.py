"""Equipment against renewal theory, and what it does to docks and picking."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from torch import Tensor

from entrepot.envs.decisions import Decisions
from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.network.equipment.weibull import WeibullLife
from entrepot.envs.twin import Day, TwinParameters, opening_state, step
from entrepot.envs.twin.parameters.equipment import EquipmentParameters
from entrepot.envs.twin.parameters.tensors import Kind
from entrepot.envs.twin.wearing import EquipmentState, run
from entrepot.envs.world import build_world
from tests.poisson_demand import PoissonDemand
from tests.worlds import (
    SEA,
    SHOP,
    World,
    few,
    order,
    small_network,
    small_world,
    tensors_of,
    wear_and_tear,
    worlds,
)

LAYOUT = {"area_m2": 600, "storage_m3": 400}
FLEET = {"units": 1, "serves": "dock", "mtbf_hours": 100.0, "shape": 2.0, "repair_hours": 20.0, "least_use": 1.0}


def network(**fleet: Any) -> NetworkArrays:
    """A shop with one class of equipment."""
    inside = {"wear": True, "warehouses": {"shop": {"layout": LAYOUT, "equipment": {"lifts": FLEET | fleet}}}}
    limits = {"dock_m3_per_day": 10.0, "picking_units_per_day": 100.0}
    return NetworkArrays.from_description(small_network(shop=limits, inside=inside))


def at_work(arrays: NetworkArrays, *, episodes: int, days: int, use: float = 1.0, seed: int = 0) -> EquipmentState:
    """Equipment after some days of use."""
    parameters = EquipmentParameters.of(arrays, Kind(torch.float64))
    assert parameters is not None
    generator = torch.Generator().manual_seed(seed)

    def random(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, dtype=torch.float64)

    state = EquipmentState.new(parameters, episodes=episodes)
    stations = torch.full((len(parameters.classes_at), episodes), use, dtype=torch.float64)
    with torch.inference_mode():
        for _ in range(days):
            dice = {name: value[:, 0] for name, value in wear_and_tear(arrays, random, episodes, 1).items()}
            state = run(parameters, state, dice_of(dice), stations).state
    return state


def dice_of(dice: dict[str, Tensor]) -> Day:
    """A day of which equipment's dice alone are looked at."""
    nothing = torch.zeros(0)
    names = [name for name in Day.axes() if name not in dice]
    return Day(**dict.fromkeys(names, nothing), **dice)


def mean_and_error(values: Tensor) -> tuple[float, float]:
    return float(values.mean()), float(values.std() / math.sqrt(len(values)))


@pytest.mark.parametrize("shape", [2.0])
def test_availability_is_mtbf_over_mtbf_and_mttr(shape: float) -> None:
    state = at_work(network(shape=shape), episodes=1500, days=400)
    mean, error = mean_and_error(1 - state.standstill_hours[:, 0] / (400 * 8))
    # New units at the start live longer than those of a long-run mix do; of 27 lives that is within the margin.
    assert mean == pytest.approx(100 / 120, abs=3 * error + 0.006)


@pytest.mark.parametrize("shape", [1.0, 3.0])
def test_hours_of_work_between_failures_are_the_mtbf(shape: float) -> None:
    state = at_work(network(shape=shape, repair_hours=6.0), episodes=1000, days=400)
    measured = float(state.worked_hours.sum() / state.failures.sum())
    # The last life of each is unfinished.
    assert measured == pytest.approx(100.0, rel=0.025)


@pytest.mark.parametrize("shape", [3.0])
def test_age_replacement_costs_what_barlow_and_hunter_say(shape: float) -> None:
    life = WeibullLife(100.0, shape)
    age = life.optimal_age(planned=100.0, failure=500.0)
    state = at_work(
        network(shape=shape, maintenance="fixed_age", maintenance_age_hours=age, hours_per_day=2.0),
        episodes=400,
        days=1500,
    )
    cost = 500 * state.failures[:, 0] + 100 * state.maintenances[:, 0]
    assert float(cost.sum() / state.worked_hours.sum()) == pytest.approx(
        life.cost_rate(age, planned=100.0, failure=500.0), rel=0.015
    )


def test_hours_of_work_follow_from_the_work_done() -> None:
    idle = at_work(network(least_use=0.0), episodes=50, days=30, use=0.0)
    assert idle.worked_hours.sum() == idle.failures.sum() == idle.standstill_hours.sum() == 0
    half = at_work(network(least_use=0.0, mtbf_hours=1e6), episodes=50, days=30, use=0.5)
    assert half.worked_hours.mean() == pytest.approx(30 * 8 * 0.5)
    least = at_work(network(least_use=0.5, mtbf_hours=1e6), episodes=50, days=30, use=0.5)
    assert least.worked_hours.mean() == pytest.approx(30 * 8 * 0.75)


def shop_with(serves: str, *, down: float) -> World:
    """A shop with 100 units on its dock and 100 on its shelves, asked for 100; its equipment is down."""
    inside = {
        "wear": True,
        "warehouses": {"shop": {"layout": LAYOUT, "equipment": {"lifts": FLEET | {"units": 2, "serves": serves}}}},
    }
    described = small_network(shop={"dock_m3_per_day": 0.8, "picking_units_per_day": 60.0}, inside=inside)
    world = small_world(described, days=1, on_hand=100.0, demand=100.0)
    half = torch.full((1, 1), 1 - down / 2, dtype=torch.float64)
    assert world.parameters.equipment is not None
    equipment = EquipmentState.new(world.parameters.equipment, episodes=1)
    share = equipment.share.clone()
    share[:, SHOP if serves == "dock" else 2 + SHOP] = half
    opening = replace(world.opening, dock=torch.full_like(world.opening.dock, 100.0))
    dice = wear_and_tear(world.arrays, lambda *shape: 0.5 * torch.ones(shape, dtype=torch.float64), 1, 1)
    return replace(
        world,
        opening=replace(opening, equipment=replace(equipment, share=share)),
        scenario=replace(world.scenario, **dice),
    )


def test_dock_and_picking_lose_capacity_apart_from_each_other() -> None:
    for serves, unloaded, served in (("dock", 40.0, 60.0), ("picking", 80.0, 30.0)):
        world = shop_with(serves, down=1.0)
        _, flows, _ = step(world.parameters, world.opening, Decisions(world.orders[0]), world.scenario.at(0))
        assert flows.unloaded[0, SHOP, 0] == unloaded
        assert flows.served.sum() == served


def test_maintenance_is_done_where_it_is_decided_and_costs_its_price_and_its_standstill() -> None:
    world = shop_with("dock", down=0.0)
    wanted = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    assert world.scenario.equipment_threshold is not None
    dice = replace(world.scenario, equipment_threshold=1e9 * torch.ones_like(world.scenario.equipment_threshold))
    after, flows, costs = step(
        world.parameters, world.opening, Decisions(world.orders[0], wanted), dice.at(0), whole_units=True
    )
    assert flows.equipment is not None
    assert after.equipment is not None
    assert flows.equipment.maintenances.tolist() == [[1.0, 0.0]]
    assert flows.equipment.standstill_hours.tolist() == [[3.0, 0.0]]
    assert costs.equipment[0, SHOP] == 150.0 + 3 * 40.0
    assert after.equipment.share[0, SHOP] == pytest.approx((5 / 8 + 1) / 2)
    assert after.equipment.age_hours.tolist() == [[5.0, 8.0]]


def test_a_unit_that_is_being_mended_is_not_maintained() -> None:
    world = shop_with("dock", down=0.0)
    assert world.opening.equipment is not None
    broken = replace(world.opening.equipment, down_hours=torch.tensor([[4.0, 0.0]], dtype=torch.float64))
    opening = replace(world.opening, equipment=broken)
    _, flows, _ = step(world.parameters, opening, Decisions(world.orders[0], torch.ones(1, 2)), world.scenario.at(0))
    assert flows.equipment is not None
    assert flows.equipment.maintenances.tolist() == [[0.0, 1.0]]


@few
@given(worlds())
def test_records_hours_and_shares_stay_within_their_bounds(world: World) -> None:
    for record in world.run():
        if record.after.equipment is None or record.flows.equipment is None:
            assert (record.costs.equipment == 0).all()
            continue
        state, flows = record.after.equipment, record.flows.equipment
        assert world.arrays.equipment is not None
        shift = torch.as_tensor(world.arrays.equipment.hours_per_day).to(flows.worked_hours)
        for value in (state.age_hours, state.down_hours, flows.worked_hours, flows.standstill_hours, flows.failures):
            assert (value >= -1e-4).all()
        assert (flows.worked_hours + flows.standstill_hours <= shift + 1e-3).all()
        assert (flows.failures <= 2).all()
        assert ((state.share >= -1e-6) & (state.share <= 1 + 1e-6)).all()
        assert (record.costs.equipment >= -1e-3).all()


def test_maintenance_changes_no_dice() -> None:
    """The same days: a unit of shape 1 that is maintained fails on the same days, but for those it stands still."""
    arrays = network(shape=1.0, repair_hours=0.5, maintenance_hours=0.001)
    plain = at_work(arrays, episodes=200, days=100)
    maintained = at_work(
        network(
            shape=1.0, repair_hours=0.5, maintenance_hours=0.001, maintenance="fixed_age", maintenance_age_hours=30.0
        ),
        episodes=200,
        days=100,
    )
    assert maintained.maintenances.sum() > 0
    same = (plain.failures == maintained.failures).double().mean()
    assert same > 0.95
    np.testing.assert_allclose(plain.failures.sum(), maintained.failures.sum(), rtol=0.01)


def test_a_fleet_opens_at_ages_that_are_spread_and_below_where_it_is_maintained() -> None:
    arrays = network(units=40, maintenance="fixed_age", maintenance_age_hours=30.0)
    opening = opening_state(TwinParameters.from_arrays(arrays), torch.zeros(2, 1), episodes=2)
    assert opening.equipment is not None
    age = opening.equipment.age_hours
    assert torch.equal(age[0], age[1])
    assert (age < 30).all()
    assert float(age.mean()) == pytest.approx(15, abs=1)


def test_equipment_that_never_fails_or_is_only_looked_at_changes_no_bit() -> None:
    limits = {"dock_m3_per_day": 0.3, "picking_units_per_day": 20.0}
    fleet = FLEET | {"units": 3, "mtbf_hours": 1e12}
    inside = {"warehouses": {"shop": {"layout": LAYOUT, "equipment": {"lifts": fleet}}}}
    runs = []
    for more in ({}, {"inside": inside}, {"inside": inside | {"wear": True}}):
        world = small_world(small_network(shop=limits, **more), days=8, on_hand=60.0, demand=25.0)
        world = replace(
            order(world, SEA, 40), opening=replace(world.opening, dock=torch.full_like(world.opening.dock, 50))
        )
        dice = wear_and_tear(world.arrays, lambda *shape: torch.full(shape, 0.9, dtype=torch.float64), 1, 8)
        runs.append(replace(world, scenario=replace(world.scenario, **dice)).run())
    for plain, looked_at, worn in zip(*runs, strict=True):
        assert worn.after.equipment is not None
        for name, value in tensors_of(plain.after).items():
            assert torch.equal(value, tensors_of(looked_at.after)[name])
            assert torch.equal(value, tensors_of(worn.after)[name])
        for name, value in tensors_of(plain.flows).items():
            assert torch.equal(value, tensors_of(worn.flows)[name])
        assert torch.equal(plain.costs.total, worn.costs.total)


def test_batched_environments_take_maintenance_and_refuse_it_where_nothing_wears() -> None:
    described = load_network("kreen_inside", skus=2)
    env = BatchedWarehouseNetwork(build_world(described, PoissonDemand.of(described)), environments=2, seed=0)
    env.reset()
    assert env.parameters.equipment is not None
    actions = torch.zeros(2, env.parameters.lanes, env.parameters.skus)
    all_units = torch.ones(2, env.parameters.equipment.units)
    env.step(actions, all_units)
    assert env.transition is not None
    assert env.transition.flows.equipment is not None
    assert torch.equal(env.transition.flows.equipment.maintenances, all_units)
    with pytest.raises(ValueError, match=r"maintenance: shape \(2, 3\); needed: \(2, 75\), environments × units"):
        env.step(actions, torch.ones(2, 3))
    plain = load_network("two_warehouses")
    other = BatchedWarehouseNetwork(build_world(plain, PoissonDemand.of(plain)), environments=1, seed=0)
    other.reset()
    with pytest.raises(ValueError, match="needed: None, since no equipment wears"):
        other.step(torch.zeros(1, other.parameters.lanes, other.parameters.skus), torch.ones(1, 3))
