"""Gradients flow through stock, orders and costs, and are right."""

from dataclasses import replace

import torch
from hypothesis import given, settings
from torch import Tensor

from entrepot.envs.decisions import Decisions
from entrepot.envs.twin import State, step
from tests.worlds import (
    HUB,
    INLAND,
    SEA,
    SHOP,
    World,
    few,
    kept,
    lots_of,
    order,
    small_network,
    small_world,
    tensors_of,
    worlds,
)

DAYS = 4


def outcome(world: World, on_hand: Tensor, orders: Tensor, *, overwrite: bool = False) -> Tensor:
    """[B, N + 3·N·S] the run's cost by node, and where the units are at its end."""
    lots = lots_of(world.parameters, on_hand, world.opening.dock)
    state: State = replace(kept(world.opening), on_hand=on_hand, lots=lots)
    cost = torch.zeros_like(on_hand[..., 0])
    for number, asked in enumerate(orders):
        state, _, costs = step(
            world.parameters, state, Decisions(asked), world.scenario.at(number), whole_units=False, overwrite=overwrite
        )
        cost = cost + costs.total
    at_the_end = [getattr(state, name).flatten(1) for name in ("on_hand", "dock", "in_transit")]
    return torch.cat([cost, *at_the_end, state.pipeline.transpose(0, 2).flatten(1)], dim=1)


@settings(few, max_examples=30)
@given(worlds(days=DAYS, episodes=2, whole=False, dtypes=(torch.float64,)))
def test_gradients_match_finite_differences(world: World) -> None:
    on_hand = world.opening.on_hand.clone().requires_grad_()
    orders = world.orders.clone().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda stock, asked: outcome(world, stock, asked),
        (on_hand, orders),
        eps=1e-7,
        atol=1e-4,
        rtol=1e-4,
        fast_mode=True,
    )


@few
@given(worlds(days=DAYS, whole=False, dtypes=(torch.float64,)))
def test_gradients_are_the_same_when_the_pipeline_is_overwritten(world: World) -> None:
    both = []
    for overwrite in (False, True):
        on_hand = world.opening.on_hand.clone().requires_grad_()
        orders = world.orders.clone().requires_grad_()
        total = outcome(world, on_hand, orders, overwrite=overwrite).sum()
        both.append(torch.autograd.grad(total, (on_hand, orders)))
    for plain, overwritten in zip(*both, strict=True):
        assert torch.equal(plain, overwritten)


@few
@given(worlds(days=6))
def test_no_gradient_is_ever_undefined(world: World) -> None:
    """Empty shelves, no demand, closed lanes and zero orders are where a ratio could divide by nothing."""
    for empty in (False, True):
        on_hand = (world.opening.on_hand * (0.0 if empty else 1.0)).requires_grad_()
        orders = (world.orders.clamp(min=0.0) * (0.0 if empty else 1.0)).requires_grad_()
        for gradient in torch.autograd.grad(outcome(world, on_hand, orders).sum(), (on_hand, orders)):
            assert torch.isfinite(gradient).all()


def test_a_gradient_reaches_an_order_of_nothing() -> None:
    world = small_world(small_network(inland={"price": {"per_unit": 3.0}}))
    orders = world.orders.clone().requires_grad_()
    _, _, costs = step(world.parameters, world.opening, Decisions(orders[0]), world.scenario.at(0), whole_units=False)
    (gradient,) = torch.autograd.grad(costs.total.sum(), orders)
    assert gradient[0, 0, INLAND, 0] == 3.0


def test_a_unit_more_in_time_saves_a_lost_margin_weeks_later() -> None:
    world = order(small_world(small_network(), days=12, on_hand=[[20.0], [0.0]], demand=1.0), SEA, 3)
    orders = world.orders.clone().requires_grad_()
    cost = outcome(world, world.opening.on_hand, orders)[:, [HUB, SHOP]].sum()
    (gradient,) = torch.autograd.grad(cost, orders)
    assert gradient[0, 0, SEA, 0].item() == -(25 - 10)


def test_a_detached_state_carries_no_gradient() -> None:
    world = small_world(small_network(), on_hand=5.0)
    orders = torch.ones_like(world.orders[0]).requires_grad_()
    state, _, _ = step(world.parameters, world.opening, Decisions(orders), world.scenario.at(0), whole_units=False)
    assert state.in_transit.requires_grad
    cut = state.detach()
    assert not any(value.requires_grad for value in tensors_of(cut).values())
