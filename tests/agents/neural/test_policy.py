from dataclasses import fields, replace

import torch

from entrepot.agents.module_agent import ModuleAgent
from entrepot.agents.neural import NeuralPolicy
from entrepot.envs.observe.snapshot import Snapshot
from tests.worlds.tiny import first_snapshot, tiny_world


def perturbed() -> NeuralPolicy:
    """As if trained: no layer is zero."""
    torch.manual_seed(3)
    module = NeuralPolicy()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return module


def with_skus(snapshot: Snapshot, order: torch.Tensor) -> Snapshot:
    shape = snapshot.on_hand.shape[-1]
    by_sku = {"on_hand", "dock", "in_transit", "due", "backlog"}
    by_sku |= {"demand_fast", "demand_slow", "demand_quarter", "demand_square"}
    names = {f.name for f in fields(snapshot)} & by_sku
    assert shape == len(order)
    return replace(snapshot, **{name: getattr(snapshot, name)[..., order] for name in names})


def test_one_module_runs_on_any_network_with_any_number_of_skus() -> None:
    module = perturbed()
    for network, skus in [("two_warehouses", 1), ("two_warehouses", 4), ("kreen", 3), ("kreen", 40)]:
        world = tiny_world(network, skus)
        orders = ModuleAgent(module, world.attributes).decide(first_snapshot(world)).orders
        assert orders.shape == (3, len(world.network.lanes), skus)
        assert torch.isfinite(orders).all()
        assert (orders >= 0).all()


def test_permuting_skus_permutes_orders() -> None:
    world, module = tiny_world("kreen", 6), perturbed()
    order = torch.tensor([4, 2, 0, 5, 1, 3])
    snapshot = first_snapshot(world)
    straight = module(snapshot, world.attributes).orders
    permuted = module(with_skus(snapshot, order), world.attributes.for_skus(order)).orders
    torch.testing.assert_close(permuted, straight[..., order], rtol=1e-4, atol=1e-2)


def test_lanes_that_do_not_depart_order_nothing() -> None:
    world = tiny_world("kreen", 4)
    snapshot = first_snapshot(world)
    for smoothing in (0.0, 0.5):
        decided = perturbed().decide(snapshot, world.attributes, smoothing)
        assert (decided.decisions.orders[snapshot.lane_wait_days > 0.5] == 0).all()
        assert (decided.departs[snapshot.lane_wait_days > 0.5] == 0).all()


def test_lanes_that_may_not_learn_pass_no_gradient() -> None:
    world = tiny_world()
    module, full = perturbed(), first_snapshot(world)
    snapshot = replace(full, on_hand=0 * full.on_hand)  # so that something departs
    module.decide(snapshot, world.attributes, 0.5, torch.ones(3)).decisions.orders.sum().backward()  # type: ignore[no-untyped-call]
    assert any(float(p.grad.abs().max()) > 0 for p in module.parameters() if p.grad is not None)
    module.zero_grad(set_to_none=True)
    nothing = module.decide(snapshot, world.attributes, 0.5, torch.zeros(3)).decisions.orders
    assert not nothing.requires_grad or all(
        g is None or not g.any()
        for g in torch.autograd.grad(nothing.sum(), list(module.parameters()), allow_unused=True)
    )
