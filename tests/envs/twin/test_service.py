"""How demand is served, what waits, what is lost, what comes back, and what it costs."""

from dataclasses import replace
from datetime import date

import pytest
import torch

from tests.worlds import HUB, SHOP, small_network, small_world

EPOCH = date(1970, 1, 1)
BOTH = {"options": [{"node": "hub", "usd_per_unit": 4.0}, {"node": "shop", "usd_per_unit": 1.0}]}


def test_the_cheapest_option_serves_first_wherever_it_stands_in_the_file() -> None:
    (record,) = small_world(small_network(market=BOTH), on_hand=10.0, demand=14.0).run()
    assert record.flows.served[:, 0, 0, 0].tolist() == [10, 4]
    assert record.after.on_hand[0, :, 0].tolist() == [6, 0]


def test_delivery_and_handling_are_paid_by_the_node_that_serves() -> None:
    network = small_network(market=BOTH, hub={"outbound_usd_per_unit": 0.5}, shop={"outbound_usd_per_unit": 0.25})
    (record,) = small_world(network, on_hand=10.0, demand=14.0).run()
    assert record.costs.handling.tolist() == [[4 * (4.0 + 0.5), 10 * (1.0 + 0.25)]]


def test_what_pickers_cannot_pick_goes_to_the_next_option() -> None:
    network = small_network(market=BOTH, shop={"picking_units_per_day": 8.0})
    (record,) = small_world(network, on_hand=10.0, demand=14.0, equipment=[1.0, 0.5]).run()
    assert record.flows.served[:, 0, 0, 0].tolist() == [4, 10]


def test_a_node_without_equipment_serves_nobody_even_where_its_capacity_is_unlimited() -> None:
    (record,) = small_world(small_network(), on_hand=10.0, demand=4.0, equipment=0.0).run()
    assert record.flows.served.sum() == 0
    assert record.flows.lost.sum() == 4


def test_scarce_stock_is_shared_in_proportion_to_what_markets_ask() -> None:
    own, amazon = ({"country": "US", "channel": c, "options": [{"node": "shop"}]} for c in ("own", "amazon"))
    network = small_network(markets={"own": own, "amazon": amazon})
    (record,) = small_world(network, on_hand=9.0, demand=[[8.0], [4.0]]).run()
    assert record.flows.served[0, 0, :, 0].tolist() == [6, 3]


def test_a_share_of_the_unserved_waits_and_the_rest_is_lost_at_its_margin() -> None:
    network = small_network(market={"backlog_share": 0.5, "backlog_usd_per_unit_day": 0.2})
    (record,) = small_world(network, on_hand=2.0, demand=12.0, rounding=0.0).run()
    assert record.after.backlog.sum() == 5
    assert record.flows.lost.sum() == 5
    assert record.costs.lost_margin.tolist() == [[0, 5 * (25 - 10)]]
    assert record.costs.backlog[0].tolist() == pytest.approx([0, 5 * 0.2])


def test_those_who_waited_are_served_before_todays_customers() -> None:
    world = small_world(small_network(market={"backlog_share": 0.0}), on_hand=5.0, demand=4.0)
    waiting = replace(world.opening, backlog=torch.full_like(world.opening.backlog, 3.0))
    (record,) = replace(world, opening=waiting).run()
    assert record.flows.served_backlog.sum() == 3
    assert record.flows.lost.sum() == 2
    assert record.after.backlog.sum() == 0


def test_returns_come_back_to_the_first_option_and_are_restocked_or_scrapped() -> None:
    network = small_network(
        market={"returns": {"share": 1.0, "median_days": 3.0, "log_deviation": 0.5}},
        shop={"restock_share": 0.75, "return_usd_per_unit": 2.0},
    )
    rounding = torch.rand((1, 200, 1), generator=torch.Generator().manual_seed(0))
    world = small_world(network, days=200, on_hand=400.0, rounding=rounding)
    demand = world.scenario.demand.clone()
    demand[:, 0] = 400.0
    records = replace(world, scenario=replace(world.scenario, demand=demand)).run()
    restocked = sum(r.flows.restocked[0, SHOP].sum().item() for r in records)
    scrapped = sum(r.flows.scrapped[0, SHOP].sum().item() for r in records)
    assert restocked + scrapped == 400
    assert restocked == pytest.approx(300, abs=20)
    assert sum(r.costs.returns.sum().item() for r in records) == 2 * 400
    assert sum(r.costs.scrap.sum().item() for r in records) == 10 * scrapped


def test_storage_is_paid_at_the_months_price_for_what_is_on_hand_and_on_the_dock() -> None:
    network = small_network(hub={"storage_usd_per_m3_day": [float(month) for month in range(1, 13)]})
    first_day = (date(2023, 10, 30) - EPOCH).days
    world = small_world(network, days=4, on_hand=[[100.0], [0.0]], first_day=first_day)
    storage = [record.costs.storage[0, HUB].item() for record in world.run()]
    assert storage == pytest.approx([10, 10, 11, 11])


def test_capital_is_tied_up_in_stock_and_in_what_is_on_the_way() -> None:
    network = small_network(capital_share_per_year=0.365)
    world = small_world(network, on_hand=[[100.0], [0.0]])
    orders = world.orders.clone()
    orders[0, 0, :, 0] = torch.tensor([30.0, 20.0, 0.0])
    (record,) = replace(world, orders=orders).run()
    assert record.costs.capital[0].tolist() == pytest.approx([0.01 * (80 + 30), 0.01 * 20])


def test_inbound_handling_is_paid_when_goods_are_unloaded() -> None:
    world = small_world(small_network(hub={"inbound_usd_per_unit": 0.5}), days=2)
    docked = replace(world.opening, dock=torch.full_like(world.opening.dock, 6.0))
    records = replace(world, opening=docked).run()
    assert [record.costs.handling[0, HUB].item() for record in records] == [3, 0]
