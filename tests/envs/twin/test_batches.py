"""The same run, however it is laid out: in batches, in place, on another device, with some of the SKUs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from hypothesis import given
from numpy.typing import NDArray

from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.twin import TwinParameters, draw_scenario, opening_state, step
from entrepot.envs.twin.parameters.inbound import InboundParameters
from entrepot.envs.twin.parameters.lanes import LaneParameters
from entrepot.envs.twin.parameters.nodes import NodeParameters, SupplierParameters
from tests.worlds import Record, World, few, small_network, tensors_of, worlds


class PoissonDemand:
    """Independent Poisson demand, the same in every month."""

    summary = "Poisson"
    remarks = ()

    def __init__(self, network: NetworkArrays) -> None:
        shape = (len(network.markets), len(network.skus))
        self.mean_units_per_day: NDArray[np.float64] = np.full(shape, 2.0)
        self.month_index: NDArray[np.float64] = np.ones(12)

    def first_days(self, episodes: int, rng: np.random.Generator) -> NDArray[np.int64]:
        return rng.integers(15_000, 18_000, episodes)

    def sample(
        self, first_day: NDArray[np.int64], days: int, split: Split, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        size = (len(first_day), days, *self.mean_units_per_day.shape)
        return rng.poisson(self.mean_units_per_day, size).astype(np.float32)


def draw(seed: int, split: Split = Split.TRAIN) -> World:
    """A run of the two-warehouse network on drawn scenarios."""
    arrays = NetworkArrays.from_description(load_network("two_warehouses"))
    demand = PoissonDemand(arrays)
    parameters = TwinParameters.from_arrays(arrays)
    scenario = draw_scenario(arrays, demand, episodes=4, days=30, split=split, seed=seed)
    stock = torch.full((parameters.nodes, parameters.skus), 40.0)
    orders = torch.full((30, 4, parameters.lanes, parameters.skus), 2.0)
    return World(arrays, parameters, opening_state(parameters, stock, episodes=4), scenario, orders)


def compare(one: Any, other: Any, same: Callable[[torch.Tensor, torch.Tensor], None]) -> None:
    """Field by field."""
    left, right = tensors_of(one), tensors_of(other)
    assert left.keys() == right.keys()
    for name, value in left.items():
        same(value, right[name])
    assert getattr(one, "day", None) == getattr(other, "day", None)


def identical(left: torch.Tensor, right: torch.Tensor) -> None:
    assert torch.equal(left, right)


def close(left: torch.Tensor, right: torch.Tensor) -> None:
    torch.testing.assert_close(left, right, atol=1e-9, rtol=1e-9)


def assert_same_run(left: list[Record], right: list[Record]) -> None:
    for one, other in zip(left, right, strict=True):
        for name in ("after", "flows", "costs"):
            compare(getattr(one, name), getattr(other, name), identical)


def test_the_same_seed_gives_the_same_bits() -> None:
    compare(draw(5).scenario, draw(5).scenario, identical)
    assert_same_run(draw(5).run(), draw(5).run())


def test_another_seed_or_another_split_gives_another_scenario() -> None:
    base = draw(5).scenario
    assert not torch.equal(base.demand, draw(6).scenario.demand)
    assert not torch.equal(base.demand, draw(5, Split.TEST).scenario.demand)


def test_delays_are_never_longer_than_the_longest_and_the_ring_holds_them() -> None:
    world = draw(1)
    longest = torch.as_tensor(world.arrays.lane.transit_longest_delay_days)
    assert (world.scenario.delay_days <= longest).all()
    assert (world.scenario.delay_days >= 0).all()
    assert world.scenario.delay_days.max() > 0


@few
@given(worlds())
def test_a_run_repeats_bit_for_bit(world: World) -> None:
    assert_same_run(world.run(), world.run())


@few
@given(worlds())
def test_overwriting_the_pipeline_changes_nothing(world: World) -> None:
    for whole_units in (True, False):
        assert_same_run(world.run(whole_units=whole_units), world.run(whole_units=whole_units, overwrite=True))


@few
@given(worlds())
def test_a_step_leaves_the_state_it_started_from_as_it_was(world: World) -> None:
    pipeline, on_hand = world.opening.pipeline.clone(), world.opening.on_hand.clone()
    orders = world.orders.clone()
    step(world.parameters, world.opening, Decisions(world.orders[0]), world.scenario.at(0))
    assert torch.equal(world.opening.pipeline, pipeline)
    assert torch.equal(world.opening.on_hand, on_hand)
    assert torch.equal(world.orders, orders)


@few
@given(worlds(dtypes=(torch.float64,)))
def test_a_batch_equals_single_runs(world: World) -> None:
    whole = [record.after for record in world.run()]
    for episode in range(world.scenario.episodes):
        chosen = slice(episode, episode + 1)
        single = World(
            world.arrays,
            world.parameters,
            world.opening.episodes_at(chosen),
            world.scenario.episodes_at(chosen),
            world.orders[:, chosen],
            None if world.maintenance is None else world.maintenance[:, chosen],
        )
        for record, after in zip(single.run(), whole, strict=True):
            compare(record.after, after.episodes_at(chosen), close)
            assert torch.equal(record.after.on_hand, after.episodes_at(chosen).on_hand)


Concern = TypeVar("Concern", NodeParameters, LaneParameters, SupplierParameters, InboundParameters)


def unlimited(concern: Concern) -> Concern:
    """The same concern with capacities that never bind."""
    changed: dict[str, Any] = {
        name: torch.full_like(getattr(concern, name), 1e9)
        for name, axes in concern.axes().items()
        if axes.shared_by_skus and name != "price_per_shipment"
    }
    return replace(concern, **changed)


@few
@given(worlds(dtypes=(torch.float64,)))
def test_some_of_the_skus_run_as_they_do_among_the_others_where_nothing_is_shared(world: World) -> None:
    chosen = torch.arange(0, world.parameters.skus, 2)
    parameters = replace(
        world.parameters,
        node=unlimited(world.parameters.node),
        lane=unlimited(world.parameters.lane),
        supplier=unlimited(world.parameters.supplier),
        inbound=None if world.parameters.inbound is None else unlimited(world.parameters.inbound),
    )
    working = replace(
        world.scenario,
        equipment=torch.ones_like(world.scenario.equipment),
        lane_open=torch.ones_like(world.scenario.lane_open),
        supplier_up=torch.ones_like(world.scenario.supplier_up),
    )
    everything = replace(world, parameters=parameters, scenario=working)
    some = World(
        world.arrays,
        parameters.for_skus(chosen),
        world.opening.for_skus(chosen),
        working.for_skus(chosen),
        world.orders[..., chosen],
        world.maintenance,
    )
    for record, among_others in zip(some.run(), everything.run(), strict=True):
        assert torch.equal(record.after.on_hand, among_others.after.on_hand[..., chosen])
        assert torch.equal(record.after.pipeline, among_others.after.pipeline[..., chosen])
        assert torch.equal(record.flows.lost, among_others.flows.lost[..., chosen])


def test_capacities_shrink_with_the_volume_of_the_skus_that_are_left() -> None:
    parameters = draw(0).parameters
    chosen = torch.tensor([1])
    share = float(parameters.sku.volume_m3[1] / parameters.sku.volume_m3.sum())
    left = parameters.for_skus(chosen)
    assert left.skus == 1
    torch.testing.assert_close(left.node.capacity_m3, parameters.node.capacity_m3 * share)
    torch.testing.assert_close(left.lane.price_per_shipment, parameters.lane.price_per_shipment * share)


def test_a_window_is_the_same_days() -> None:
    scenario = draw(2).scenario
    compare(scenario.window(7, 5).at(2), scenario.at(9), identical)
    assert scenario.window(7, 5).days == 5
    assert torch.equal(scenario.window(7, 5).first_day, scenario.first_day + 7)


def test_a_step_runs_on_another_device_without_touching_memory() -> None:
    """The meta device computes shapes alone: any tensor that was left on the CPU would be an error."""
    world = draw(3)
    parameters, scenario = world.parameters.to("meta"), world.scenario.to("meta")
    state = world.opening.to("meta")
    for whole_units in (True, False):
        after, flows, costs = step(
            parameters, state, Decisions(world.orders[0].to("meta")), scenario.at(0), whole_units=whole_units
        )
        assert after.on_hand.shape == world.opening.on_hand.shape
        assert flows.shipped.device.type == "meta"
        assert costs.total.shape == (4, parameters.nodes)


@pytest.mark.parametrize("whole_units", [True, False])
def test_shapes_and_types_stay_as_they_were(whole_units: bool) -> None:
    world = draw(4)
    after = world.run(whole_units=whole_units)[-1].after
    opening = tensors_of(world.opening)
    for name, value in tensors_of(after).items():
        assert value.shape == opening[name].shape
        assert value.dtype == torch.float32
    assert after.day == 30


def test_an_opening_state_is_cut_down_to_nine_tenths_of_the_space() -> None:
    network = small_network(hub={"capacity_m3": 1.0})
    parameters = TwinParameters.from_arrays(NetworkArrays.from_description(network))
    state = opening_state(parameters, torch.tensor([[500.0], [500.0]]), episodes=2)
    assert state.on_hand[:, :, 0].tolist() == [[90, 500], [90, 500]]
