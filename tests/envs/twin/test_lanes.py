"""When goods leave and arrive, and what their journey costs."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given

from tests.worlds import (
    AIR,
    HUB,
    INLAND,
    MONDAY,
    SEA,
    SHOP,
    World,
    few,
    order,
    small_network,
    small_world,
    worlds,
)

WEDNESDAYS = {"departures": ["wed"]}


def arrival_day(world: World) -> int:
    """The day on which goods join the shop's dock queue."""
    return next(day for day, record in enumerate(world.run()) if record.flows.arrived[0, SHOP].sum() > 0)


@pytest.mark.parametrize(("ordered_on", "departs_on"), [(0, 2), (1, 2), (2, 2), (3, 9)])
def test_goods_arrive_at_the_next_departure_plus_transit(ordered_on: int, departs_on: int) -> None:
    world = small_world(small_network(sea=WEDNESDAYS), days=20, on_hand=10.0, first_day=MONDAY)
    assert arrival_day(order(world, SEA, 10, on=ordered_on)) == departs_on + 5


def test_a_delay_postpones_the_arrival_of_what_is_shipped_that_day() -> None:
    late = {"transit": {"days": 5, "late_share": 0.5, "late_days": 2.0, "longest_delay_days": 8}}
    world = small_world(small_network(sea=late), days=20, on_hand=10.0, delay_days=[0, 3, 0])
    assert arrival_day(order(world, SEA, 10, on=1)) == 1 + 5 + 3


def test_production_takes_its_time_before_transit() -> None:
    network = small_network(factory={"production_days": 4})
    record = order(small_world(network), INLAND, 10).run()[0]
    assert record.flows.transit_days[0, INLAND] == 1 + 4


def test_goods_that_need_no_day_arrive_the_next_morning() -> None:
    world = small_world(small_network(air={"transit": {"days": 0}}), days=3, on_hand=10.0)
    assert arrival_day(order(world, AIR, 10)) == 1


@few
@given(worlds())
def test_every_shipment_arrives_on_its_day(world: World) -> None:
    records = world.run()
    parameters = world.parameters
    expected = torch.zeros((len(records), *world.opening.on_hand.shape), dtype=parameters.dtype)
    for number, record in enumerate(records):
        assert torch.equal(record.flows.arrived, expected[number])
        wait = parameters.lane.wait_days[record.day.weekday]
        journey = (wait + parameters.lane.transit_days + record.day.delay_days).clamp(min=1)
        for episode, lane in (journey + number < len(records)).nonzero().tolist():
            due = number + int(journey[episode, lane])
            node = parameters.lane.destination[lane]
            expected[due, episode, node] += record.flows.shipped[episode, lane]


def test_a_shipments_price_is_paid_once_a_departure_however_many_orders_it_carries() -> None:
    network = small_network(sea=WEDNESDAYS | {"price": {"per_shipment": 100.0}})
    world = small_world(network, days=14, on_hand=50.0)
    for day in (0, 1, 2, 4):
        world = order(world, SEA, 10, on=day)
    freight = [record.costs.freight.sum().item() for record in world.run()]
    assert freight == [0, 0, 100, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0]


def test_a_departure_with_nothing_on_board_costs_nothing() -> None:
    network = small_network(sea={"price": {"per_shipment": 100.0, "per_container": 3000.0}})
    assert small_world(network, on_hand=50.0).run()[0].costs.freight.sum() == 0


def test_containers_are_whole() -> None:
    network = small_network(container_m3=1.0, sea=WEDNESDAYS | {"price": {"per_container": 3000.0}})
    world = order(order(small_world(network, days=3, on_hand=500.0), SEA, 60), SEA, 90, on=1)
    assert [record.costs.freight.sum().item() for record in world.run()] == [0, 0, 2 * 3000]


def test_freight_is_paid_by_volume_mass_and_number_and_rises_with_a_surge() -> None:
    price = {"per_m3": 100.0, "per_chargeable_kg": 2.0, "per_unit": 0.5}
    world = order(small_world(small_network(sea={"price": price}), on_hand=50.0, price_surge=1.5), SEA, 10)
    chargeable_kg = max(1.0, 167 * 0.01)
    expected = 1.5 * 10 * (100 * 0.01 + 2 * chargeable_kg + 0.5)
    costs = world.run()[0].costs
    assert costs.freight[0, SHOP].item() == pytest.approx(expected)
    assert costs.freight[0, HUB] == 0


def test_duty_is_a_share_of_value_and_falls_on_the_destination() -> None:
    world = order(small_world(small_network(sea={"duty_share": 0.25}), on_hand=50.0), SEA, 10)
    assert world.run()[0].costs.duty.tolist() == [[0, 10 * 10 * 0.25]]


def test_a_lane_that_carries_no_such_article_ships_none() -> None:
    network = small_network(
        suppliers={
            "factory": {"country": "CN", "latitude": 0, "longitude": 0},
            "other": {"country": "CN", "latitude": 0, "longitude": 0},
        },
        sku={"suppliers": ["other"]},
    )
    assert order(small_world(network), INLAND, 10).run()[0].flows.ordered.sum() == 0


def test_orders_below_nothing_count_as_nothing() -> None:
    world = small_world(small_network(), on_hand=10.0)
    records = replace(world, orders=world.orders - 5).run()
    assert records[0].flows.shipped.sum() == 0
