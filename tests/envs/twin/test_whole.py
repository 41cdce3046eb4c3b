"""Whole units are kept to the last one, and gradients pass as if nothing had been rounded."""

import torch
from hypothesis import given
from torch import Tensor

from entrepot.envs.twin import step, whole
from tests.envs.twin.test_gradients import outcome
from tests.envs.twin.worlds import SEA, World, few, order, small_network, small_world, worlds


@few
@given(worlds(days=5))
def test_a_run_with_gradients_is_the_run_without_them(world: World) -> None:
    """Unit for unit: training in whole units lives through the days that evaluation does."""
    plain = outcome(world, world.opening.on_hand, world.orders, whole_units=True)
    on_hand = world.opening.on_hand.clone().requires_grad_()
    watched = outcome(world, on_hand, world.orders.clone().requires_grad_(), whole_units=True)
    assert watched.requires_grad
    torch.testing.assert_close(watched.detach(), plain, rtol=1e-9, atol=1e-9)


def test_an_order_of_a_fraction_ships_whole_and_its_price_reaches_the_fraction() -> None:
    world = small_world(small_network(sea={"price": {"per_unit": 3.0}}), on_hand=5.0)
    orders = order(world, SEA, 1.6).orders.clone().requires_grad_()
    _, flows, costs = step(world.parameters, world.opening, orders[0], world.scenario.at(0), whole_units=True)
    assert flows.shipped[0, SEA, 0] == 2
    (gradient,) = torch.autograd.grad(costs.total.sum(), orders)
    assert gradient[0, 0, SEA, 0] == 3.0


def test_a_scarce_article_is_shared_in_whole_units_with_the_gradient_of_fair_shares() -> None:
    smooth = torch.tensor([1.2, 1.8], requires_grad=True)
    exact: Tensor = whole.in_place_of(smooth, torch.tensor([1.0, 2.0]))
    (exact * torch.tensor([3.0, 5.0])).sum().backward()  # type: ignore[no-untyped-call]
    assert exact.tolist() == [1.0, 2.0]
    assert smooth.grad is not None
    assert smooth.grad.tolist() == [3.0, 5.0]


def test_fractions_are_rounded_by_chance_to_the_same_mean() -> None:
    units = torch.full((100_000,), 2.25)
    rounded = whole.by_chance(units, torch.Generator().manual_seed(0))
    assert set(rounded.tolist()) == {2.0, 3.0}
    assert abs(float(rounded.mean()) - 2.25) < 0.01
    assert torch.equal(whole.by_chance(torch.arange(5.0), torch.Generator().manual_seed(0)), torch.arange(5.0))
