"""Batches on threads of their own go as they would one after the other."""

import os
import signal

import torch
from hypothesis import given, settings

from entrepot.envs.decisions import Decisions
from entrepot.envs.twin import step, step_batches
from tests.envs.twin.test_batches import compare, identical
from tests.worlds import World, few, worlds


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


@settings(few, max_examples=2)
@given(worlds(days=1, episodes=2))
def test_a_forked_child_has_threads_of_its_own(world: World) -> None:
    batch = (world.opening, Decisions(world.orders[0]), world.scenario.at(0))
    step_batches(world.parameters, [batch])
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # a child that waits for its parent's threads would wait for ever
        torch.set_num_threads(1)
        step_batches(world.parameters, [batch])
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


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
