"""Goods that are measured, not counted: fractions of a unit are kept where evaluation keeps whole units of others."""

import pytest
import torch

from entrepot.envs.network import NetworkArrays
from entrepot.envs.twin import TwinParameters, opening_state
from tests.worlds import HUB, INLAND, SEA, SHOP, order, small_network, small_world


def test_fractions_are_ordered_shipped_served_and_wait() -> None:
    network = small_network(divisible=True, market={"backlog_share": 1.0})
    world = order(small_world(network, on_hand=10.25, demand=12.5), SEA, 3.75)
    (record,) = world.run()
    assert record.flows.ordered[0, SEA].item() == 3.75
    assert record.flows.shipped[0, SEA].item() == 3.75
    assert record.after.on_hand[0, :, 0].tolist() == [10.25 - 3.75, 0]
    assert record.after.backlog.item() == 12.5 - 10.25


def test_goods_that_are_counted_stay_whole() -> None:
    (record,) = order(small_world(small_network(), on_hand=10.0), SEA, 3.75).run()
    assert record.flows.shipped[0, SEA].item() == 4


def test_containers_and_shipments_are_whole_all_the_same() -> None:
    price = {"per_shipment": 100.0, "per_container": 3000.0}
    network = small_network(divisible=True, container_m3=1.0, sea={"price": price})
    (record,) = order(small_world(network, on_hand=500.0), SEA, 0.5).run()
    assert record.costs.freight[0, SHOP].item() == 100 + 3000


@pytest.mark.parametrize(("asked", "made"), [(2.75, 3.0), (1.0, 0.0), (3.5, 3.5)])
def test_a_suppliers_minimum_holds_all_the_same(asked: float, made: float) -> None:
    network = small_network(divisible=True, factory={"minimum_order_units": 3.0})
    (record,) = order(small_world(network), INLAND, asked).run()
    assert record.flows.shipped[0, INLAND].item() == made


def test_the_opening_stock_is_not_rounded() -> None:
    arrays = NetworkArrays.from_description(small_network(divisible=True))
    parameters = TwinParameters.from_arrays(arrays, dtype=torch.float64)
    opening = opening_state(parameters, torch.tensor([[2.5], [0.5]]), episodes=1)
    assert opening.on_hand[0, [HUB, SHOP], 0].tolist() == [2.5, 0.5]
