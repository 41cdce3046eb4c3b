"""The window's loss is the cost of its days, and its gradient is the cost's."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.opening import stocked
from entrepot.envs.order_up_to import demand_rate, orders_from_cover
from entrepot.envs.twin import TwinParameters
from entrepot.envs.world import World
from entrepot.training.pathwise.window import WindowCost, horizon_days, window_cost
from tests.worlds.tiny import tiny_scenario

DAYS = 60


@pytest.fixture(scope="module")
def precise(world: World) -> World:
    """The small network in double precision, so that a small difference means something."""
    return replace(
        world,
        parameters=TwinParameters.from_arrays(world.network, dtype=torch.float64),
        attributes=NetworkAttributes.from_arrays(world.network, world.demand.mean_units_per_day, dtype=torch.float64),
    )


def cost(world: World, cover: Tensor, *, departs: Tensor | None = None, horizon: Tensor | None = None) -> WindowCost:
    scenario = tiny_scenario(world, days=DAYS, dtype=torch.float64)

    simulation = world.simulation(whole_units=False)
    attributes = world.attributes

    def decide(snapshot: Snapshot, seen: Tensor) -> tuple[Decisions, Tensor | None]:
        learning = torch.where(seen[:, None] > 0.5, cover, cover.detach())
        rate = demand_rate(attributes, snapshot)
        orders = orders_from_cover(attributes, snapshot, learning, rate, smoothing_days=2.0)
        return Decisions(orders), None if departs is None else departs.expand(orders.shape[:2])

    return window_cost(
        simulation,
        stocked(simulation, episodes=scenario.episodes),
        scenario,
        decide,
        horizon=torch.zeros(len(world.network.lanes)) if horizon is None else horizon,
        scale_usd=1000.0,
        advance_days=10,
    )


def test_the_gradient_of_a_window_matches_finite_differences(precise: World) -> None:
    cover = precise.attributes.base_cover_days.clone().requires_grad_()
    cost(precise, cover).loss.backward()  # type: ignore[no-untyped-call]
    assert cover.grad is not None
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        direction = torch.rand(cover.shape, generator=generator, dtype=torch.float64)
        with torch.no_grad():
            ahead, behind = (cost(precise, cover + sign * 1e-5 * direction).loss for sign in (1, -1))
        slope = float(ahead - behind) / 2e-5
        assert float((cover.grad * direction).sum()) == pytest.approx(slope, rel=1e-4)


def test_the_loss_is_the_parts_sum_a_day_over_the_scale(precise: World) -> None:
    result = cost(precise, precise.attributes.base_cover_days)
    assert float(result.loss) == pytest.approx(sum(result.parts.values()) / 1000.0, rel=1e-9)


def test_the_choice_to_depart_bears_the_price_of_a_departure_and_adds_nothing(precise: World) -> None:
    lanes = len(precise.network.lanes)
    departs = torch.ones(lanes, dtype=torch.float64, requires_grad=True)
    result = cost(precise, precise.attributes.base_cover_days, departs=departs)
    assert float(result.loss.detach()) == float(cost(precise, precise.attributes.base_cover_days).loss)
    result.loss.backward()  # type: ignore[no-untyped-call]
    assert departs.grad is not None
    torch.testing.assert_close(departs.grad, precise.parameters.lane.price_per_shipment[:, 0] / 1000.0)


def test_a_lane_whose_goods_arrive_after_the_window_learns_nothing(precise: World) -> None:
    cover = precise.attributes.base_cover_days.clone().requires_grad_()
    late = torch.full((len(precise.network.lanes),), 10.0 * DAYS)
    late[0] = 0.0
    assert (horizon_days(precise.network) > 0).all()
    # A horizon is cut to three quarters of the window, so that the first days of every lane still teach.
    cost(precise, cover, horizon=late).loss.backward()  # type: ignore[no-untyped-call]
    assert cover.grad is not None
    early = cover.grad.clone()
    cover.grad = None
    cost(precise, cover).loss.backward()  # type: ignore[no-untyped-call]
    assert cover.grad is not None
    torch.testing.assert_close(early[0], cover.grad[0])
    assert (early[1:] != cover.grad[1:]).any()


def test_the_next_window_starts_inside_this_one_without_its_gradients(precise: World) -> None:
    cover = precise.attributes.base_cover_days.clone().requires_grad_()
    result = cost(precise, cover)
    assert result.following.state.day == 10
    assert not result.following.state.on_hand.requires_grad
