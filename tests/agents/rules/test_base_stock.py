from dataclasses import replace

import torch
from torch import Tensor

from entrepot.agents.rules import BaseStock
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.order_up_to import demand_rate, stock_position
from tests.worlds.tiny import first_snapshot, tiny_world

WORLD = tiny_world()
KNOWN = WORLD.attributes
HUB_TRUCK, SEA, AIR = 0, 1, 2


def departing(snapshot: Snapshot, *lanes: int) -> Snapshot:
    wait = torch.ones_like(snapshot.lane_wait_days)
    wait[:, list(lanes)] = 0.0
    return replace(snapshot, lane_wait_days=wait)


def shortfall(snapshot: Snapshot, cover: Tensor) -> Tensor:
    rate = demand_rate(KNOWN, snapshot)[:, KNOWN.lane_destination]
    return cover * rate - stock_position(KNOWN, snapshot)


def test_a_lane_alone_orders_exactly_up_to_its_cover() -> None:
    snapshot = departing(first_snapshot(WORLD), SEA)
    cover = torch.full((3, 4), 90.0)
    orders = BaseStock.midway(KNOWN, cover).decide(snapshot).orders
    torch.testing.assert_close(orders[:, SEA], shortfall(snapshot, cover)[:, SEA].clamp(min=0))
    assert (orders[:, SEA] > 0).all()


def test_lanes_that_do_not_depart_order_nothing() -> None:
    snapshot = departing(first_snapshot(WORLD), AIR)
    orders = BaseStock.midway(KNOWN, torch.full((3, 4), 400.0)).decide(snapshot).orders
    assert (orders[:, [HUB_TRUCK, SEA]] == 0).all()
    assert (orders[:, AIR] > 0).all()


def test_a_position_above_the_cover_orders_nothing() -> None:
    snapshot = departing(first_snapshot(WORLD), HUB_TRUCK, SEA, AIR)
    assert (BaseStock.midway(KNOWN, torch.zeros(3, 4)).decide(snapshot).orders == 0).all()


def test_the_fastest_lane_orders_first_and_all_orders_sum_to_the_largest_shortfall() -> None:
    snapshot = departing(first_snapshot(WORLD), SEA, AIR)
    cover = torch.tensor([50.0, 90.0, 60.0])[:, None].expand(3, 4)
    orders, short = BaseStock.midway(KNOWN, cover).decide(snapshot).orders, shortfall(snapshot, cover)
    torch.testing.assert_close(orders[:, AIR], short[:, AIR].clamp(min=0))
    torch.testing.assert_close(orders.sum(dim=1), short[:, [SEA, AIR]].amax(dim=1).clamp(min=0))


def test_a_closed_lane_orders_nothing_and_slower_ones_order_for_it() -> None:
    snapshot = departing(first_snapshot(WORLD), SEA, AIR)
    cover = torch.tensor([50.0, 90.0, 60.0])[:, None].expand(3, 4)
    closed = replace(snapshot, lane_open=snapshot.lane_open.index_fill(1, torch.tensor([AIR]), 0.0))
    orders = BaseStock.midway(KNOWN, cover).decide(closed).orders
    assert (orders[:, AIR] == 0).all()
    torch.testing.assert_close(orders[:, SEA], shortfall(closed, cover)[:, SEA].clamp(min=0))
