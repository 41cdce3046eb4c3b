"""Every head of the neural policy that has a name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch

from entrepot.agents.neural import NeuralPolicy, NeuralPolicySettings
from entrepot.agents.neural.heads import head_named, head_names
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.snapshot.schema import NETWORK_FIELDS, SNAPSHOT_FIELDS
from entrepot.envs.world import World
from entrepot.training.experiment import PolicySettings
from entrepot.training.export import PolicyGraph
from entrepot.training.export.graph import as_tensors
from tests.agents.inference.cases import kreen, opinionated_policy, snapshot_for, two_warehouses
from tests.conftest import GraphOf
from tests.worlds.tiny import first_snapshot, tiny_world

SKUS = 5
every_head = pytest.mark.parametrize("head", head_names())


@pytest.fixture(scope="module")
def world() -> World:
    return tiny_world("kreen", SKUS)


def everything_departs(world: World, *, on_hand: float = 0.3) -> Snapshot:
    """Every lane today, and stock that is short."""
    snapshot = first_snapshot(world)
    return replace(
        snapshot,
        lane_wait_days=torch.zeros_like(snapshot.lane_wait_days),
        on_hand=torch.floor(on_hand * snapshot.on_hand),
    )


@every_head
def test_settings_may_name_it_and_its_opening_is_finite(head: str) -> None:
    assert PolicySettings(head=head).head == head
    made = head_named(NeuralPolicySettings(head=head))
    assert len(made.opening) > 0
    assert np.isfinite(made.opening).all()


@every_head
def test_an_untrained_one_orders_and_its_orders_are_by_environment_lane_and_sku(head: str, world: World) -> None:
    orders = NeuralPolicy(NeuralPolicySettings(head=head))(everything_departs(world), world.attributes).orders
    assert tuple(orders.shape) == (3, world.parameters.lanes, SKUS)
    assert (orders >= 0).all()
    assert orders.sum() > 0


@every_head
def test_what_nobody_asks_for_is_not_ordered(head: str, world: World) -> None:
    snapshot = everything_departs(world)
    none = {
        name: torch.zeros_like(getattr(snapshot, name)) for name in ("demand_fast", "demand_slow", "demand_quarter")
    }
    none |= {name: torch.zeros_like(getattr(snapshot, name)) for name in ("demand_square", "backlog")}
    dormant = replace(world.attributes, demand_mean=torch.zeros_like(world.attributes.demand_mean))
    stocked = replace(snapshot, **none, on_hand=snapshot.on_hand + 10.0)
    orders = NeuralPolicy(NeuralPolicySettings(head=head))(stocked, dormant).orders
    assert (orders.round() == 0).all()


@every_head
@pytest.mark.parametrize("smoothing_days", [0.0, 0.5])
def test_gradients_are_finite_and_reach_every_layer(head: str, world: World, smoothing_days: float) -> None:
    policy = opinionated_policy(head=head)
    empty = everything_departs(world, on_hand=0.0)
    chance = torch.Generator().manual_seed(0)
    for snapshot in (everything_departs(world), empty, replace(empty, season_ahead=0 * empty.season_ahead)):
        decided = policy.decide(snapshot, world.attributes, smoothing_days=smoothing_days, chance=chance)
        decided.decisions.orders.sum().backward()  # type: ignore[no-untyped-call]
    for name, parameter in policy.named_parameters():
        if parameter.grad is None or name.startswith("consolidation"):  # not every head lets a departure wait
            assert name.startswith("consolidation"), name
            continue
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


@every_head
def test_no_gradient_reaches_it_from_lanes_that_do_not_learn(head: str, world: World) -> None:
    policy = opinionated_policy(head=head)
    snapshot = everything_departs(world)
    nobody = torch.zeros(world.parameters.lanes)
    expected = policy.decide(snapshot, world.attributes).decisions.orders.detach()
    orders = policy.decide(snapshot, world.attributes, learns=nobody).decisions.orders
    torch.testing.assert_close(orders, expected)
    assert not orders.requires_grad or not any(torch.autograd.grad(orders.sum(), policy.answer.bias)[0])


@every_head
def test_skus_in_another_order_are_ordered_the_same(head: str, world: World) -> None:
    snapshot, turned = everything_departs(world), torch.arange(SKUS).flip(0)
    policy = opinionated_policy(head=head)
    with torch.no_grad():
        orders = policy(snapshot, world.attributes).orders
        again = policy(snapshot.for_skus(turned), world.attributes.for_skus(turned)).orders
    torch.testing.assert_close(again, orders[..., turned], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    "head", [pytest.param(head, marks=[pytest.mark.slow] if head != "cover" else []) for head in head_names()]
)
def test_torch_and_onnx_agree(head: str, graph_of: GraphOf) -> None:
    policy = opinionated_policy(head=head)
    session = onnxruntime.InferenceSession(graph_of(head), providers=["CPUExecutionProvider"])
    graph, ordered = PolicyGraph(policy), 0.0
    for case in (kreen(), two_warehouses()):
        for seed in range(3):
            inputs = as_tensors(snapshot_for(case, rows=3, seed=seed), SNAPSHOT_FIELDS)
            known = as_tensors(case.attributes, NETWORK_FIELDS)
            feeds = {name: value.numpy() for name, value in (inputs | known).items()}
            (orders,) = session.run(["orders"], feeds)
            with torch.no_grad():
                expected = graph(inputs, known)["orders"].numpy()
            np.testing.assert_allclose(orders, expected, rtol=1e-4, atol=0.002)
            ordered += float(orders.sum())
    assert ordered > 0
