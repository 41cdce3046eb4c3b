"""Batches on threads of their own go as they would one after the other."""

import torch
from hypothesis import given

from entrepot.envs.decisions import Decisions
from entrepot.envs.twin import step, step_batches
from tests.envs.twin.test_batches import compare, identical
from tests.envs.twin.worlds import World, few, worlds


@few
@given(worlds(days=2, episodes=4))
def test_batches_on_threads_equal_one_batch_after_the_other(world: World) -> None:
    halves = [slice(0, 2), slice(2, 4)]
    batches = [
        (world.opening.episodes_at(half), Decisions(world.orders[0][half]), world.scenario.episodes_at(half).at(0))
        for half in halves
    ]
    together = step_batches(world.parameters, batches)
    for batch, (after, flows, costs) in zip(batches, together, strict=True):
        alone = step(world.parameters, *batch)
        for one, other in zip(alone, (after, flows, costs), strict=True):
            compare(one, other, identical)


@few
@given(worlds(days=1, episodes=2))
def test_threads_record_no_gradients(world: World) -> None:
    orders = world.orders[0].clone().requires_grad_()
    ((after, _, costs),) = step_batches(world.parameters, [(world.opening, Decisions(orders), world.scenario.at(0))])
    assert not after.on_hand.requires_grad
    assert not costs.total.requires_grad
    assert torch.is_grad_enabled()


@few
@given(worlds(days=1, episodes=3))
def test_there_may_be_more_batches_than_threads(world: World) -> None:
    orders, day = world.orders[0], world.scenario
    batches = [
        (world.opening.episodes_at(one), Decisions(orders[one]), day.episodes_at(one).at(0))
        for one in (slice(number, number + 1) for number in range(3))
    ]
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        together = step_batches(world.parameters, batches)
    finally:
        torch.set_num_threads(threads)
    for batch, there in zip(batches, together, strict=True):
        for one, other in zip(step(world.parameters, *batch), there, strict=True):
            compare(one, other, identical)
