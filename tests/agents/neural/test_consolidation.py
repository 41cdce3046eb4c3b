from dataclasses import replace

import pytest
import torch

from entrepot.agents.neural import NeuralPolicy
from entrepot.envs.observe.snapshot import NetworkAttributes
from entrepot.envs.order_up_to import demand_rate
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


def dear(attributes: NetworkAttributes) -> NetworkAttributes:
    """Departures have a price, and lost sales cost far more."""
    return replace(at_price(attributes, 40.0), margin_usd=torch.full_like(attributes.margin_usd, 1e4))


def unwilling() -> NeuralPolicy:
    """A policy that has learnt to let every departure wait."""
    module = NeuralPolicy()
    with torch.no_grad():
        module.consolidation.threshold.bias.fill_(100.0)
    return module


@pytest.mark.parametrize(("network", "skus"), [("kreen", 6), ("two_warehouses", 4)])
def test_a_lane_is_not_left_waiting_where_its_destination_runs_out_before_the_next_arrives(
    network: str, skus: int
) -> None:
    world = tiny_world(network, skus)
    first = first_snapshot(world)
    rate = demand_rate(world.attributes, first)
    nothing_due = {name: torch.zeros_like(getattr(first, name)) for name in ("dock", "in_transit", "due", "backlog")}
    short = replace(first, **nothing_due, arriving_or_none=torch.zeros_like(first.arriving), on_hand=0 * rate)
    attributes = dear(world.attributes)
    from_supplier = attributes.lane_origin >= rate.shape[1]
    decided = unwilling().decide(short, attributes)
    some = decided.decisions.orders.sum(dim=-1) > 0
    leaves = (short.lane_wait_days < 0.5) & from_supplier & (attributes.lane_carries.sum(dim=-1) > 0)
    wanted = NeuralPolicy()(short, at_price(attributes, 0.0)).orders.sum(dim=-1)
    assert some.any()
    enough = wanted >= (rate[:, attributes.lane_destination] * attributes.lane_carries).sum(dim=-1)
    primary = attributes.lane_primary.min(dim=-1).values > 0
    assert some[leaves & enough & primary].all()


def test_one_day_of_cover_everywhere_but_at_the_centre_is_shipped_from_there() -> None:
    world = tiny_world("two_warehouses", 4)
    first = first_snapshot(world)
    rate = demand_rate(world.attributes, first)
    nothing_due = {name: torch.zeros_like(getattr(first, name)) for name in ("dock", "in_transit", "due", "backlog")}
    feeds = torch.zeros(rate.shape[1])
    inner = world.attributes.lane_origin[world.attributes.lane_origin < rate.shape[1]]
    feeds[inner] = 120.0
    short = replace(
        first,
        **nothing_due,
        arriving_or_none=torch.zeros_like(first.arriving),
        on_hand=rate * feeds.clamp(min=1.0)[:, None],
        lane_wait_days=torch.zeros_like(first.lane_wait_days),
    )
    orders = unwilling()(short, dear(world.attributes)).orders
    transfers = world.attributes.lane_origin < rate.shape[1]
    assert (orders[:, transfers].sum(dim=(1, 2)) > 0).all()


def test_a_stocked_network_waits_as_it_learnt_to() -> None:
    world = tiny_world("kreen", 6)
    first = first_snapshot(world)
    rate = demand_rate(world.attributes, first)
    stocked = replace(first, on_hand=90.0 * rate)
    assert (unwilling()(stocked, dear(world.attributes)).orders == 0).all()
