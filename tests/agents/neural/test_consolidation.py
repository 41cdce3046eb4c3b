from dataclasses import replace

import torch

from entrepot.agents.neural import NeuralPolicy
from entrepot.envs.observe.snapshot import NetworkAttributes
from tests.worlds.tiny import first_snapshot, tiny_world


def at_price(attributes: NetworkAttributes, usd: float) -> NetworkAttributes:
    return replace(attributes, lane_shipment_usd=torch.full_like(attributes.lane_shipment_usd, usd))


def test_where_a_departure_costs_nothing_every_order_departs() -> None:
    world = tiny_world("kreen", 6)
    snapshot = replace(first_snapshot(world), on_hand=0 * first_snapshot(world).on_hand)
    decided = NeuralPolicy().decide(snapshot, at_price(world.attributes, 0.0))
    some = decided.decisions.orders.sum(dim=-1) > 1.0
    assert some.any()
    assert (decided.departs[some] == 1).all()


def test_where_a_departure_costs_nothing_training_tries_none_in_part() -> None:
    world = tiny_world("kreen", 6)
    snapshot = replace(first_snapshot(world), on_hand=0.5 * first_snapshot(world).on_hand)
    chance = torch.Generator().manual_seed(0)
    module = NeuralPolicy()

    def tried_in_part(usd: float) -> bool:
        draws = [module.decide(snapshot, at_price(world.attributes, usd), chance=chance).departs for _ in range(20)]
        return any(bool(((departs != 0) & (departs != 1)).any()) for departs in draws)

    assert not tried_in_part(0.0)
    assert tried_in_part(40.0)


def test_nothing_departs_for_a_price_that_no_order_is_worth() -> None:
    world = tiny_world("kreen", 6)
    snapshot = first_snapshot(world)
    assert (NeuralPolicy()(snapshot, at_price(world.attributes, 1e12)).orders == 0).all()


def test_a_departure_takes_all_that_is_wanted_or_nothing() -> None:
    world = tiny_world("kreen", 6)
    snapshot = replace(first_snapshot(world), on_hand=0.5 * first_snapshot(world).on_hand)
    module = NeuralPolicy()
    free = module(snapshot, at_price(world.attributes, 0.0)).orders
    decided = module.decide(snapshot, at_price(world.attributes, 40.0))
    assert 0 < decided.departs.sum() < (free.sum(dim=-1) > 0).sum()
    torch.testing.assert_close(decided.decisions.orders, free * decided.departs.unsqueeze(-1))


def test_the_threshold_learns_though_the_choice_is_hard() -> None:
    world = tiny_world("kreen", 6)
    snapshot = replace(first_snapshot(world), on_hand=0.5 * first_snapshot(world).on_hand)
    module = NeuralPolicy()
    chance = torch.Generator().manual_seed(0)
    for _ in range(20):
        decided = module.decide(snapshot, at_price(world.attributes, 40.0), chance=chance)
        decided.departs.sum().backward()  # type: ignore[no-untyped-call]
    gradient = module.consolidation.threshold.bias.grad
    assert gradient is not None
    assert float(gradient) < 0  # a higher threshold, fewer departures
